"""What the invisible comments of a page may say, and how mistakes in them are told."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctest_nix.annotations import Annotations, Output, annotate
from doctest_nix.config import Need
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


MISTAKES = [
    ("skpi", "unknown word 'skpi'", "unknown-word", "Did you mean 'skip'? Known: "),
    ("needs=kmv", "unknown value 'kmv'", "unknown-word", "Did you mean 'kvm'? Known: "),
    ("output=zzz", "unknown value 'zzz'", "unknown-word", "Known: exact, ignore, rules."),
    ('skip reason="a', "closing quote is missing", "annotation", "Values with spaces"),
    ("", "nothing stands", "annotation", "Known words: skip, "),
    ("reason=x", "'reason' without 'skip'", "annotation", 'Write: skip reason="…"'),
    ("set", "'set' without NAME=VALUE", "annotation", "Write: set NAME=VALUE"),
    ("timeout", "'timeout' without a value", "annotation", "Write: timeout=300"),
    ("timeout=long", "timeout=long is no number", "annotation", "Write: timeout=1"),
    ("volatile=(", "volatile=( is no regular expression", "annotation", "It says: "),
    ("volatile=", "'volatile' with an empty value", "annotation", 'Write: volatile="'),
    ("until=x", "'until' without 'background'", "annotation", "Write: background until="),
    ("background until=(", "until=( is no regular expression", "annotation", "It says: "),
    ("module=x", "'module' with a value", "annotation", "Write: module"),
    ("session", "'session' without a value", "annotation", "Write: session=server"),
    ("session=", "'session' with an empty value", "annotation", "Write: session=server"),
    ("insert-after=x", "'insert-after' without 'file'", "annotation", "Write: file=NAME"),
]


@pytest.mark.parametrize(("text", "problem", "slug", "remedy"), MISTAKES)
def test_a_mistake_is_told_with_its_place_and_remedy(
    text: str, problem: str, slug: str, remedy: str
) -> None:
    first, second = complaint(heading(1), comment(2, text), block(3)).split("\n")

    assert f"a.md:2: {problem} in a doctest-nix comment [doctest-nix.{slug}]" == first
    assert second.startswith(remedy)


def test_a_comment_that_no_block_follows_is_an_error() -> None:
    assert complaint(heading(1), block(2), comment(4, "skip")).startswith(
        "a.md:4: no block follows this doctest-nix comment [doctest-nix.annotation]"
    )


def said(*comments: Comment) -> Annotations:
    (found,) = annotate(Document(path=PAGE, elements=(heading(1), *comments, block(9)))).values()
    return found


def test_every_word_says_what_it_means() -> None:
    assert Annotations(needs=(Need.KVM, Need.NETWORK)) == said(comment(2, "needs=kvm,network"))
    assert Annotations(file="a.nix") == said(comment(2, "file=a.nix"))
    assert Annotations(file="a.nix", appends=True) == said(comment(2, "append=a.nix"))
    assert Annotations(file="a", insert_after="x y") == said(
        comment(2, 'file=a insert-after="x y"')
    )
    assert Annotations(session="server") == said(comment(2, "session=server"))
    assert Annotations(background=True) == said(comment(2, "background"))
    assert Annotations(background=True, until="up$") == said(comment(2, 'background until="up$"'))
    assert Annotations(module=True) == said(comment(2, "module"))
    assert Annotations(timeout=1.5) == said(comment(2, "timeout=1.5"))
    assert Annotations(status=3) == said(comment(2, "exit=3"))
    assert Annotations(output=Output.EXACT) == said(comment(2, "output=exact"))
    assert Annotations(volatile=("[0-9]+",)) == said(comment(2, "volatile=[0-9]+"))


def test_commands_before_a_block_are_typed_in_the_order_of_their_comments() -> None:
    assert Annotations(setup=("export A='b c'", "cd x\nls")) == said(
        comment(2, 'set A="b c"'),
        Comment(location=at(3), text="run", body="cd x\nls\n"),
    )
