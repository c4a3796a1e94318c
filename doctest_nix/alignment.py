"""Where do the lines of a page stand among those that were printed?"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from doctest_nix.masks import Text, agree

#: Places that are tried for one segment before the comparison gives up.
TRIES: Final = 200

_WORDS = r"[^.…].*"
_ELISION = re.compile(
    r"[>|│#\s]*(?:"
    r"(?:\.{3,}|…)(?:\s+(?!while |in the |from |then |caused by )[^\s.…|].*)?"
    r"|\[(?:\.\.\.|…)\]|\((?:\.\.\.|…)\)|<(?:\.\.\.|…)>|⋮|\. \. \."
    r"|[\[<(]?[-*=\s]*(?:snip(?:ped)?|output omitted|output truncated|truncated|omitted)[-*=\s]*[\]>)]"
    r"|-+\s*(?:8<|✂|snip)\s*-*"
    r")\s*"
)

#: The lines of a page between its elisions.  The first segment is at the start of the output and
#: the last at its end; an empty one means that the page starts or ends with an elision.
Segments = tuple[tuple[str, ...], ...]


def is_elision(line: str) -> bool:
    """Tell whether a line of a page stands for any lines.

    Trace lines of Nix start with `…` too (`… while evaluating`), and are none.
    """
    return _ELISION.fullmatch(line) is not None


def segments(lines: Sequence[str]) -> Segments:
    """Split the lines of a page at its elisions."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if is_elision(line):
            parts.append([])
        else:
            parts[-1].append(line)
    inner = [tuple(part) for part in parts[1:-1] if part]
    return (tuple(parts[0]), *inner, tuple(parts[-1])) if parts[1:] else (tuple(parts[0]),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How lines are compared.

    ``shown`` and ``actual`` read a line; ``accept`` is asked of each place where a segment fits
    by its lines, with the index of its first printed line, in order.  What it accepts stays, and
    binds what comes later.
    """

    shown: Callable[[str], Text]
    actual: Callable[[str], Text]
    accept: Callable[[int, tuple[Text, ...]], bool]


def place(page: Segments, printed: Sequence[str], relation: Relation) -> tuple[int, ...] | None:
    """Return the index of the printed line where each segment of the page starts, None for nowhere.

    Segments between elisions are taken where they come first.  Linear in ``printed`` for each
    segment, up to the words of the machine that the segment's lines fill as bits.
    """
    if len(page) == 1 and len(page[0]) != len(printed):
        return None
    if sum(map(len, page)) > len(printed):
        return None
    texts = [tuple(map(relation.shown, segment)) for segment in page]
    first, last = texts[0], texts[-1]
    tail = len(printed) - len(last)
    for segment, start in ((first, 0), (last, tail)):
        for offset, text in enumerate(segment):
            if agree(text, relation.actual(printed[start + offset])) is None:
                return None
    if not relation.accept(0, first):
        return None
    starts = [0]
    position = len(first)
    for segment in texts[1:-1]:
        for tries, start in enumerate(_occurrences(segment, printed, position, tail, relation)):
            if relation.accept(start, segment):
                starts.append(start)
                position = start + len(segment)
                break
            if tries == TRIES:
                return None
        else:
            return None
    if len(page) > 1:
        if not relation.accept(tail, last):
            return None
        starts.append(tail)
    return tuple(starts)


def _occurrences(
    segment: tuple[Text, ...], printed: Sequence[str], start: int, end: int, relation: Relation
) -> Iterator[int]:
    """Yield where ``segment`` fits between ``start`` and ``end``, first one first.

    Shift-and: bit n of the state says that the lines so far end in the segment's first n + 1.
    Printed lines that cannot be any of the segment's are not read: lines must be told apart by
    their raw text in a fraction of the time that reading takes.
    """
    bits: dict[str, int] = {}
    globs: list[tuple[int, Text]] = []
    for n, text in enumerate(segment):
        for key in {text.key, text.raw}:
            bits[key] = bits.get(key, 0) | 1 << n
        if text.pieces:
            globs.append((1 << n, text))
    fragments = sorted({text.fragment for text in segment}, key=len)[:8]
    sure = fragments[0] != "" and len(fragments) < 8
    accepting = 1 << len(segment) - 1
    state = 0
    for index in range(start, end):
        raw = printed[index]
        if sure and not any(f in raw for f in fragments):
            state = 0
            continue
        text = relation.actual(raw)
        found = bits.get(text.key, 0) | bits.get(raw, 0)
        for bit, shown in globs:
            if agree(shown, text) is not None:
                found |= bit
        state = (state << 1 | 1) & found
        if state & accepting:
            yield index - len(segment) + 1
