"""What pytest collects, shows and returns; the pages run in bubblewrap."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

RIGHT = """\
# First page

```console
$ echo hello
hello
$ greeting=hi
```

## Later

```console
$ echo $greeting
hi
```

```nix
{ a = 1; }
```

```text
+---+
```
"""

WRONG = """\
# Second page

```console
$ echo a
b
```

```console
$ echo c
c
```
"""


@pytest.fixture(autouse=True)
def bubblewrap(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nnix_sandbox = bubblewrap\n")


def pages(pytester: pytest.Pytester, **texts: str) -> None:
    pytester.makefile(".md", **texts)


def test_a_step_is_an_item_named_by_section_and_line(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT)

    result = pytester.runpytest_inprocess("right.md", "--collect-only", "-q")

    result.stdout.fnmatch_lines(
        [
            "right.md::first-page:3",
            "right.md::later:11",
            "right.md::later:16",
            "nix: 4 blocks: 3 skipped (not selected 3), 1 ignored (no checker for text 1), 0 *",
        ]
    )


def test_every_block_is_counted_in_the_closing_line(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT)

    result = pytester.runpytest_inprocess("right.md")

    result.assert_outcomes(passed=3)
    result.stdout.fnmatch_lines(
        [
            "nix: 4 blocks: 2 run, 1 parsed, 1 ignored (no checker for text 1), 0 unexplained *",
        ]
    )


def test_a_failure_shows_place_command_difference_status_and_how_to_see_it_again(
    pytester: pytest.Pytester,
) -> None:
    pages(pytester, wrong=WRONG)

    result = pytester.runpytest_inprocess("wrong.md", "--nix-timeout=20")

    result.assert_outcomes(failed=1, skipped=1)
    text = result.stdout.str()
    assert (
        "wrong.md:4: the output is not what the page shows\n"
        "\n"
        "    $ echo a\n"
        "\n"
        "    (- the page shows, + what happened)\n"
        "    - b\n"
        "    + a\n"
        "\n"
        "exit status: 0\n"
        "\n"
        "to reproduce: pytest wrong.md::second-page:3 --nix-timeout=20\n"
    ) in text


def test_one_step_is_chosen_and_those_before_it_run_first(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT)

    result = pytester.runpytest_inprocess("right.md", "-k", "later:11")

    result.assert_outcomes(passed=1, deselected=2)


def test_the_last_failure_runs_again_alone(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT, wrong=WRONG)
    pytester.runpytest_inprocess("right.md", "wrong.md")

    result = pytester.runpytest_inprocess("right.md", "wrong.md", "--lf")

    result.assert_outcomes(failed=1)


def test_the_first_failure_can_end_the_run(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT, wrong=WRONG)

    result = pytester.runpytest_inprocess("wrong.md", "right.md", "-x")

    result.assert_outcomes(failed=1)


def test_documents_are_collected_below_named_paths_alone(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT)

    assert pytest.ExitCode.NO_TESTS_COLLECTED == pytester.runpytest_inprocess().ret
    pytester.runpytest_inprocess("--nix").assert_outcomes(passed=3)
    pytester.runpytest_inprocess(".").assert_outcomes(passed=3)
    pytester.makeini("[pytest]\nnix_sandbox = bubblewrap\ntestpaths = *.md\n")
    pytester.runpytest_inprocess().assert_outcomes(passed=3)


def test_the_machine_report_has_every_block_with_its_lines(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT, wrong=WRONG)

    pytester.runpytest_inprocess("right.md", "wrong.md", "--nix-json=out.json")

    report = json.loads((pytester.path / "out.json").read_text())
    assert 1 == report["version"]
    right, wrong = report["documents"]
    assert ("right.md", "wrong.md") == (right["path"], wrong["path"])
    assert [
        (3, 7, "console", "session", "passed", "run"),
        (11, 14, "console", "session", "passed", "run"),
        (16, 18, "nix", "syntax", "passed", "parsed"),
        (20, 22, "text", "none", "ignored", ""),
    ] == [tuple(block.values())[:6] for block in right["blocks"]]
    assert ["failed", "blocked"] == [block["fate"] for block in wrong["blocks"]]
    assert 6 == report["totals"]["blocks"]


def test_workers_share_documents_and_report_the_same(pytester: pytest.Pytester) -> None:
    pages(pytester, a=RIGHT, b=RIGHT, wrong=WRONG)

    result = pytester.runpytest_subprocess(
        "a.md", "b.md", "wrong.md", "-n2", "--nix-json=out.json", "-p", "no:cacheprovider"
    )

    result.assert_outcomes(passed=6, failed=1, skipped=1)
    report = json.loads((pytester.path / "out.json").read_text())
    assert {"blocks": 10, "passed": 6, "failed": 1, "blocked": 1, "ignored": 2} == {
        fate: count for fate, count in report["totals"].items() if count
    }


def test_junit_has_an_entry_for_each_step(pytester: pytest.Pytester) -> None:
    pages(pytester, wrong=WRONG)

    pytester.runpytest_inprocess("wrong.md", "--junitxml=junit.xml")

    cases = list(ET.parse(pytester.path / "junit.xml").iter("testcase"))  # noqa: S314  our own
    assert ["second-page:3", "second-page:8"] == [case.get("name") for case in cases]
    failure = cases[0].find("failure")
    assert failure is not None
    assert "the output is not what the page shows" == failure.get("message")
    assert cases[1].find("skipped") is not None


MALFORMED = [
    ("# T\n\n```nix\n1\n", 3, "unclosed-fence"),
    ("---\na: [\n---\n\n# T\n", 2, "front-matter"),
    ("# T\n\n<!-- doctest-nix: skpi -->\n```nix\n1\n```\n", 3, "unknown-word"),
]


@pytest.mark.parametrize(("text", "line", "slug"), MALFORMED)
def test_a_malformed_document_fails_alone(
    pytester: pytest.Pytester, text: str, line: int, slug: str
) -> None:
    pages(pytester, bad=text, right=RIGHT)

    result = pytester.runpytest_inprocess("bad.md", "right.md", "--nix-json=out.json")

    result.assert_outcomes(passed=3, failed=1)
    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines([f"bad.md:{line}: *doctest-nix.{slug}?"])
    report = json.loads((pytester.path / "out.json").read_text())
    assert f"[doctest-nix.{slug}]" in report["documents"][0]["error"]


def test_an_undecodable_document_fails_alone(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT)
    pytester.path.joinpath("bad.md").write_bytes(b"# T\n\n\xff\n")

    result = pytester.runpytest_inprocess("bad.md", "right.md")

    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["bad.md:3: byte 0xff is no UTF-8 ?doctest-nix.unreadable?"])


def test_trouble_of_the_sandbox_is_one_error_a_document_and_a_status_of_its_own(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages(pytester, a=RIGHT, b=RIGHT)
    monkeypatch.setenv("PATH", "/nonexistent")

    result = pytester.runpytest_inprocess("a.md", "b.md", "--nix-json=out.json")

    result.assert_outcomes(errors=2, skipped=4)
    assert 8 == result.ret
    result.stdout.fnmatch_lines(["*not on PATH. ?doctest-nix.bubblewrap-missing?"])
    report = json.loads((pytester.path / "out.json").read_text())
    assert 2 == report["totals"]["broken"]


def test_no_sandbox_at_all_names_both_remedies(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages(pytester, a=RIGHT)
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")

    result = pytester.runpytest_inprocess("a.md", "--nix-sandbox=auto")

    assert 8 == result.ret
    text = result.stdout.str()
    assert "[doctest-nix.no-sandbox]" in text
    assert "docker" in text.lower()
    assert "bubblewrap" in text


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--nix-sandbox=bwrap", "--nix-sandbox=bwrap is not known"),
        ("--nix-network=some", "--nix-network=some is not known"),
        ("--nix-timeout=soon", "--nix-timeout=soon is no number of seconds above 0"),
        ("--nix-timeout=0", "--nix-timeout=0 is no number of seconds above 0"),
        (
            "--nix-nixpkgs=nowhere",
            "--nix-nixpkgs=nowhere is no directory, no tarball and no commit",
        ),
    ],
)
def test_an_option_that_cannot_be_used_is_told_at_once(
    pytester: pytest.Pytester, option: str, message: str
) -> None:
    pages(pytester, right=RIGHT)

    result = pytester.runpytest_inprocess("right.md", option)

    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines([f"ERROR: {message} ?doctest-nix.option?"])


def test_a_stale_block_warns_and_fails_where_that_is_asked(pytester: pytest.Pytester) -> None:
    page = "# T\n\n```nix hello.nix\n{ }:\n\n1\n```\n\n```diff\n { }:\n-1\n+2\n```\n"
    pages(pytester, page=page)

    loose = pytester.runpytest_inprocess("page.md", "-Wdefault")
    strict = pytester.runpytest_inprocess("page.md", "--nix-strict")

    loose.assert_outcomes(passed=2, warnings=1)
    loose.stdout.fnmatch_lines(["*StaleWarning: page.md:9: the diff fits hello.nix only by its *"])
    strict.assert_outcomes(passed=1, failed=1)


def test_a_share_of_verified_blocks_can_be_asked_for(pytester: pytest.Pytester) -> None:
    pages(pytester, right=RIGHT)

    enough = pytester.runpytest_inprocess("right.md", "--nix-min-verified=75")
    too_few = pytester.runpytest_inprocess("right.md", "--nix-min-verified=76")

    assert pytest.ExitCode.OK == enough.ret
    assert pytest.ExitCode.TESTS_FAILED == too_few.ret
    too_few.stdout.fnmatch_lines(["nix: 75.0 % of the blocks are verified, below the 76 % of *"])


def test_strictness_the_share_and_tabs_are_settings_too(pytester: pytest.Pytester) -> None:
    tabs = ":::{tab} Linux\n    $ false\n:::\n:::{tab} macOS\n    $ true\n:::\n"
    pages(pytester, tabs=tabs)
    pytester.makeini("[pytest]\nnix_tabs = macOS\nnix_min_verified = 51\nnix_strict = true\n")

    result = pytester.runpytest_inprocess("tabs.md")

    result.assert_outcomes(passed=1, skipped=1)
    assert pytest.ExitCode.TESTS_FAILED == result.ret
    result.stdout.fnmatch_lines(["nix: 50.0 % of the blocks are verified, below the 51 % of *"])


def test_what_is_provided_is_tried(pytester: pytest.Pytester) -> None:
    page = "# T\n\n<!-- doctest-nix: needs=gui -->\n```console\n$ false\n```\n"
    pages(pytester, page=page)

    skipped = pytester.runpytest_inprocess("page.md")
    tried = pytester.runpytest_inprocess("page.md", "--nix-provides=gui")

    skipped.assert_outcomes(skipped=1)
    tried.assert_outcomes(failed=1)


def test_a_document_has_a_time_of_its_own(pytester: pytest.Pytester) -> None:
    slow = "# T\n\n```console\n$ sleep 0.2\n```\n\n```console\n$ true\n```\n"
    pages(pytester, slow=slow + "\n```nix\n1\n```\n")

    result = pytester.runpytest_inprocess("slow.md", "--nix-document-timeout=0.1")

    result.assert_outcomes(passed=1, failed=1, skipped=1)
    result.stdout.fnmatch_lines(["slow.md:4: the command did not end within the document's 0.1 s"])


@pytest.mark.parametrize("workers", ["-n0", "-n1"])
def test_masks_are_shown_where_it_is_verbose(pytester: pytest.Pytester, workers: str) -> None:
    page = "# T\n\n```console\n$ echo /home/user/tutorial\n/home/alice/tutorial\n```\n"
    pages(pytester, page=page)

    result = pytester.runpytest_subprocess("page.md", "-v", workers, "--nix-json=out.json")

    result.assert_outcomes(passed=1)
    (shown,) = (line for line in result.outlines if line.startswith("page.md:3: "))
    report = json.loads((pytester.path / "out.json").read_text())
    ((mask,),) = (block["masks"] for block in report["documents"][0]["blocks"])
    assert shown == f"page.md:3: {mask}"


def test_an_f_string_of_a_newer_python_is_no_mistake(pytester: pytest.Pytester) -> None:
    pages(pytester, page='# T\n\n```python\nf"Hello, {names["first"]}!"\n```\n')

    result = pytester.runpytest_inprocess("page.md")

    assert {"skipped" if sys.version_info < (3, 12) else "passed": 1} == result.parseoutcomes()


def test_output_of_a_page_speaks_to_no_ci_system(pytester: pytest.Pytester) -> None:
    page = "# T\n\n```console\n$ printf '::error::x\\n\\033]0;t\\007'\nnothing\n```\n"
    pages(pytester, page=page)

    result = pytester.runpytest_inprocess("page.md")

    result.assert_outcomes(failed=1)
    assert not [line for line in result.outlines if line.lstrip().startswith("::")]
    assert "\x1b]" not in result.stdout.str()


def test_ctrl_c_ends_the_run_and_its_sandboxes(pytester: pytest.Pytester) -> None:
    marker = "31536123"
    pages(pytester, page=f"# T\n\n```console\n$ sleep {marker}\n```\n")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "page.md"],
        cwd=pytester.path,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        deadline = time.monotonic() + 60
        while not running(marker):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)

        assert pytest.ExitCode.INTERRUPTED == process.wait(timeout=30)
        assert not running(marker)
    finally:
        process.kill()
        process.wait()


def running(marker: str) -> bool:
    """Tell whether any process has ``sleep MARKER`` as its command line."""
    wanted = f"sleep\0{marker}\0".encode()
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            if Path(f"/proc/{name}/cmdline").read_bytes() == wanted:
                return True
    return False


def test_ctrl_c_where_a_frame_has_no_line_says_which_block_was_running(
    pytester: pytest.Pytester,
) -> None:
    # CPython takes a signal on entry to a function, before its first line; a function with cells
    # begins with instructions that belong to no line.
    pytester.makeconftest("""
import sys
import types
from doctest_nix.run import DocumentRun

def entered(cell):
    frame = sys._getframe()
    return lambda: cell and frame

def interrupted(run, index):
    traceback = types.TracebackType(None, entered(True)(), 0, -1)
    raise KeyboardInterrupt().with_traceback(traceback)

DocumentRun.verdict = interrupted
""")
    pytester.makefile(".md", page=RIGHT)

    result = pytester.runpytest_subprocess("page.md")

    assert pytest.ExitCode.INTERRUPTED == result.ret
    result.stdout.fnmatch_lines(["*KeyboardInterrupt: page.md:3 was running*"])
