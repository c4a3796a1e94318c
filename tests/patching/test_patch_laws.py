"""What holds for every diff and every file."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from doctest_nix.patching import (
    Applied,
    Line,
    Mark,
    NotAPatchError,
    Patch,
    Refused,
    Rung,
    apply,
    create,
    parse,
    parse_all,
    reverse,
)

LINES = st.lists(
    st.sampled_from(["a", "b", "  a", "{", "}", "", "-- x", "++ y", "... "]), max_size=12
)
TEXTS = st.builds(lambda lines, end: "\n".join(lines) + end, LINES, st.sampled_from(["\n", ""]))
DISTINCT = st.lists(
    st.from_regex(r"[a-z]{1,2} ?[{};=]? ?[0-9]{1,3};?", fullmatch=True),
    min_size=1,
    max_size=12,
    unique_by=lambda line: "".join(line.split()),
)


def cut(text: str) -> list[str]:
    """Return the lines with their ends; difflib's own cut also breaks at form feeds."""
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def diff(a: str, b: str, context: int) -> str:
    """Return what `diff -u` prints for the change from ``a`` to ``b``."""
    lines = []
    for line in difflib.unified_diff(cut(a), cut(b), "a/x", "b/x", n=context):
        lines.append(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")
    return "".join(lines)


def words(text: str) -> list[str]:
    return re.findall(r"\w+|\S", text)


def headerless(patch: Patch) -> Patch:
    return replace(patch, hunks=tuple(replace(hunk, start=None) for hunk in patch.hunks))


@given(TEXTS, TEXTS, st.integers(0, 4))
def test_a_diff_applies_exactly_and_gives_the_new_file(a: str, b: str, context: int) -> None:
    assume(a != b)
    outcome = apply(parse(diff(a, b, context)), a)
    assert isinstance(outcome, Applied)
    assert (Rung.EXACT, b) == (outcome.rung, outcome.text)


@given(TEXTS, TEXTS, st.integers(0, 4))
def test_a_diff_undone_is_the_old_file(a: str, b: str, context: int) -> None:
    assume(a != b)
    outcome = apply(reverse(parse(diff(a, b, context))), b)
    assert isinstance(outcome, Applied)
    assert (Rung.EXACT, a) == (outcome.rung, outcome.text)


@given(TEXTS)
def test_a_diff_from_nothing_creates_the_file(text: str) -> None:
    assume(text)
    assert text == create(parse(diff("", text, 3)))


@given(
    st.text(alphabet=" +-@\\.ab{}\n\t\r", max_size=60),
    st.text(alphabet=" ab{}.\n\t\r", max_size=40),
)
def test_nothing_is_raised_but_the_documented_error(text: str, file: str) -> None:
    try:
        patches = parse_all(text)
    except NotAPatchError:
        return
    for patch in patches:
        assert isinstance(apply(patch, file), Applied | Refused)
        assert isinstance(create(patch), str | None)
        assert patch.hunks == reverse(reverse(patch)).hunks


@given(LINES, st.integers(0, 11), st.integers(1, 3), st.lists(st.sampled_from("ab{"), max_size=2))
def test_a_headerless_diff_is_applied_exactly_where_it_fits_alone(
    lines: list[str], at: int, length: int, new: list[str]
) -> None:
    """Every place is tried by hand: one that fits is the outcome, several are refused."""
    at %= max(len(lines), 1)
    old = lines[at : at + length]
    assume(old and not all(line.strip() in ("", "...") for line in old))
    body = [Line(mark=Mark.REMOVED, text=line) for line in old]
    body += [Line(mark=Mark.ADDED, text=line) for line in new]
    patch = replace(parse("+x"), hunks=(replace(parse("+x").hunks[0], lines=tuple(body)),))
    fits = [i for i in range(len(lines)) if lines[i : i + len(old)] == old]
    outcome = apply(patch, "".join(f"{line}\n" for line in lines))
    if len(fits) == 1:
        rest = [*lines[: fits[0]], *new, *lines[fits[0] + len(old) :]]
        assert isinstance(outcome, Applied)
        assert "".join(f"{line}\n" for line in rest) == outcome.text
    else:
        assert isinstance(outcome, Refused)
        assert [i + 1 for i in fits] == list(outcome.lines)


@st.composite
def distorted(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw an old file, a new one, and a headerless diff of them as an author would distort it."""
    old = draw(DISTINCT)
    new = list(old)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(new)))
        if draw(st.booleans()) and at < len(new):
            new.pop(at)
        else:
            new.insert(at, f"new_{draw(st.integers(0, 9))}")
    margin = draw(st.sampled_from(["", "  ", "\t"]))
    shown = []
    for line in list(difflib.unified_diff(old, new, n=20, lineterm=""))[3:]:
        text = draw(st.sampled_from([line, line, f"{line} ", f"{line[0]}  {line[1:]}"]))
        if line.startswith(" "):
            text = draw(st.sampled_from([text, text, line.lstrip()]))
        shown += [text, ""] if draw(st.integers(0, 5)) == 0 else [text]
    file = "".join(
        f"{margin}{line}\n" + ("\n" if draw(st.integers(0, 5)) == 0 else "") for line in old
    )
    return file, "\n".join(new), "\n".join(shown)


@given(distorted())
def test_white_space_and_blank_lines_never_move_a_change(case: tuple[str, str, str]) -> None:
    file, wanted, text = case
    assume(any(line.startswith(("+", "-")) for line in text.split("\n")))
    patch = parse(text)
    outcome = apply(patch, file)
    assume(any(not line.blank for line in patch.hunks[0].old))
    assert isinstance(outcome, Applied)
    assert words(wanted) == words(outcome.text)


@given(distorted(), st.lists(st.sampled_from([" ", "\n"]), min_size=60, max_size=60))
def test_other_line_breaks_never_move_a_change(
    case: tuple[str, str, str], breaks: list[str]
) -> None:
    file, wanted, text = case
    assume(text)
    patch = parse(text)
    gaps = iter(breaks)
    outcome = apply(patch, re.sub(r"\n+", lambda _: next(gaps), file))
    if isinstance(outcome, Applied) and patch.changes:
        assert words(wanted) == words(outcome.text)


@given(LINES, LINES, st.integers(0, 2))
def test_whatever_the_rung_words_are_only_added_and_removed(
    a: list[str], b: list[str], context: int
) -> None:
    old, new = "".join(f" {line}\n" for line in a), "".join(f"{line}\n\n" for line in b)
    assume("\n".join(a) != "\n".join(b))
    for patch in parse_all(diff("\n".join(a), "\n".join(b), context)):
        outcome = apply(headerless(patch), old)
        if isinstance(outcome, Applied):
            change = Counter(words(outcome.text))
            change.subtract(Counter(words(old)))
            for hunk in patch.hunks:
                for line in hunk.lines:
                    sign = {Mark.ADDED: -1, Mark.REMOVED: 1, Mark.CONTEXT: 0}[line.mark]
                    for word in words(line.text):
                        change[word] += sign
            assert not any(change.values())
    assert isinstance(
        apply(parse(diff("\n".join(a), "\n".join(b), context)), new), Applied | Refused
    )
