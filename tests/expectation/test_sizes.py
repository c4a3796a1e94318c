"""Long outputs: short diffs, and the lines of them that matter."""

from __future__ import annotations

import pytest

from doctest_nix.difference import LINES, WIDTH
from doctest_nix.expectation import Bindings, Comparison, Level, compare

LONG = "\n".join(f"line {n} of it" for n in range(200_000))


def outcome(page: str, printed: str, command: str = "") -> Comparison:
    return compare(
        page,
        printed,
        bindings=Bindings(),
        home="/home/user",
        directory="/home/user/tutorial",
        pinned=False,
        command=command,
    )[0]


@pytest.mark.parametrize(
    ("page", "printed"),
    [
        ("hello", LONG),
        (LONG, "hello"),
        ("...\nhello\n...", LONG),
        ("hello\n...", LONG),
        (LONG, LONG.replace("100000 of", "100000 or")),
        ("...\n" + "a\n" * 500 + "b\n...", "a\n" * 200_000),
        ("error: x", "error: y\n" * 100_000),
        ("{ a", "{\n" * 100_000),
        ("a\n...\n" * 50 + "b", "a\n" * 2_000),
        ("...a" * 30 + "b", "a" * 5_000),
        ("hello", "x" * 2_000_000),
        ("hello", "1.a-" * 100_000),
        ("/home/a" + "/x" * 1_000, "/home/user/tutorial" + "/y" * 1_000),
        ("«lambda x»", "«lambda " * 10_000),
    ],
    ids=lambda text: repr(text[:12] + text[-12:]),
)
def test_a_mismatch_of_any_size_has_a_short_diff(page: str, printed: str) -> None:
    comparison = outcome(page, printed)
    assert comparison.level is Level.MISMATCH
    assert len(comparison.diff) <= LINES
    assert max(map(len, comparison.diff)) <= WIDTH
    assert len(comparison.reason) < 400


def test_names_of_very_many_files_do_not_pass_for_others() -> None:
    comparison = outcome("a b", LONG, "ls")
    assert comparison.level is Level.MISMATCH


def test_one_line_of_very_many_is_found() -> None:
    comparison = outcome("...\nline 199000 of it\n...", LONG)
    assert comparison.masks == ("elision: 199,000 lines", "elision: 999 lines")


def test_many_elisions_in_many_lines_match() -> None:
    lines = [f"step {n} done in {n % 7}.{n % 9}s" for n in range(2_000)]
    page = [line for n in range(0, 2_000, 40) for line in (*lines[n : n + 3], "...")]
    assert outcome("\n".join(page), "\n".join(lines)).level is Level.MATCH


def test_masks_are_counted_where_they_are_many() -> None:
    page = "\n".join(f"took 1.{n:04}s" for n in range(1_000))
    comparison = outcome(page, page.replace("1.", "2."))
    assert len(comparison.masks) == 21
    assert comparison.masks[-1] == "and 980 more"
