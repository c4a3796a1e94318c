"""What became of a block: its fate, how strongly it was checked, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from doctest_nix.document import Location


class Fate(StrEnum):
    """The one fate that each block of each document has."""

    PASSED = "passed"
    STALE = "stale"
    FAILED = "failed"
    BLOCKED = "blocked"
    SKIPPED = "skipped"
    BROKEN = "broken"
    IGNORED = "ignored"


class Checked(StrEnum):
    """How strongly a block that passed was checked, strongest first."""

    RUN = "run"
    EVALUATED = "evaluated"
    APPLIED = "applied"
    PARSED = "parsed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mismatch:
    """Where a tutorial is wrong.

    ``location`` is the place of the very command or line; ``problem`` one sentence; ``command``
    what was run, ``""`` where nothing was; ``diff`` the lines of expected against actual, each
    with its ``- ``, ``+ `` or ``  `` before it; ``hint`` what may help, ``""`` for nothing.
    """

    location: Location
    problem: str
    command: str = ""
    diff: tuple[str, ...] = ()
    exit_code: int | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The outcome of one step.

    ``checked`` is None unless the fate is PASSED or STALE; ``mismatch`` is None unless it is
    FAILED or STALE.  ``reason`` says why, for every fate but PASSED.  ``masks`` names every rule
    that made a comparison succeed which the letter would not have.  ``by_itself`` says that the
    block's own text is wrong, whatever came before it.  ``in_part`` says that a part of what it
    does was done, and that the rest is left open.
    """

    fate: Fate
    checked: Checked | None = None
    reason: str = ""
    seconds: float = 0.0
    mismatch: Mismatch | None = None
    masks: tuple[str, ...] = ()
    by_itself: bool = False
    in_part: bool = False
