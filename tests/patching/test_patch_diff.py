"""What `parse`, `create` and `reverse` make of a text."""

from __future__ import annotations

import pytest

from doctest_nix.patching import (
    Applied,
    Hunk,
    Line,
    Mark,
    NotAPatchError,
    Refused,
    Rung,
    Why,
    apply,
    create,
    parse,
    parse_all,
    reverse,
)


def marks(diff: str) -> list[list[tuple[str, str]]]:
    return [[(line.mark.value, line.text) for line in hunk.lines] for hunk in parse(diff).hunks]


def refusal(diff: str) -> str:
    with pytest.raises(NotAPatchError) as caught:
        parse(diff)
    return str(caught.value)


def test_a_text_without_headers_is_one_hunk() -> None:
    assert [[(" ", "a"), ("-", "b"), ("+", "c"), (" ", "")]] == marks(" a\n-b\n+c\n\n")


def test_a_line_without_a_mark_is_context_that_is_not_marked() -> None:
    assert Line(mark=Mark.CONTEXT, text="a", marked=False) == parse("a\n+b").hunks[0].lines[0]


def test_a_tab_is_no_mark() -> None:
    assert Line(mark=Mark.CONTEXT, text="\ta", marked=False) == parse("\ta\n+b").hunks[0].lines[0]


def test_an_empty_line_is_marked_context() -> None:
    assert Line(mark=Mark.CONTEXT, text="") == parse("a\n\n+b").hunks[0].lines[1]


def test_hunk_headers_cut_and_number() -> None:
    hunks = parse("@@ -1,2 +1 @@ fn\n a\n-b\n@@ -9 +8,2 @@\n c\n+d\n").hunks
    assert [(1, 1), (9, 8)] == [(hunk.start, hunk.new_start) for hunk in hunks]


def test_a_hunk_header_without_numbers_only_cuts() -> None:
    diff = "@@ @@\n-a\n@@ ... @@\n-b\n@@\n-c"
    assert [[("-", "a")], [("-", "b")], [("-", "c")]] == marks(diff)


def test_a_removed_line_that_starts_with_two_dashes_is_no_header() -> None:
    diff = "--- a/x\n+++ b/x\n@@ -1,1 +1,1 @@\n--- old\n+++ new\n"
    assert [[("-", "-- old"), ("+", "++ new")]] == marks(diff)


def test_lines_below_a_complete_hunk_belong_to_it_where_its_numbers_are_too_small() -> None:
    assert [[("-", "a"), ("+", "b"), ("+", "c")]] == marks("@@ -1 +1 @@\n-a\n+b\n+c\n")


def test_empty_lines_below_a_complete_hunk_are_not_its_own() -> None:
    assert [[("-", "a"), ("+", "b")]] == marks("@@ -1 +1 @@\n-a\n+b\n\n\n")


def test_the_missing_newline_is_that_of_the_line_above() -> None:
    diff = "-a\n\\ No newline at end of file\n+a\n"
    assert (
        Hunk(
            lines=(Line(mark=Mark.REMOVED, text="a"), Line(mark=Mark.ADDED, text="a")),
            old_bare=True,
        )
        == parse(diff).hunks[0]
    )


def test_a_missing_newline_with_no_line_above_is_nothing() -> None:
    assert [[("+", "a")]] == marks("\\ No newline at end of file\n+a\n")


@pytest.mark.parametrize(
    ("header", "names"),
    [
        ("--- a/x.nix\n+++ b/x.nix\n", ("x.nix", "x.nix")),
        ("--- x.nix\t2024-01-01 00:00:00\n+++ y.nix\t2024-01-02 00:00:00\n", ("x.nix", "y.nix")),
        ("--- /dev/null\n+++ b/x.nix\n", (None, "x.nix")),
        ("--- a/x.nix\n+++ /dev/null\n", ("x.nix", None)),
        ("--- i/x.nix\n+++ w/x.nix\n", ("x.nix", "x.nix")),
        ("--- b/x.nix\n+++ b/x.nix\n", ("b/x.nix", "b/x.nix")),
        ("+++ x.nix\n", (None, "x.nix")),
        ("diff --git a/x b/x\nold mode 1\nnew mode 2\n--- a/x\n+++ b/x\n", ("x", "x")),
        ("Some words.\n\n--- a/x\n+++ b/x\n", ("x", "x")),
        ("", (None, None)),
    ],
)
def test_the_names_of_the_headers(header: str, names: tuple[str | None, str | None]) -> None:
    patch = parse(f"{header} a\n+b\n")
    assert names == (patch.source, patch.target)


def test_an_empty_line_between_header_and_hunk_is_no_context() -> None:
    assert [[("+", "a")]] == marks("--- a/x\n+++ b/x\n\n+a\n")


def test_a_diff_of_several_files_is_cut() -> None:
    diff = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n--- a/y\n+++ b/y\n-c\n+d\n"
    assert ["x", "y"] == [patch.target for patch in parse_all(diff)]


def test_a_file_that_was_only_renamed_is_left_out() -> None:
    diff = (
        "diff --git a/x b/y\nrename from x\nrename to y\ndiff --git a/z b/z\n--- a/z\n+++ b/z\n-a\n"
    )
    assert ["z"] == [patch.target for patch in parse_all(diff)]


def test_what_stands_before_a_later_header_is_a_patch_without_a_name() -> None:
    assert [None, "x"] == [patch.target for patch in parse_all("-a\n--- a/x\n+++ b/x\n-b\n")]


def test_a_diff_with_headers_before_its_git_line_is_kept_whole() -> None:
    diff = "--- a/x\n+++ b/x\n-a\ndiff --git a/y b/y\n--- a/y\n+++ b/y\n-b\n"
    assert ["x", "y"] == [patch.target for patch in parse_all(diff)]


def test_several_files_are_not_one_patch() -> None:
    diff = "-z\n--- a/x\n+++ b/x\n-a\n--- a/y\n+++ /dev/null\n-b\n"
    assert "the diff changes 3 files: one without a name, x, y" == refusal(diff)


@pytest.mark.parametrize("text", ["", "\n\n", "   \n", "--- a/x\n+++ b/x\n", "@@ -1 +1 @@\n"])
def test_no_line_is_no_patch(text: str) -> None:
    assert "the diff has no line of context, no added and no removed line" == refusal(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "@@@ -1 -1 +1 @@@\n- a\n",
            "the diff is that of a merge (`@@@`): it changes no single file",
        ),
        ("Binary files a/x and b/x differ\n", "the diff is of a binary file"),
        (
            "*** a\n--- b\n***************\n",
            "the diff is a context diff; write it as `diff -u` does",
        ),
        ("1c1\n< a\n---\n> b\n", "the diff has no context; write it as `diff -u` does"),
    ],
)
def test_a_form_without_context_is_no_patch(text: str, message: str) -> None:
    assert message == refusal(text)


def test_a_patch_knows_whether_it_changes_anything() -> None:
    assert (True, False) == (parse(" a\n+b").changes, parse(" a\n b").changes)


@pytest.mark.parametrize(
    ("diff", "text"),
    [
        ("+a\n+  b\n", "a\n  b\n"),
        (" a\n\n   b\n", "a\n\n  b\n"),
        ("{ lib }: {\n\n}\n", "{ lib }: {\n\n}\n"),
        ("a:\n  b\n", "a:\n  b\n"),
        ("+ a\n+   b\n", "a\n  b\n"),
        ("\n+a\n\n", "a\n"),
        ("--- /dev/null\n+++ b/x\n@@ -0,0 +1,2 @@\n+  a\n+\n", "  a\n\n"),
        ("@@ -0,0 +1 @@\n+a\n\\ No newline at end of file\n", "a"),
    ],
)
def test_a_diff_of_one_kind_of_line_creates_a_file(diff: str, text: str) -> None:
    assert text == create(parse(diff))


@pytest.mark.parametrize("diff", ["-a\n", " a\n+b\n", "-a\n+b\n", " a\n ...\n"])
def test_a_diff_that_needs_the_old_file_creates_none(diff: str) -> None:
    assert None is create(parse(diff))


def test_the_reverse_swaps_names_numbers_and_marks() -> None:
    diff = "--- a/x\n+++ b/y\n@@ -1,2 +3,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n"
    undone = "--- a/y\n+++ b/x\n@@ -3,2 +1,2 @@\n a\n+b\n-c\n\\ No newline at end of file\n"
    assert (
        (parse(undone).source, parse(undone).target),
        [(h.start, h.new_start, h.old_bare, h.new_bare) for h in parse(undone).hunks],
        [sorted(line.raw + line.mark for line in parse(undone).hunks[0].lines)],
    ) == (
        (reverse(parse(diff)).source, reverse(parse(diff)).target),
        [(h.start, h.new_start, h.old_bare, h.new_bare) for h in reverse(parse(diff)).hunks],
        [sorted(line.raw + line.mark for line in reverse(parse(diff)).hunks[0].lines)],
    )


def test_a_file_without_final_newline_stays_so_below_the_change() -> None:
    assert Applied(text="A\nb", rung=Rung.EXACT, line=1) == apply(parse("-a\n+A\n"), "a\nb")


def test_a_missing_final_newline_that_the_diff_does_not_show_is_white_space() -> None:
    assert Applied(text="A", rung=Rung.WHITE_SPACE, line=1) == apply(parse("-a\n+A\n"), "a")


def test_a_missing_final_newline_that_only_the_diff_shows_is_white_space() -> None:
    patch = parse("-a\n\\ No newline at end of file\n+A\n")
    assert Applied(text="A\n", rung=Rung.WHITE_SPACE, line=1) == apply(patch, "a\n")


def test_the_diff_adds_the_final_newline() -> None:
    patch = parse("-a\n\\ No newline at end of file\n+a\n")
    assert Applied(text="a\n", rung=Rung.EXACT, line=1) == apply(patch, "a")


def test_a_file_of_windows_keeps_its_line_ends() -> None:
    assert Applied(text="a\r\nb\r\n", rung=Rung.WHITE_SPACE, line=2) == apply(
        parse(" a\n+b\n"), "a\r\n"
    )


def test_a_diff_and_a_file_of_windows_fit_exactly() -> None:
    assert Applied(text="a\r\nb\r\n", rung=Rung.EXACT, line=2) == apply(
        parse(" a\r\n+b\r\n"), "a\r\n"
    )


def test_the_line_is_that_of_the_first_change() -> None:
    assert Applied(text="a\nb\nC\n", rung=Rung.EXACT, line=3) == apply(
        parse(" b\n-c\n+C\n"), "a\nb\nc\n"
    )


def test_a_refusal_counts_the_lines_that_are_in_the_file() -> None:
    outcome = apply(parse(" a\n b\n-z\n"), "b\n\na\n")
    assert isinstance(outcome, Refused)
    assert (Why.NOWHERE, 2, 3) == (outcome.why, outcome.found, outcome.of)
