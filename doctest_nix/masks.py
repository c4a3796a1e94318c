"""Which parts of a line are volatile, and what do two lines have in common without them?

A line is read into a key, in which one placeholder character stands for each volatile part, and
the parts themselves.  Two lines agree where their keys are equal (or the shown one's `...` can
make them so) and their parts can be bound to each other, which `bindings` decides.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from doctest_nix import volatile
from doctest_nix.volatile import Kind, Token


class Reading(StrEnum):
    """How closely a line is read: LOOSE ignores more than MASKED."""

    MASKED = "masked"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A volatile part of a line, as written."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line as it was read.

    ``key`` is equal for lines that differ in volatile parts only; ``parts`` are those parts, in
    order.  ``pieces`` are what stands between the elisions of a shown line, two or more where it
    has any.  ``fragment`` is text that every line with this key has (``""`` where none is sure).
    """

    raw: str
    key: str
    parts: tuple[Part, ...] = ()
    pieces: tuple[str, ...] = ()
    fragment: str = ""


INLINE_ELISION = re.compile(r"\[(?:\.\.\.|…)\]|\((?:\.\.\.|…)\)|<(?:\.\.\.|…|snip)>|\.{3,}|…")
_SURE = re.compile(rf"[\s{volatile.PLACEHOLDERS}]+")
_SPACES = re.compile(r"(?<=\S)\s+(?=\S)")
#: White space that a loose reading makes one blank: not that inside double quotes.
_LOOSE_SPACES = re.compile(r'(?P<string>"[^"]*")|\s+')
_GNU_QUOTE = re.compile(r"(?<!\S)`(?=[^`']*[^`'\s]'(?!\w))")
_CURLY: Final = str.maketrans("‘’´“”", "'''\"\"")

_GIT_COMMAND = re.compile(r"\bgit\b")
_TIME_COMMAND = re.compile(r"\bcurrentTime\b|\bdate\s+\+%s")
_VERSION_COMMAND = re.compile(r"(?:^|\s)(?:--?version|version|-V)(?:\s|$)")


class Reader:
    """Reads the lines of one comparison; it knows where the command ran and what it was."""

    def __init__(self, *, home: str, directory: str, pinned: bool, command: str) -> None:
        """Read for a command that ran in ``directory``, its home being ``home``."""
        self._pinned = pinned
        self._places = (home, directory)
        self._time = _TIME_COMMAND.search(command) is not None
        self._git = _GIT_COMMAND.search(command) is not None
        self._asked = not pinned and _VERSION_COMMAND.search(command) is not None
        self._actual: dict[tuple[str, Reading], Text] = {}

    def shown(self, raw: str, reading: Reading) -> Text:
        """Read a line of the page, elisions inside it included."""
        key, parts = self._read(raw, reading, shown=True)
        pieces = tuple(INLINE_ELISION.split(key))
        if len(pieces) == 1:
            pieces = ()
        sure = max(
            (
                f
                for piece in pieces or (key,)
                for f in re.split(r"['\"]", piece)
                for f in _SURE.split(f)
            ),
            key=lambda f: 1 if f == "/nix/store/" else len(f),  # many lines have that
        )
        return Text(raw=raw, key=key, parts=parts, pieces=pieces, fragment=sure)

    def actual(self, raw: str, reading: Reading) -> Text:
        """Read a line that was printed."""
        known = self._actual.get((raw, reading))
        if known is None:
            if len(self._actual) > 10_000:  # enough for repeated lines, and bounded
                self._actual.clear()
            key, parts = self._read(raw, reading, shown=False)
            known = self._actual[raw, reading] = Text(raw=raw, key=key, parts=parts)
        return known

    def _read(self, raw: str, reading: Reading, *, shown: bool) -> tuple[str, tuple[Part, ...]]:
        line = straight(raw)
        if reading is Reading.LOOSE:
            line = line.strip()
        parts: list[Part] = []
        if volatile.MAY_HAVE.search(line):
            line = self._mask(line, self._pattern(reading, shown=shown), reading, parts)
        if reading is Reading.LOOSE:
            line = _LOOSE_SPACES.sub(lambda found: found["string"] or " ", line)
        elif parts and "  " in line:
            line = _SPACES.sub(" ", line)
        return line, tuple(parts)

    def _pattern(self, reading: Reading, *, shown: bool) -> re.Pattern[str]:
        return _pattern(
            self._places,
            reading,
            shown=shown,
            time=self._time,
            git=self._git,
            asked=self._asked,
            pinned=self._pinned,
        )

    def _mask(
        self, line: str, pattern: re.Pattern[str], reading: Reading, parts: list[Part]
    ) -> str:
        pieces: list[str] = []
        position = 0
        names = reading is Reading.LOOSE and not self._pinned
        for found in pattern.finditer(line):
            if found.start() < position:
                continue
            group = str(found.lastgroup)
            kind = volatile.kind_of(group)
            start, end = found.span(group)
            parts.append(Part(kind=kind, text=found[group]))
            pieces += [line[position:start], volatile.PLACEHOLDER[kind]]
            position = end
            if names and kind is Kind.STORE and (name := volatile.STORE_NAME.match(line, end)):
                last = 0
                for version in volatile.NAME_VERSION.finditer(name[0]):
                    parts.append(Part(kind=Kind.VERSION, text=version[0]))
                    pieces += [name[0][last : version.start()], volatile.PLACEHOLDER[Kind.VERSION]]
                    last = version.end()
                pieces.append(name[0][last:])
                position = name.end()
        return "".join([*pieces, line[position:]])


@lru_cache(maxsize=64)
def _pattern(
    places: tuple[str, str],
    reading: Reading,
    *,
    shown: bool,
    time: bool,
    git: bool,
    asked: bool,
    pinned: bool,
) -> re.Pattern[str]:
    """Return what finds the volatile parts of a line; kept, since to make it takes 10 ms."""
    tokens: list[Token] = [*volatile.SHOWN] if shown else []
    tokens += volatile.COMMON
    if time:
        tokens += volatile.SECONDS
    if git:
        tokens += volatile.GIT
    tokens.append(volatile.paths(*places, anyones=shown))
    if reading is Reading.LOOSE:
        tokens += volatile.LOOSE
        if not pinned:
            tokens += volatile.VERSIONS
        if asked:
            tokens += volatile.ASKED
        if shown:
            tokens += volatile.SHOWN_LOOSE
    return volatile.compiled(tokens)


def may_bind(line: str) -> bool:
    """Tell whether a line may have parts that the document binds, where it is shown as printed."""
    return "/" in line or "-" in line or len(line) >= 32


def straight(line: str) -> str:
    """Return ``line`` with straight quotes: ‘x’ and `x' are 'x'."""
    line = line.translate(_CURLY)
    return _GNU_QUOTE.sub("'", line) if "`" in line else line


def agree(shown: Text, actual: Text) -> tuple[tuple[Part, Part], ...] | None:
    """Return the volatile parts that stand for each other, None where the lines differ.

    The literal reading of an elision comes first, then any text in its place.
    """
    if shown.key == actual.key and len(shown.parts) == len(actual.parts):
        return tuple(zip(shown.parts, actual.parts, strict=True))
    if shown.raw == actual.raw:
        return ()
    if not shown.pieces:
        return None
    spans = glob(shown.pieces, actual.key)
    if spans is None:
        return None
    kept: list[Part] = []
    position = taken = 0
    for start, end in (*spans, (len(actual.key), len(actual.key))):
        count = _count(actual.key[position:start])
        kept += actual.parts[taken : taken + count]
        taken += count + _count(actual.key[start:end])
        position = end
    if len(kept) != len(shown.parts):
        return None
    return tuple(zip(shown.parts, kept, strict=True))


def glob(pieces: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Return the spans of ``text`` that the gaps between ``pieces`` stand for, None for no match.

    Each piece is taken where it comes first, which finds a match if there is one.
    """
    first, last = pieces[0], pieces[-1]
    end = len(text) - len(last)
    if end < len(first) or not text.startswith(first) or not text.endswith(last):
        return None
    spans: list[tuple[int, int]] = []
    position = len(first)
    for piece in pieces[1:-1]:
        found = text.find(piece, position, end)
        if found < 0:
            return None
        spans.append((position, found))
        position = found + len(piece)
    return [*spans, (position, end)]


def _count(text: str) -> int:
    return sum(map(text.count, volatile.PLACEHOLDERS))
