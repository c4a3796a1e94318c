"""Which file does a sentence say to save a block as, in Markdown and in RST?"""

from __future__ import annotations

from pathlib import Path

import pytest

from doctest_nix.document import Location, Prose
from doctest_nix.steps.names import saved_as


@pytest.mark.parametrize(
    "text",
    ["Save this in `hello.nix` and build it:", "Save this in ``hello.nix`` and build it:"],
)
def test_the_name_stands_between_one_backtick_or_two(text: str) -> None:
    location = Location(path=Path("page"), line=1, end_line=1)
    assert "hello.nix" == saved_as(Prose(location=location, text=text, code=("hello.nix",)))
