"""rst-to-myst as the engine: its pages are proven like ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from converters import rst_to_myst
from converters.separate import ProjectError
from doctest_nix.__main__ import main

PAGES = {
    "index.rst": "Start\n=====\n\n.. toctree::\n\n   good\n   bad\n",
    "good.rst": "Good\n====\n\nSome *text* and ``code``.\n\n* one\n* two\n",
    # It drops the character.
    "bad.rst": "Bad\n===\n\n|word| is not\n\n.. |word| unicode:: U+00A9\n   :trim:\n",
}


@pytest.fixture(scope="module")
def installed() -> None:
    try:
        rst_to_myst.program()
    except ProjectError as error:
        pytest.skip(f"{error.problem}: no registry of Python packages answers")


@pytest.mark.usefixtures("installed")
def test_what_it_writes_is_written_where_that_is_proven(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "conf.py").write_text("extensions = []\n")
    for name, text in PAGES.items():
        (site / name).write_text(text)
    assert 0 == main(["convert", str(site), "--engine", "rst-to-myst", "--write"])
    assert {"bad.rst", "conf.py", "good.md", "index.md"} == {p.name for p in site.iterdir()}
    assert "# Good\n\nSome *text* and `code`.\n\n- one\n- two\n" == (site / "good.md").read_text()
    assert f"{site}/bad.rst:4: left as RST: " in capsys.readouterr().err


def test_it_is_pinned_and_has_a_place_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert tmp_path / "doctest-nix" / "rst-to-myst-0.4.0" == rst_to_myst.environment()


def test_what_stays_rst_in_its_pages_is_counted() -> None:
    text = "# A\n\n```{eval-rst}\n.. x::\n```\n\n- ````{eval-rst}\n  .. y::\n  ````\n"
    assert [3] == [mark.line for mark in rst_to_myst.kept(text)]
