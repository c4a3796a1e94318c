"""The golden paragraphs of `cases.md`: two printings of a value -> equal or different."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctest_nix.nixvalue import equal


def read() -> Iterator[tuple[str, ...]]:
    """Yield title, page, printed and verdict of each case; the first paragraph is prose."""
    text = (Path(__file__).parent / "cases.md").read_text(encoding="utf-8").split("\n", 2)[2]
    fields: list[str] = [""]
    for line in text.split("\n"):
        if line == ".":
            fields.append("")
        elif len(fields) == 4 and not line:
            yield tuple(field.strip("\n") for field in fields)
            fields = [""]
        else:
            fields[-1] += f"{line}\n"


@pytest.mark.parametrize(
    ("shown", "printed", "verdict"),
    [pytest.param(*case[1:], id=case[0].replace(" ", "-")) for case in read()],
)
def test_a_golden_paragraph(shown: str, printed: str, verdict: str) -> None:
    assert verdict == ("equal" if equal(shown, printed) else "different")
