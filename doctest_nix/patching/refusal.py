"""Why does a documentation diff apply nowhere, and what is nearest?"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from doctest_nix.patching.diff import Line, Mark
from doctest_nix.patching.rungs import Place, Rung, squeeze
from doctest_nix.patching.splice import File


class Why(StrEnum):
    """Why a patch was refused."""

    NOWHERE = "nowhere"  # no place fits
    AMBIGUOUS = "ambiguous"  # several places fit equally well
    NO_CONTEXT = "no context"  # nothing in the diff says where
    ORDER = "order"  # the hunks fit, but in another order
    ALREADY = "already applied"  # the file is as the diff leaves it


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A patch that fits nowhere, or in more than one place.

    ``reason`` is one sentence.  ``lines`` are 1-based lines of the file: the nearest candidate,
    or all that fit.  ``differs`` compares the page with the nearest candidate, each line with
    ``- `` (only on the page), ``+ `` (only in the file) or ``  `` before it.  ``found`` of the
    ``of`` old lines of the page that are not blank stand somewhere in the file, white space
    apart: none found is a diff of another file.
    """

    why: Why
    reason: str
    lines: tuple[int, ...] = ()
    differs: tuple[str, ...] = ()
    found: int = 0
    of: int = 0


def no_context() -> Refused:
    """Refuse a patch that has nothing to look for."""
    return Refused(
        why=Why.NO_CONTEXT,
        reason="nothing but added lines: the diff does not say where in the file they go",
    )


def already(line: int) -> Refused:
    """Refuse a patch whose new lines stand at the 1-based ``line``."""
    return Refused(
        why=Why.ALREADY,
        reason=f"the file already is as the diff leaves it, at line {line}",
        lines=(line,),
    )


def ambiguous(places: Sequence[Place], rung: Rung) -> Refused:
    """Refuse a patch that fits at all of ``places``."""
    lines = tuple(place.line + 1 for place in places)
    listed = f"{', '.join(map(str, lines[:-1]))} and {lines[-1]}"
    return Refused(
        why=Why.AMBIGUOUS,
        reason=f"the diff fits at {len(lines)} places ({rung}), lines {listed} of the file: "
        "show more context",
        lines=lines,
    )


def out_of_order(places: Sequence[Place]) -> Refused:
    """Refuse a patch whose parts fit at ``places``, which do not follow each other."""
    lines = tuple(place.line + 1 for place in places)
    return Refused(
        why=Why.ORDER,
        reason="the parts of the diff fit, but not in this order: lines "
        f"{', '.join(map(str, lines))} of the file",
        lines=lines,
    )


def nowhere(lines: Sequence[Line], file: File) -> Refused:
    """Describe the candidate that has most lines of the page where the page has them."""
    page = [line for line in lines if line.mark is not Mark.ADDED and not line.blank]
    keys = [squeeze(line.text) for line in page]
    full = [i for i, line in enumerate(file.lines) if line.strip()]
    hay = [squeeze(file.lines[i]) for i in full]
    votes = Counter(
        at - index for index, key in enumerate(keys) for at, line in enumerate(hay) if line == key
    )
    found = len([key for key in keys if key in set(hay)])
    if not votes:
        return Refused(
            why=Why.NOWHERE,
            reason="the diff fits nowhere: none of its context lines stands in the file",
            of=len(keys),
        )
    best = max(votes, key=lambda offset: (votes[offset], -offset))
    start, end = max(0, best), min(len(hay), best + len(keys))
    differs: list[str] = []
    matcher = difflib.SequenceMatcher(None, keys, hay[start:end], autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        if kind == "equal":
            differs += [f"  {file.lines[full[start + n]]}" for n in range(c, d)]
        else:
            differs += [f"- {page[n].text}" for n in range(a, b)]
            differs += [f"+ {file.lines[full[start + n]]}" for n in range(c, d)]
    line = full[start] + 1
    return Refused(
        why=Why.NOWHERE,
        reason=f"the diff fits nowhere: nearest is line {line} of the file, where "
        f"{len(keys) - votes[best]} of {len(keys)} lines differ",
        lines=(line,),
        differs=tuple(differs),
        found=found,
        of=len(keys),
    )
