"""Refusals of Markdown that no paragraph of `md.cases` can hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctest_nix.errors import DocumentError
from doctest_nix.formats import myst


def refusal(text: str) -> str:
    with pytest.raises(DocumentError) as caught:
        myst.parse(text, Path("page.md"))
    return str(caught.value)


TOO_DEEP = (
    "page.md:1: quotes, lists or directives are nested too deep to be read "
    "[doctest-nix.unreadable]\nNest less, or close what should have ended."
)


@pytest.mark.parametrize(
    "text",
    [
        "> " * 200 + "a",
        "- " * 200 + "a",
        "\n".join([*(":" * (30 - i) + "{a}" for i in range(25)), *(":" * i for i in range(6, 31))]),
    ],
    ids=["quotes", "lists", "directives"],
)
def test_nesting_beyond_reason_is_an_error(text: str) -> None:
    assert TOO_DEEP == refusal(text)


def test_front_matter_nested_beyond_reason_is_an_error() -> None:
    assert TOO_DEEP == refusal(f"---\na: {'[' * 3000}\n---\n")


def test_a_character_that_yaml_forbids_is_an_error() -> None:
    assert refusal("---\ntitle: \x07\n---\n") == (
        "page.md:1: the front matter is no YAML: unacceptable character #x0007: "
        "special characters are not allowed [doctest-nix.front-matter]\n"
        "Write `key: value` lines between two lines `---`."
    )


def test_eighty_quotes_are_read() -> None:
    (block,) = myst.parse(
        "> " * 80 + "~~~\n" + "> " * 80 + "a\n" + "> " * 80 + "~~~", Path("p")
    ).blocks
    assert ("a", 2) == (block.text, block.text_line)
