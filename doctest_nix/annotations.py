"""What a page may say about its blocks in invisible ``doctest-nix:`` comments."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from doctest_nix.document import Block, Comment, Document, Heading
from doctest_nix.errors import DocumentError, Slug, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """A word of the grammar, as the reference page shows it."""

    name: str
    usage: str
    meaning: str


#: The whole grammar; the reference page is generated from it.
WORDS = (
    Word(
        name="skip",
        usage='skip reason="needs a printer"',
        meaning="Leave the block out; the reason is in the report.",
    ),
    Word(
        name="reason",
        usage='skip reason="needs a printer"',
        meaning="Why the block is left out.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What is said of one block; `skip` is the reason to leave it out, None where it is not."""

    skip: str | None = None


def annotate(document: Document) -> dict[Block, Annotations]:
    """Return what is said of each block.

    A comment speaks of the next block; before the first heading, of every block of the file.
    Raises DocumentError for a word that is not known, a comment that cannot be read, and one
    that no block follows.
    """
    said: dict[Block, Annotations] = {}
    everywhere = Annotations()
    pending: list[Comment] = []
    in_head = any(isinstance(e, Heading) for e in document.elements)
    for element in document.elements:
        match element:
            case Heading():
                in_head = False
            case Comment() if in_head:
                everywhere = _parse([element], everywhere, document.path)
            case Comment():
                pending.append(element)
            case Block():
                said[element] = _parse(pending, everywhere, document.path)
                pending = []
            case _:
                pass
    if pending:
        raise DocumentError(
            document.path,
            pending[0].location.line,
            Slug.ANNOTATION,
            "no block follows this doctest-nix comment",
            remedy="Put it on a line of its own before the block that it is about.",
        )
    return said


def _parse(comments: Iterable[Comment], base: Annotations, path: Path) -> Annotations:
    known = {word.name for word in WORDS}
    result = base
    for comment in comments:
        line = comment.location.line
        try:
            words = shlex.split(comment.text)
        except ValueError as error:
            raise DocumentError(
                path,
                line,
                Slug.ANNOTATION,
                f"this doctest-nix comment cannot be read: {str(error).lower()}",
                remedy="Values with spaces stand in double quotes.",
            ) from error
        values: dict[str, str] = {}
        for word in words:
            name, _, value = word.partition("=")
            if name not in known:
                raise DocumentError(
                    path,
                    line,
                    Slug.UNKNOWN_WORD,
                    f"unknown word {name!r} in a doctest-nix comment",
                    remedy=nearest(name, known),
                )
            values[name] = value
        if "reason" in values and "skip" not in values:
            raise DocumentError(
                path,
                line,
                Slug.ANNOTATION,
                "'reason' stands alone in a doctest-nix comment",
                remedy='Write: skip reason="…"',
            )
        if "skip" in values:
            result = replace(
                result, skip=values.get("reason") or values["skip"] or "as the page says"
            )
    return result
