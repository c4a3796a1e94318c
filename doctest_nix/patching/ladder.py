"""Where does a documentation diff apply, and what comes out?"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from doctest_nix.patching.diff import Hunk, Line, Mark, Patch, elides, reverse
from doctest_nix.patching.refusal import (
    Refused,
    Why,
    already,
    ambiguous,
    no_context,
    nowhere,
    out_of_order,
)
from doctest_nix.patching.rungs import LITERAL, LOOSE, Place, Rung, weakest
from doctest_nix.patching.splice import Edit, File, apply_edits


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A patch that fits in one place.

    ``text`` is the file after it, ``rung`` the weakest that one of its parts needed, ``line``
    the 1-based line of the old text where the first change stands (1 if there is none).
    """

    text: str
    rung: Rung
    line: int


def apply(patch: Patch, original: str) -> Applied | Refused:
    """Apply ``patch`` where it fits, if there is one such place.

    Each hunk is tried rung by rung; a weaker rung is only tried where no stronger one fits
    anywhere in ``original``.  Two places that fit at the same rung are refused, unless an
    ``@@`` header names one of them.  Hunks follow each other in the file.  Never raises.
    """
    windows = "\r\n" in original and original.count("\n") == original.count("\r\n")
    text = original.replace("\r\n", "\n") if windows else original
    marked = True
    if windows:
        patch, marked = _without_returns(patch)
    outcome = _apply(patch, text)
    if isinstance(outcome, Applied) and windows:
        rung = outcome.rung if marked else weakest([outcome.rung, Rung.WHITE_SPACE])
        return replace(outcome, text=outcome.text.replace("\n", "\r\n"), rung=rung)
    if isinstance(outcome, Refused) and outcome.why is Why.NOWHERE:
        return _already(patch, text) or outcome
    return outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    """Lines of a patch that must stand together, with all places where they fit."""

    places: tuple[Place, ...]
    rung: Rung
    changes: bool


def _apply(patch: Patch, original: str, deepest: Rung = Rung.FUZZ) -> Applied | Refused:
    """Apply without regard to CRLF; try no rung below ``deepest``."""
    file = File(original)
    parts: list[_Part] = []
    drift = 0
    for hunk in patch.hunks:
        found = _parts(hunk, file, deepest)
        if isinstance(found, Refused):
            return found
        if len(found) == 1 and hunk.start is not None and hunk.old:
            found = [_stated(found[0], hunk.start - 1, drift)]
            if len(found[0].places) == 1:
                drift = found[0].places[0].line - (hunk.start - 1)
        parts += found
    first, last = _leftmost(parts), _rightmost(parts)
    if first is None or last is None:
        return out_of_order([part.places[0] for part in parts])
    for part, early, late in zip(parts, first, last, strict=True):
        if part.changes and early != late:
            fit = [p for p in part.places if early.start <= p.start <= late.start]
            return ambiguous(fit, part.rung)
    edits = [place.edit for place in first if place.edit is not None]
    rung = weakest([part.rung for part in parts])
    at_end = max((place.end for place in first), default=0) >= len(file.text)
    text, bare_as_said = _final_newline(patch, original, apply_edits(file.text, edits), at_end)
    line = min((file.text.count("\n", 0, edit.start) + 1 for edit in edits), default=1)
    return Applied(
        text=text, rung=rung if bare_as_said else weakest([rung, Rung.WHITE_SPACE]), line=line
    )


def _parts(hunk: Hunk, file: File, deepest: Rung) -> list[_Part] | Refused:
    """Return the parts of ``hunk`` with their places: itself, or what is between elisions."""
    if not hunk.old or not file.lines:
        return _unanchored(hunk, file)
    for rung, search in LITERAL.items():
        if places := search(hunk.lines, file):
            return [_Part(places=places, rung=rung, changes=hunk.changes)]
    if all(line.blank for line in hunk.old):
        return no_context()
    if deepest is Rung.BLANK_LINES:
        return nowhere(hunk.lines, file)
    pieces = list(_between_elisions(hunk.lines))
    if not pieces:
        return no_context()
    floor = Rung.EXACT if len(pieces) == 1 and len(pieces[0]) == len(hunk.lines) else Rung.ELISION
    parts = []
    for piece in pieces:
        changes = any(line.mark is not Mark.CONTEXT for line in piece)
        if all(line.blank or line.mark is Mark.ADDED for line in piece):
            return no_context()
        for rung, search in itertools.chain(LITERAL.items(), LOOSE.items()):
            if places := search(piece, file):
                parts.append(_Part(places=places, rung=weakest([floor, rung]), changes=changes))
                break
        else:
            return nowhere(piece, file)
    return parts


def _unanchored(hunk: Hunk, file: File) -> list[_Part] | Refused:
    """Return the place of a hunk without old lines: an empty file, or after the stated line."""
    if hunk.old:
        return nowhere(hunk.lines, file)
    after = 0 if not file.lines else hunk.start
    if after is None or after > len(file.lines):
        return no_context()
    at = file.offsets[after]
    edit = Edit(start=at, end=at, text="".join(f"{line.text}\n" for line in hunk.lines))
    place = Place(start=at, end=at, line=after, edit=edit)
    return [_Part(places=(place,), rung=Rung.EXACT, changes=True)]


def _between_elisions(lines: Sequence[Line]) -> Iterator[Sequence[Line]]:
    """Yield the lines between those that stand for others, without blank ones at the cuts."""
    cuts = [i for i, line in enumerate(lines) if elides(line)]
    for before, after in itertools.pairwise([-1, *cuts, len(lines)]):
        start, end = before + 1, after
        while before >= 0 and start < end and _blank_context(lines[start]):
            start += 1
        while after < len(lines) and start < end and _blank_context(lines[end - 1]):
            end -= 1
        if start < end:
            yield lines[start:end]


def _blank_context(line: Line) -> bool:
    return line.mark is Mark.CONTEXT and line.blank


def _already(patch: Patch, original: str) -> Refused | None:
    """Refuse a patch that was made before, None where it was not: its new lines fit."""
    undone = reverse(patch)
    if sum(not line.blank for hunk in undone.hunks for line in hunk.old) < 2:
        return None
    back = _apply(undone, original, deepest=Rung.BLANK_LINES)
    return already(back.line) if isinstance(back, Applied) else None


def _stated(part: _Part, line: int, drift: int) -> _Part:
    """Keep the place that the header names, or the one as far from it as the hunk before was."""
    for wanted in (line, line + drift):
        named = tuple(place for place in part.places if place.line == wanted)
        if named:
            return replace(part, places=named[:1])
    return part


def _leftmost(parts: Sequence[_Part]) -> list[Place] | None:
    """Return the topmost places that follow each other, None where there are none."""
    chosen: list[Place] = []
    for part in parts:
        end = chosen[-1].end if chosen else 0
        place = next((p for p in part.places if p.start >= end), None)
        if place is None:
            return None
        chosen.append(place)
    return chosen


def _rightmost(parts: Sequence[_Part]) -> list[Place] | None:
    """Return the lowest places that follow each other, None where there are none."""
    chosen: list[Place] = []
    for part in reversed(parts):
        place = next(
            (p for p in reversed(part.places) if not chosen or p.end <= chosen[-1].start), None
        )
        if place is None:
            return None
        chosen.append(place)
    return chosen[::-1]


def _without_returns(patch: Patch) -> tuple[Patch, bool]:
    """Return ``patch`` without carriage returns, and whether each line had one."""
    lines = [line for hunk in patch.hunks for line in hunk.lines]
    hunks = tuple(
        replace(
            hunk,
            lines=tuple(replace(line, text=line.text.removesuffix("\r")) for line in hunk.lines),
        )
        for hunk in patch.hunks
    )
    return replace(patch, hunks=hunks), all(line.text.endswith("\r") for line in lines)


def _final_newline(patch: Patch, original: str, text: str, at_end: bool) -> tuple[str, bool]:
    """Return ``text`` with or without final newline, and whether the diff was right about it.

    It is the diff's to say where it reaches the end of the file; else the file's own stays.
    """
    bare = bool(original) and not original.endswith("\n")
    says_old = any(hunk.old_bare for hunk in patch.hunks)
    says_new = any(hunk.new_bare for hunk in patch.hunks)
    right = (not at_end and not says_old) or (at_end and says_old == bare)
    keep_bare = says_new if at_end and right else bare
    return (text.removesuffix("\n") if keep_bare else text), right
