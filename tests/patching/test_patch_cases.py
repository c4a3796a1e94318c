"""The golden paragraphs of `cases.md`: diff and file -> rung and new file, or refusal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctest_nix.patching import Applied, apply, parse


def read() -> list[tuple[str, str, str, str, str]]:
    """Return title, diff, file, outcome and result of each case; the first paragraph is prose."""
    cases = []
    lines = iter((Path(__file__).parent / "cases.md").read_text(encoding="utf-8").split("\n")[2:])
    for title in lines:
        if title:
            assert next(lines) == "."
            diff, file, outcome, result = ("".join(section(lines)) for _ in range(4))
            cases.append((title, diff, file, outcome.strip(), result))
    return cases


def section(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines up to one that is a dot."""
    for line in lines:
        if line == ".":
            return
        yield f"{line}\n"


@pytest.mark.parametrize(
    ("diff", "file", "outcome", "result"),
    [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in read()],
)
def test_a_golden_paragraph(diff: str, file: str, outcome: str, result: str) -> None:
    applied = apply(parse(diff), file)
    if isinstance(applied, Applied):
        actual = (str(applied.rung), applied.text)
    else:
        shown = "\n".join([applied.reason, *applied.differs])
        actual = (f"refused: {applied.why}", f"{shown}\n")
    assert (outcome, result) == actual
