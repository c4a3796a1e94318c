"""What the benchmarks rest on: pages of each format, and what a run cost."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import pty_driver
from benchmarks.measure import run
from benchmarks.subjects import Exchange, bare, fenced, indented

PAGE = (
    Exchange(command="for n in 1 2\ndo echo $n; done", output="1\n2"),
    Exchange(command="true"),
)


def test_a_session_is_written_bare_fenced_and_indented() -> None:
    session = "$ for n in 1 2\n> do echo $n; done\n1\n2\n$ true\n"
    assert session == bare(PAGE)
    assert f"# A page\n\n```console\n{session}```\n" == fenced("console")(PAGE)
    assert "".join(f"  {line}\n" for line in session.splitlines()) == indented(PAGE)


@pytest.mark.parametrize(("output", "status"), [("one", 0), ("two", 1)])
def test_the_bare_driver_tells_right_from_wrong(tmp_path: Path, output: str, status: int) -> None:
    page = tmp_path / "page.txt"
    page.write_text(bare([Exchange(command="echo one", output=output)]))
    assert (
        status == run([sys.executable, pty_driver.__file__, str(page)], directory=tmp_path).status
    )


def test_a_run_that_takes_too_long_is_killed_and_has_no_status(tmp_path: Path) -> None:
    cost = run(["sh", "-c", "echo begun; sleep 1000"], directory=tmp_path, limit=0.5)
    assert (None, "begun\n") == (cost.status, cost.output)
