"""How is a text in RST replaced by a longer one, where it may stand in a grid table?"""

from __future__ import annotations

import re

#: A corner of a table's cells, and where it stands.
_CORNER = re.compile(r"(?<=[-=])\+|\+(?=[-=])")


def replaced(text: str, found: re.Match[str], new: str) -> str:
    """Return ``text`` with ``new`` in the place of what was found.

    In a grid table the column gets as wide as it must be, and every line of the table with it.
    """
    start, end = found.span()
    number = text.count("\n", 0, start)
    lines = text.split("\n")
    top, bottom = _table(lines, number)
    bounds = {c.start() for line in lines[top:bottom] for c in _CORNER.finditer(line)}
    line = lines[number]
    first = start - (text.rfind("\n", 0, start) + 1)
    last = first + end - start
    bound = next((i for i in range(last, len(line)) if line[i] == "|" and i in bounds), None)
    if bound is None or "\n" in found[0]:
        return text[:start] + new + text[end:]
    rest = line[last:bound].rstrip()
    grown = max(0, first + len(new) + len(rest) + 1 - bound)
    for other in range(top, bottom):
        lines[other] = _widened(lines[other], bound, grown, bounds)
    content = f"{line[:first]}{new}{rest}"
    lines[number] = f"{content:<{bound + grown}}{line[bound:]}"
    return "\n".join(lines)


def _table(lines: list[str], number: int) -> tuple[int, int]:
    """Return where the lines of a table around a line start and end; empty where there is none."""
    top, bottom = number, number
    while top and lines[top - 1].lstrip()[:1] in {"+", "|"}:
        top -= 1
    while bottom < len(lines) and lines[bottom].lstrip()[:1] in {"+", "|"}:
        bottom += 1
    return top, bottom


def _widened(line: str, bound: int, by: int, bounds: set[int]) -> str:
    """Return a line of a table with the column that ends at ``bound`` wider.

    In a cell that spans the bound the room comes at the cell's end.
    """
    if line[bound : bound + 1] in {"-", "="}:
        return line[:bound] + line[bound] * by + line[bound:]
    end = next((i for i in range(bound, len(line)) if line[i] in "|+" and i in bounds), len(line))
    filling = line[end - 1] if line[end - 1] in "-=" and line[end : end + 1] == "+" else " "
    return line[:end] + filling * by + line[end:]
