"""What the invisible comments of a page may say, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctest_nix.annotations import annotate
from doctest_nix.document import Block, Comment, Document, Element, Heading, Location, Style
from doctest_nix.errors import DocumentError

PAGE = Path("a.md")


def at(line: int) -> Location:
    return Location(path=PAGE, line=line, end_line=line)


def heading(line: int) -> Heading:
    return Heading(location=at(line), title="T", level=1)


def comment(line: int, text: str) -> Comment:
    return Comment(location=at(line), text=text)


def block(line: int) -> Block:
    return Block(location=at(line), style=Style.FENCE, language="", text="", text_line=line)


def skips(*elements: Element) -> list[str | None]:
    return [said.skip for said in annotate(Document(path=PAGE, elements=elements)).values()]


def complaint(*elements: Element) -> str:
    with pytest.raises(DocumentError) as caught:
        annotate(Document(path=PAGE, elements=elements))
    return str(caught.value)


def test_a_comment_speaks_of_the_next_block_alone() -> None:
    assert ["no printer", None] == skips(
        heading(1), comment(2, 'skip reason="no printer"'), block(3), block(5)
    )


def test_a_comment_before_the_first_heading_speaks_of_the_whole_file() -> None:
    assert ["old", "old"] == skips(comment(1, "skip reason=old"), heading(2), block(3), block(5))


def test_where_there_is_no_heading_a_comment_speaks_of_the_next_block() -> None:
    assert ["as the page says", None] == skips(comment(1, "skip"), block(2), block(4))


def test_an_unknown_word_is_an_error_with_the_nearest_known_one() -> None:
    assert (
        "a.md:2: unknown word 'skpi' in a doctest-nix comment [doctest-nix.unknown-word]\n"
        "Did you mean 'skip'? Known: reason, skip."
    ) == complaint(heading(1), comment(2, "skpi"), block(3))


def test_a_quote_that_is_not_closed_is_an_error() -> None:
    assert (
        "a.md:2: this doctest-nix comment cannot be read: no closing quotation"
        " [doctest-nix.annotation]\nValues with spaces stand in double quotes."
    ) == complaint(heading(1), comment(2, 'skip reason="a'), block(3))


def test_a_comment_that_no_block_follows_is_an_error() -> None:
    assert complaint(heading(1), block(2), comment(4, "skip")).startswith(
        "a.md:4: no block follows this doctest-nix comment [doctest-nix.annotation]"
    )


def test_a_reason_for_nothing_is_an_error() -> None:
    assert complaint(heading(1), comment(2, "reason=x"), block(3)).startswith(
        "a.md:2: 'reason' stands alone in a doctest-nix comment [doctest-nix.annotation]"
    )
