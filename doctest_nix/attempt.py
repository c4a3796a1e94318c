"""What did a page try to reach?"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Attempt:
    """A page tried to reach ``host``; ``allowed`` says whether the run let it."""

    host: str
    port: int
    allowed: bool

    def __str__(self) -> str:
        """Return it as reports show it."""
        return f"{self.host}:{self.port}{'' if self.allowed else ' (refused)'}"


def named(attempts: Iterable[Attempt]) -> str:
    """Return attempts as the end of a sentence."""
    return ", ".join(str(each) for each in attempts)
