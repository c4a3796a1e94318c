"""How closely must the old lines of a hunk be those of the file, and where do they fit?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from doctest_nix.patching.diff import Line, Mark
from doctest_nix.patching.splice import Edit, File, changes, splice_lines, splice_tokens, tokenise


class Rung(StrEnum):
    """How closely the page's old lines are those of the file, closest first.

    Each rung allows what the ones above it do, and one thing more.
    """

    EXACT = "exact"
    WHITE_SPACE = "white space"  # other indentation, tabs, final newline; no column for the marks
    BLANK_LINES = "blank lines"  # more or fewer blank lines
    ELISION = "elision"  # a line of `...` for any number of lines
    TOKENS = "tokens"  # the same words and signs, broken into other lines
    FUZZ = "fuzz"  # up to two lines at each edge that the file does not have


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where lines of a patch fit: characters ``start`` to ``end`` of the file, from line ``line``.

    ``line`` is 0-based; ``edit`` is what the patch does there, None for nothing.
    """

    start: int
    end: int
    line: int
    edit: Edit | None


#: Returns every place in the file where the old lines of a hunk fit, topmost first.
Search = Callable[[Sequence[Line], File], tuple[Place, ...]]

#: As many lines may differ at an edge of a hunk: the fuzz that `patch` allows.
_FUZZ = 2

#: Code can be cut after one of these, and before one of those.
_OPENERS = frozenset("{[(;,:=") | {"in", "let", "then", "else"}
_CLOSERS = frozenset("}]);,") | {"in", "then", "else"}


def weakest(rungs: Sequence[Rung]) -> Rung:
    """Return the weakest of ``rungs``, exact where there is none."""
    order = list(Rung)
    return max(rungs, key=order.index, default=Rung.EXACT)


def _exact(lines: Sequence[Line], file: File) -> tuple[Place, ...]:
    keys = {i: line.text for i, line in enumerate(lines) if line.mark is not Mark.ADDED}
    if not all(lines[i].marked for i in keys):
        return ()
    return _line_places(lines, keys, file, dict(enumerate(file.lines)), reindent=False)


def _white_space(lines: Sequence[Line], file: File) -> tuple[Place, ...]:
    keys = {i: squeeze(line.text) for i, line in enumerate(lines) if line.mark is not Mark.ADDED}
    hay = {i: squeeze(line) for i, line in enumerate(file.lines)}
    return _line_places(lines, keys, file, hay, reindent=True)


def _blank_lines(lines: Sequence[Line], file: File) -> tuple[Place, ...]:
    keys = {
        i: squeeze(line.text)
        for i, line in enumerate(lines)
        if line.mark is not Mark.ADDED and not line.blank
    }
    hay = {i: squeeze(line) for i, line in enumerate(file.lines) if line.strip()}
    return _line_places(lines, keys, file, hay, reindent=True)


def _line_places(
    lines: Sequence[Line],
    keys: Mapping[int, str],
    file: File,
    hay: Mapping[int, str],
    *,
    reindent: bool,
) -> tuple[Place, ...]:
    """Return where ``keys`` stand in ``hay``: by index in the hunk and in the file."""
    old, where = list(keys), list(hay)
    places = []
    for found in _occurrences(list(keys.values()), list(hay.values())):
        at = {index: where[found + n] for n, index in enumerate(old)}
        places.append(
            Place(
                start=file.offsets[where[found]],
                end=file.offsets[where[found + len(keys) - 1] + 1],
                line=where[found],
                edit=splice_lines(lines, at, file, reindent=reindent),
            )
        )
    return tuple(places)


def _tokens(lines: Sequence[Line], file: File) -> tuple[Place, ...]:
    """Find the words and signs in their order; a place starts and ends where code can be cut."""
    words: list[str] = []
    ranges: dict[int, tuple[int, int]] = {}
    for index, line in enumerate(lines):
        if line.mark is not Mark.ADDED and not line.blank:
            new = [token.text for token in tokenise(line.text)]
            ranges[index] = (len(words), len(words) + len(new) - 1)
            words += new
    hay = [token.text for token in file.tokens]
    places = []
    for found in _occurrences(words, hay):
        last = found + len(words) - 1
        start, end = file.tokens[found].start, file.tokens[last].end
        if not (file.leads(start) or hay[found - 1] in _OPENERS):
            continue
        if not (file.trails(end) or hay[last] in _OPENERS or hay[last + 1] in _CLOSERS):
            continue
        spans = {
            index: (file.tokens[found + a].start, file.tokens[found + b].end)
            for index, (a, b) in ranges.items()
        }
        row = file.text.count("\n", 0, start)
        edit = splice_tokens(lines, spans, file)
        places.append(Place(start=start, end=end, line=row, edit=edit))
    return tuple(places)


def _fuzz(lines: Sequence[Line], file: File) -> tuple[Place, ...]:
    """Let go of the outermost lines, as few as will do.

    Removed lines must fit, added ones keep the line beside them on each side that has one, and
    at least as many lines fit as are let go.
    """
    for count in range(1, 2 * _FUZZ + 1):
        trimmed = list(_trimmed(lines, count))
        for search in (_blank_lines, _tokens):
            places = {p.edit: p for part in trimmed for p in search(part, file)}
            if places:
                return tuple(sorted(places.values(), key=lambda place: place.start))
    return ()


def _trimmed(lines: Sequence[Line], count: int) -> Iterator[Sequence[Line]]:
    """Yield ``lines`` without ``count`` lines of context at the edges, blank ones not counted."""
    changed = [i for i, line in enumerate(lines) if line.mark is not Mark.CONTEXT]
    context = [i for i, line in enumerate(lines) if line.mark is Mark.CONTEXT and not line.blank]
    old = sum(line.mark is not Mark.ADDED and not line.blank for line in lines)
    if not changed or old < 2 * count:
        return
    above = [i for i in context if i < changed[0]]
    below = [i for i in context if i > changed[-1]]
    runs = [[lines[i].mark for i in run] for run in changes(lines)]
    spare_above = len(above) - (Mark.REMOVED not in runs[0])
    spare_below = len(below) - (Mark.REMOVED not in runs[-1])
    for top in range(max(0, count - _FUZZ), min(_FUZZ, count, spare_above) + 1):
        bottom = count - top
        if bottom <= spare_below:
            start = above[top - 1] + 1 if top else 0
            end = below[-bottom] if bottom else len(lines)
            yield lines[start:end]


#: The rungs that take each line as it stands, closest first.
LITERAL: Mapping[Rung, Search] = {
    Rung.EXACT: _exact,
    Rung.WHITE_SPACE: _white_space,
    Rung.BLANK_LINES: _blank_lines,
}
#: The rungs below `Rung.ELISION`, closest first.
LOOSE: Mapping[Rung, Search] = {Rung.TOKENS: _tokens, Rung.FUZZ: _fuzz}


def _occurrences(needle: list[str], hay: list[str]) -> Iterator[int]:
    """Yield the indices at which ``needle``, if it is not empty, stands in ``hay``."""
    for index in range(len(hay) - len(needle) + 1) if needle else ():
        if hay[index] == needle[0] and hay[index : index + len(needle)] == needle:
            yield index


def squeeze(line: str) -> str:
    """Return ``line`` with single blanks for white space, and none at its ends."""
    return " ".join(line.split())
