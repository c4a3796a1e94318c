"""Wrong output is red: what is printed is changed in one place, and must not pass."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from test_comparison_cases import WORDS

from doctest_nix.expectation import Bindings, Comparison, Level, compare

WRONG = Path(__file__).parent / "wrong"


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


def read() -> list[tuple[str, str, str, str, list[str]]]:
    found = []
    for path in sorted(WRONG.glob("*.txt")):
        text = re.sub(r"\{([A-Z])\}", lambda m: WORDS[m[1]], path.read_text("utf-8"))
        for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]:
            head, page, printed, edits = re.split(r"^--- \w+\n", part, flags=re.MULTILINE)
            name, command = head.strip().split("\ncommand: ")
            found.append((name, command, page, printed, edits.rstrip("\n").split("\n")))
    return found


ALL = read()


def edited(printed: str, edit: str) -> str:
    r"""Return ``printed`` with ``old => new`` done; `\n` is a line feed and `$` the end."""
    old, new = edit.replace("\\n", "\n").split(" =>", 1)
    new = new.removeprefix(" ")
    if old.endswith("$"):
        old = old[:-1]
        at = len(printed) - len(old) if printed.endswith(old) else -1
    else:
        at = printed.find(old)
    assert at >= 0, edit
    return printed[:at] + new + printed[at + len(old) :]


@pytest.mark.parametrize(("name", "command", "page", "printed", "edits"), ALL, ids=str)
def test_the_right_output_passes(
    name: str, command: str, page: str, printed: str, edits: list[str]
) -> None:
    comparison = outcome(page, printed, command)
    assert comparison.level is not Level.MISMATCH, comparison


@pytest.mark.parametrize(
    ("command", "page", "printed", "edit"),
    [
        pytest.param(command, page, printed, edit, id=f"{name}: {edit}")
        for name, command, page, printed, edits in ALL
        for edit in edits
    ],
)
def test_an_output_with_one_mistake_does_not_pass(
    command: str, page: str, printed: str, edit: str
) -> None:
    comparison = outcome(page, edited(printed, edit), command)
    assert comparison.level is Level.MISMATCH, comparison


def test_there_are_many_mistakes() -> None:
    assert sum(len(edits) for *_, edits in ALL) >= 100


WORD = st.text("abcdefghijklmnop", min_size=2, max_size=6)
LINES = st.lists(
    st.lists(WORD, min_size=1, max_size=4).map(" ".join), min_size=2, max_size=8, unique=True
)


@given(LINES, st.data())
def test_a_line_too_few_or_too_many_does_not_pass(lines: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    whole, less = "\n".join(lines), "\n".join(lines[:at] + lines[at + 1 :])
    assert outcome(whole, less).level is Level.MISMATCH
    assert outcome(less, whole).level is Level.MISMATCH


@given(LINES, st.data())
def test_two_lines_swapped_do_not_pass(lines: list[str], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines) - 2))
    swapped = [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]
    assert outcome("\n".join(lines), "\n".join(swapped)).level is Level.MISMATCH


@given(LINES, WORD, st.data())
def test_another_word_does_not_pass(lines: list[str], word: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(lines) - 1))
    first, *rest = lines[at].split()
    assume(word != first)
    changed = [*lines[:at], " ".join([word, *rest]), *lines[at + 1 :]]
    assert outcome("\n".join(lines), "\n".join(changed)).level is Level.MISMATCH


@given(st.lists(st.integers(0, 10**6), min_size=1, max_size=6), st.data())
def test_another_digit_does_not_pass(numbers: list[int], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(numbers) - 1))
    other = data.draw(st.integers(0, 10**6).filter(lambda n: n != numbers[at]))
    changed = [*numbers[:at], other, *numbers[at + 1 :]]
    page, printed = (f"sum of {' '.join(map(str, side))} is it" for side in (numbers, changed))
    assert outcome(page, printed).level is Level.MISMATCH
