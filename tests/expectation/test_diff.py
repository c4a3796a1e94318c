"""The diff of a mismatch, and the sentence above it, as a reader sees them."""

from __future__ import annotations

import pytest

from doctest_nix.expectation import Bindings, Comparison, compare

A, B, C = "a1b2c3d4f5g6h7i8j9k0l1m2n3p4q5r6", "b" * 16 + "c1d2" * 4, "c" * 16 + "d1f2" * 4


def outcome(page: str, printed: str, bindings: Bindings | None = None) -> Comparison:
    return compare(
        page,
        printed,
        bindings=Bindings() if bindings is None else bindings,
        home="/home/user",
        directory="/home/user/tutorial",
        pinned=False,
    )[0]


def numbers(*ranges: range | str) -> str:
    return "\n".join(
        line for item in ranges for line in ([item] if isinstance(item, str) else map(str, item))
    )


CASES = {
    "one line": ("a", "b", ("- a", "+ b")),
    "nothing printed": ("a\nb", "", ("- a", "- b")),
    "a line too many": ("a\nc", "a\nb\nc", ("  a", "+ b", "  c")),
    "a line missing": ("a\nb\nc", "a\nc", ("  a", "- b", "  c")),
    "lines that agree are context, as they were printed": (
        f"/nix/store/{A}-x\na",
        f"/nix/store/{B}-x\nb",
        (f"  /nix/store/{B}-x", "- a", "+ b"),
    ),
    "an elision shows the lines that it stands for": (
        "a\n...\nd\ne",
        "a\nb\nc\nd\nf",
        ("  ⋮ 1 line", "  b", "  c", "  d", "- e", "+ f"),
    ),
    "an elision at the end": ("a\nx\n...", "a\nb\nc", ("  a", "- x", "+ b", "  c")),
    "an elision between changes": (
        "a\n...\nz",
        "b\nc\nd\ny",
        ("- a", "+ b", "  c", "  d", "- z", "+ y"),
    ),
    "an elision of nothing": ("a\n...\nz", "a\ny", ("  a", "- z", "+ y")),
    "far context is trimmed": (
        numbers(range(20), "x", range(30, 50)),
        numbers(range(20), "y", range(30, 50)),
        (
            "  ⋮ 17 lines",
            *("  17", "  18", "  19", "- x", "+ y", "  30", "  31", "  32"),
            "  ⋮ 17 lines",
        ),
    ),
    "context between changes is trimmed": (
        numbers("x", range(8), "x"),
        numbers("y", range(8), "z"),
        ("- x", "+ y", "  0", "  1", "  2", "  ⋮ 2 lines", "  5", "  6", "  7", "- x", "+ z"),
    ),
    "one line is a line": (
        numbers(range(4), "x"),
        numbers(range(4), "y"),
        ("  ⋮ 1 line", "  1", "  2", "  3", "- x", "+ y"),
    ),
    "chatter is left out": (
        "a",
        "copying path '/nix/store/x' from 'y'...\nb",
        ("- a", "+ b"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_diff_shows(case: str) -> None:
    page, printed, expected = CASES[case]
    assert expected == outcome(page, printed).diff


REASONS = {
    "Nothing was printed.": ("a", ""),
    "The page shows `a`; what was printed is `b`.": ("a", "b"),
    "A line is printed that the page does not show: `b`.": ("a", "a\nb"),
    "A line of the page is not printed: `b`.": ("a\nb", "a"),
    "It fails, and the page does not show that: `boo`.": ("a", "error: boo"),
    "The page shows an error that did not happen: `boo`.": ("error: boo", "a"),
    "The error is another one: `foo`.": ("error: boo", "error: foo"),
    "The same lines are printed, but what they stand for is not consistent.": (
        f"/nix/store/{A}-x\n/nix/store/{A}-x",
        f"/nix/store/{B}-x\n/nix/store/{C}-x",
    ),
    f"`{A}` stood for `{B}` before, and would stand for `{C}` here.": (
        f"/nix/store/{A}-y",
        f"/nix/store/{C}-y",
    ),
    f"The page shows `{'a' * 119}…`; what was printed is `b`.": ("a" * 200, "b"),
}


@pytest.mark.parametrize("reason", REASONS)
def test_the_reason_says(reason: str) -> None:
    page, printed = REASONS[reason]
    _, bindings = compare(
        f"/nix/store/{A}-z",
        f"/nix/store/{B}-z",
        bindings=Bindings(),
        home="/home/user",
        directory="/home/user/tutorial",
        pinned=False,
    )
    known = bindings if "stood" in reason else Bindings()
    assert reason == outcome(page, printed, known).reason


def test_the_reason_of_a_stale_output_names_the_rule_and_what_changed() -> None:
    comparison = outcome("git version 2.38.3", "git version 2.44.1")
    assert comparison.reason == "Right but for the rule `version`: 2.38.3 is 2.44.1."
    assert comparison.diff == ("- git version 2.38.3", "+ git version 2.44.1")


def test_bindings_are_a_mapping_that_cannot_be_changed() -> None:
    _, bindings = compare(
        f"/nix/store/{A}-z in ~/x",
        f"/nix/store/{B}-z in /home/user/tutorial/x",
        bindings=Bindings(),
        home="/home/user",
        directory="/home/user/tutorial",
        pinned=False,
    )
    assert bindings == {f"store:{A}": B, "directory:~": "/home/user/tutorial"}
    assert len(bindings) == 2
    with pytest.raises(TypeError):
        bindings["x"] = "y"  # type: ignore[index]
