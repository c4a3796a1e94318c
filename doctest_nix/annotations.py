"""What a page may say about its blocks in invisible ``doctest-nix:`` comments."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from doctest_nix.config import Need
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
        meaning="Leave the block out; the reason stands in the report.",
    ),
    Word(
        name="reason",
        usage='skip reason="needs a printer"',
        meaning="Why the block is left out.",
    ),
    Word(
        name="needs",
        usage="needs=kvm,network",
        meaning="Leave the block out unless the run provides all of these.",
    ),
    Word(
        name="file",
        usage="file=src/hello.nix",
        meaning="The block is this file, whatever the page calls it.",
    ),
    Word(
        name="append",
        usage="append=shell.nix",
        meaning="The block goes to the end of this file.",
    ),
    Word(
        name="insert-after",
        usage='file=shell.nix insert-after="packages = ["',
        meaning="The block goes into the file below the one line that has this text.",
    ),
    Word(
        name="set",
        usage="set NAME=VALUE",
        meaning="Set a variable of the session before the block.",
    ),
    Word(
        name="run",
        usage="run",
        meaning="Type the comment's further lines before the block, without showing them.",
    ),
    Word(
        name="session",
        usage="session=server",
        meaning="Type the block into a terminal of that name, opened where there is none yet.",
    ),
    Word(
        name="background",
        usage="background",
        meaning="Leave the block's last command running, and go on beside it.",
    ),
    Word(
        name="until",
        usage='background until="listening on"',
        meaning="Go on when the command has printed what this regular expression matches.",
    ),
    Word(
        name="module",
        usage="module",
        meaning="The block is a NixOS module, or a part of one: NixOS must have its options.",
    ),
    Word(
        name="timeout",
        usage="timeout=300",
        meaning="The seconds that each command of the block may take.",
    ),
    Word(
        name="exit",
        usage="exit=1",
        meaning="The status with which the block's last command must end.",
    ),
    Word(
        name="output",
        usage="output=ignore",
        meaning="`ignore`: only the status is checked. `exact`: no rule may help a comparison.",
    ),
    Word(
        name="volatile",
        usage='volatile="[0-9]+ seconds"',
        meaning="What matches this regular expression may differ.",
    ),
)


#: Words that may stand alone.
_WITHOUT_VALUE = frozenset({"skip", "run", "background", "module"})

#: Words that only stand with another, and how.
_WITH = (
    ("reason", "skip", 'skip reason="…"'),
    ("insert-after", "file", 'file=NAME insert-after="…"'),
    ("until", "background", 'background until="…"'),
)

Member = TypeVar("Member", bound=StrEnum)
Number = TypeVar("Number", int, float)


class Output(StrEnum):
    """How the output of a block is compared."""

    RULES = "rules"
    IGNORE = "ignore"
    EXACT = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotations:
    """What is said of one block.

    ``skip`` is the reason to leave it out, ``file`` the file that it is or changes, ``status`` the
    status of its last command and ``timeout`` the seconds of each, all None where nothing is
    said; ``setup`` are commands to type before it.  ``session`` names the terminal to type into,
    None for the page's own; ``background`` says that the last command is left running, ``until``
    when, None for as soon as it has printed what is shown; ``module`` that it is one of NixOS.
    """

    skip: str | None = None
    needs: tuple[Need, ...] = ()
    file: str | None = None
    appends: bool = False
    insert_after: str | None = None
    setup: tuple[str, ...] = ()
    session: str | None = None
    background: bool = False
    until: str | None = None
    module: bool = False
    timeout: float | None = None
    status: int | None = None
    output: Output = Output.RULES
    volatile: tuple[str, ...] = ()

    def with_output(self, other: Annotations) -> Annotations | None:
        """Return what is said of a transcript whose output is a block that ``other`` speaks of.

        None where what it says makes that block one of its own.
        """
        if other.skip is not None or other.file is not None or other.needs or other.setup:
            return None
        output = self.output if other.output is Output.RULES else other.output
        return replace(self, output=output, volatile=(*self.volatile, *other.volatile))


def annotate(document: Document) -> dict[Block, Annotations]:
    """Return what is said of each block.

    A comment speaks of the next block; before the first heading, of every block of the file.
    Raises DocumentError for a word or value that is not known, a comment that cannot be read,
    and one that no block follows.
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
                everywhere = _read([element], everywhere, document.path)
            case Comment():
                pending.append(element)
            case Block():
                said[element] = _read(pending, everywhere, document.path)
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


def _read(comments: Iterable[Comment], base: Annotations, path: Path) -> Annotations:
    for comment in comments:
        try:
            base = _with(base, dict(_words(comment.text)), comment.body)
        except _Mistake as mistake:
            raise DocumentError(
                path,
                comment.location.line,
                mistake.slug,
                f"{mistake.problem} in a doctest-nix comment",
                remedy=mistake.remedy,
            ) from mistake
    return base


class _Mistake(Exception):  # noqa: N818  becomes a DocumentError, which knows the place
    def __init__(self, slug: Slug, problem: str, remedy: str) -> None:
        super().__init__(problem)
        self.slug = slug
        self.problem = problem
        self.remedy = remedy


def _words(text: str) -> Iterator[tuple[str, str]]:
    known = [word.name for word in WORDS]
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise _Mistake(
            Slug.ANNOTATION,
            f"{str(error).lower().removeprefix('no ')} is missing".replace("quotation", "quote"),
            "Values with spaces stand in double quotes.",
        ) from error
    if not words:
        raise _Mistake(Slug.ANNOTATION, "nothing stands", f"Known words: {', '.join(known)}.")
    position = 0
    while position < len(words):
        name, equals, value = words[position].partition("=")
        position += 1
        if name not in known:
            raise _Mistake(Slug.UNKNOWN_WORD, f"unknown word {name!r}", nearest(name, known))
        if name == "set":
            if position == len(words) or "=" not in words[position]:
                raise _Mistake(Slug.ANNOTATION, "'set' without NAME=VALUE", "Write: set NAME=VALUE")
            value = words[position]
            position += 1
        elif name in {"run", "background", "module"} and equals:
            raise _Mistake(Slug.ANNOTATION, f"{name!r} with a value", f"Write: {name}")
        elif name not in _WITHOUT_VALUE and not equals:
            usage = next(word.usage for word in WORDS if word.name == name)
            raise _Mistake(Slug.ANNOTATION, f"{name!r} without a value", f"Write: {usage}")
        elif equals and not value:
            usage = next(word.usage for word in WORDS if word.name == name)
            problem = f"{name!r} with an empty value"
            raise _Mistake(Slug.ANNOTATION, problem, f"Write: {usage}")
        yield name, value


def _with(base: Annotations, words: dict[str, str], body: str) -> Annotations:
    """Return ``base`` with what the words of one comment say."""
    for name, other, usage in _WITH:
        if name in words and other not in words:
            problem = f"{name!r} without {other!r}"
            raise _Mistake(Slug.ANNOTATION, problem, f"Write: {usage}")
    for name, value in words.items():
        match name:
            case "skip":
                reason = words.get("reason") or value or "as the page says"
                base = replace(base, skip=reason)
            case "needs":
                base = replace(base, needs=tuple(_member(Need, n) for n in value.split(",")))
            case "file":
                base = replace(base, file=value)
            case "append":
                base = replace(base, file=value, appends=True)
            case "insert-after":
                base = replace(base, insert_after=value)
            case "set":
                variable, _, content = value.partition("=")
                command = f"export {variable}={shlex.quote(content)}"
                base = replace(base, setup=(*base.setup, command))
            case "run":
                base = replace(base, setup=(*base.setup, *filter(None, [body.strip("\n")])))
            case "timeout":
                base = replace(base, timeout=_number(name, value, float))
            case "exit":
                base = replace(base, status=_number(name, value, int))
            case "output":
                base = replace(base, output=_member(Output, value))
            case "volatile":
                base = replace(base, volatile=(*base.volatile, _pattern(name, value)))
            case "session":
                base = replace(base, session=value)
            case "background":
                base = replace(base, background=True)
            case "until":
                base = replace(base, until=_pattern(name, value))
            case "module":
                base = replace(base, module=True)
            case _:
                pass
    return base


def _member(kind: type[Member], value: str) -> Member:
    known = [member.value for member in kind]
    if value not in known:
        raise _Mistake(Slug.UNKNOWN_WORD, f"unknown value {value!r}", nearest(value, known))
    return kind(value)


def _number(name: str, value: str, kind: type[Number]) -> Number:
    try:
        return kind(value)
    except ValueError:
        raise _Mistake(
            Slug.ANNOTATION, f"{name}={value} is no number", f"Write: {name}=1"
        ) from None


def _pattern(name: str, value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise _Mistake(
            Slug.ANNOTATION, f"{name}={value} is no regular expression", f"It says: {error}."
        ) from None
    return value
