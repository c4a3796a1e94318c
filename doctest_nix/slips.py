"""Is a name that is nowhere the slip of one that is there?"""

from __future__ import annotations

from collections.abc import Iterable


def is_slip(name: str, known: Iterable[str]) -> bool:
    """Tell whether a name is one that is known but for a letter, two in a long one.

    Left out, put in, replaced, or changed places with the next.  Short names never are.
    """
    allowed = 0 if len(name) < 4 else 1 if len(name) < 9 else 2
    return any(name != other and _distance(name, other, allowed) <= allowed for other in known)


def _distance(one: str, other: str, limit: int) -> int:
    """Return by how many letters two names differ; any number above ``limit`` for more."""
    if abs(len(one) - len(other)) > limit:
        return limit + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row, above = row, [i], before
        for j, b in enumerate(other, 1):
            row.append(min(row[-1] + 1, before[j] + 1, before[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                row[j] = min(row[j], above[j - 2] + 1)
    return row[-1]
