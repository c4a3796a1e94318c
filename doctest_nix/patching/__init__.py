"""Where does a documentation diff apply, and what comes out?

Pure: texts in, texts out.  `parse` reads the diff, `apply` finds the one place where it fits,
by a ladder of rungs, `create` makes a file that did not exist, `reverse` undoes.
"""

from __future__ import annotations

from doctest_nix.patching.diff import (
    Hunk,
    Line,
    Mark,
    NotAPatchError,
    Patch,
    create,
    parse,
    parse_all,
    reverse,
)
from doctest_nix.patching.ladder import Applied, apply
from doctest_nix.patching.refusal import Refused, Why
from doctest_nix.patching.rungs import Rung

__all__ = [
    "Applied",
    "Hunk",
    "Line",
    "Mark",
    "NotAPatchError",
    "Patch",
    "Refused",
    "Rung",
    "Why",
    "apply",
    "create",
    "parse",
    "parse_all",
    "reverse",
]
