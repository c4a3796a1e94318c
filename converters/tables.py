"""How a table is written: with pipes where its cells are phrases, else as a list of lists."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable, Iterator, Sequence

from docutils import nodes

from converters import escaping, fences, inline
from converters.pen import Key, Lines, Pen, UnwritableError, stack
from converters.recorder import DirectiveRecord, record

#: Writes the blocks of a cell; the key is the cell's.
Cell = Callable[[nodes.Element, Key], Lines]


def rows(table: nodes.table) -> tuple[list[nodes.row], list[nodes.row]]:
    """Return the header rows and the others."""
    head = [row for part in table.findall(nodes.thead) for row in part.children]
    body = [row for part in table.findall(nodes.tbody) for row in part.children]
    return (
        [row for row in head if isinstance(row, nodes.row)],
        [row for row in body if isinstance(row, nodes.row)],
    )


def pipes(pen: Pen, table: nodes.table) -> Lines:
    """Return a table of pipes; raises UnwritableError where it needs more than those can say."""
    head, body = rows(table)
    if len(head) != 1:
        raise UnwritableError("a table without exactly one header row")
    pen.in_table = True
    try:
        cells = [[_phrase(pen, entry) for entry in _entries(row)] for row in (*head, *body)]
    finally:
        pen.in_table = False
    if len({len(row) for row in cells}) != 1:
        raise UnwritableError("a table with rows of different lengths")
    widths = [max(3, *(_width(row[n]) for row in cells)) for n in range(len(cells[0]))]
    rule = [["-" * width for width in widths]]
    return Lines(text=tuple(_row(row, widths) for row in (cells[:1] + rule + cells[1:])))


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (
        cell + " " * (width - _width(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    return f"| {' | '.join(padded)} |"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _entries(row: nodes.row) -> Iterator[nodes.entry]:
    for entry in row.children:
        if isinstance(entry, nodes.entry):
            if entry.get("morerows") or entry.get("morecols"):
                raise UnwritableError("a table with cells that span others")
            yield entry


def _phrase(pen: Pen, entry: nodes.entry) -> str:
    if len(entry.children) != 1 or not isinstance(entry[0], nodes.paragraph):
        raise UnwritableError("a table with cells of more than a phrase")
    text = " ".join(inline.phrase(pen, entry[0].children).split("\n"))
    return text.replace("\\|", "|").replace("|", "\\|")


def lists(
    pen: Pen,
    table: nodes.table,
    key: Key,
    cell: Cell,
    *,
    title: str = "",
    options: Sequence[str] = (),
) -> Lines:
    """Return a ``list-table``: a list of rows, each a list of cells that hold any blocks."""
    head, _ = rows(table)
    written: list[Lines] = []
    for row, row_key in _placed(table, key):
        cells = [
            cell(entry, (*row_key, index)).indented("- ", "  ")
            for index, entry in enumerate(_entries(row))
        ]
        written.append(_together(cells).indented("* ", "  "))
    if not written:
        raise UnwritableError("a table without rows")
    lines = _together(written)
    header = [f":header-rows: {len(head)}"] if head else []
    return fences.fence(pen, "list-table", title, [*header, *options], lines, colon=False)


def comma_separated(pen: Pen, lines: tuple[str, ...]) -> tuple[str, ...]:
    """Return the lines of a ``csv-table`` with the markup in its cells converted.

    They stay as they are where no cell changes, or where a cell is more than a phrase.
    """
    try:
        rows = list(csv.reader([f"{line}\n" for line in lines], skipinitialspace=True, strict=True))
    except csv.Error:
        return lines
    converted = [[_cell(pen, cell) for cell in row] for row in rows]
    if converted == rows:
        return lines
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(converted)
    return tuple(text.getvalue().rstrip("\n").split("\n"))


def _cell(pen: Pen, text: str) -> str:
    body = record(text).document.children
    if len(body) != 1 or not isinstance(body[0], nodes.paragraph):
        return text
    return escaping.guard(fences.markup(pen, text))


def _together(items: Sequence[Lines]) -> Lines:
    return stack(items, [False] * len(items))


def _placed(table: nodes.table, key: Key) -> Iterator[tuple[nodes.row, Key]]:
    for group_index, group in enumerate(table.children):
        for part_index, part in enumerate(group.children):
            if isinstance(part, (nodes.thead, nodes.tbody)):
                for row_index, row in enumerate(part.children):
                    if isinstance(row, nodes.row):
                        yield row, (*key, group_index, part_index, row_index)


def only_table(node: DirectiveRecord) -> tuple[nodes.table, int]:
    """Return the one table in a ``table`` directive's body, with its place among the children."""
    found = [
        (child, index)
        for index, child in enumerate(node.children)
        if isinstance(child, nodes.table)
    ]
    if len(found) != 1 or len(node.children) != 1:
        raise UnwritableError("a table directive without exactly one table")
    return found[0]
