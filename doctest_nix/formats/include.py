"""What an included block shows: the text of the file that it names, or why it cannot be had.

Sources of the rules: Sphinx's ``literalinclude``, docutils' ``include`` with ``:code:`` or
``:literal:``, and mdBook's ``{{#include}}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from doctest_nix.document import Block
from doctest_nix.errors import DoctestNixError, Slug
from doctest_nix.formats.source import dedent_option, normalise

#: An mdBook include: a file, and after colons a range of lines or an anchor.
MDBOOK = re.compile(
    r"(?<!\\)\{\{\s*#(?:include|rustdoc_include|playground)\s+([^\s}][^}]*?)\s*\}\}"
)

_ANCHOR = re.compile(r"ANCHOR(_END)?:\s*([\w-]+)")
_RANGE = re.compile(r"([0-9]{1,9})?\s*(?:(-)\s*([0-9]{1,9})?)?")

_NUMBER = re.compile(r"[0-9]{1,9}")

#: Suffixes of pages, which stand beside each other.
_PAGES = frozenset({".md", ".markdown", ".rst"})

#: Options that change the text in ways that are not done here; none is seen in a Nix document.
_UNSUPPORTED = ("diff", "pyobject")


class _NotHad(Exception):  # noqa: N818 - it never leaves this module
    """Why the text cannot be had, as a sentence; the page names what is not there."""

    slug = Slug.INCLUDE


class _NotRead(_NotHad):
    """The page may well be right: what it names is not for this run to read."""

    slug = Slug.INCLUDE_UNREAD


def resolve(block: Block, *, root: Path) -> Block:
    """Return ``block`` with the text that it includes; others than included ones are unchanged.

    A path is relative to the document, or to ``root`` with a slash before it, as Sphinx has it.
    Only regular files inside ``root`` are read, wherever links and ``..`` lead.  Where the text
    cannot be had, it is ``""`` and ``fault`` says why, naming file and remedy.
    """
    if block.include is None:
        return block
    folder = block.location.path.parent
    try:
        if MDBOOK.search(block.text):
            text = MDBOOK.sub(lambda match: _mdbook(match[1], folder, root), block.text)
        elif block.option("code") is not None or block.option("literal") is not None:
            text = _docutils(block, _read(block.include, folder, root))
        else:
            text = _sphinx(block, _read(block.include, folder, root))
    except _NotHad as reason:
        return replace(block, text="", fault=str(DoctestNixError(reason.slug, str(reason))))
    return replace(block, text=text)


def _read(name: str, folder: Path, root: Path) -> str:
    """Return the normalised text of a file, without its last newline."""
    name = name.strip()
    if not name:
        raise _NotHad("the included block names no file; write its path after the directive's name")
    try:
        base = root.resolve()
        path = (base / name.lstrip("/") if name.startswith("/") else folder / name).resolve()
        inside = path.is_relative_to(base)
        if inside and not path.is_file():
            # Pages are copied without what they include, and folders are made by a build: only
            # where there are files like it is one that is missing a slip.
            has_kin = any(other.suffix == path.suffix for other in _files(path.parent, folder))
            kind = _NotHad if has_kin else _NotRead
            raise kind(f"the included file {name!r} does not exist; it is looked for at {path}")
        data = path.read_bytes() if inside else b""
    except (OSError, ValueError) as error:
        raise _NotRead(f"the included file {name!r} cannot be read: {error}") from None
    if not inside:
        raise _NotRead(f"the included file {name!r} is outside {root}; move it into that folder")
    try:
        return normalise(data.decode("utf-8")).removesuffix("\n")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise _NotRead(
            f"the included file {name!r} is no UTF-8 text, from its line {line}"
        ) from None


def _files(directory: Path, pages: Path) -> list[Path]:
    """Return the files of a directory; of the pages' own, those that are no pages themselves."""
    if not directory.is_dir():
        return []
    files = [path for path in directory.iterdir() if path.is_file()]
    return [path for path in files if path.parent != pages or path.suffix not in _PAGES]


# Sphinx: https://www.sphinx-doc.org/en/master/usage/restructuredtext/directives.html


def _sphinx(block: Block, text: str) -> str:
    for name in _UNSUPPORTED:
        if block.option(name) is not None:
            raise _NotRead(f"the option {name!r} of an included block is not supported")
    lines = text.split("\n")
    lines = _from(lines, block)
    lines = _until(lines, block)
    ranges = block.option("lines")
    if ranges:
        lines = [lines[number] for number in _numbers(ranges, len(lines))]
    lines = dedent_option(lines, block.option("dedent"))
    before, after = block.option("prepend"), block.option("append")
    if before:
        lines = [before, *lines]
    if after:
        lines = [*lines, after]
    return "\n".join(lines)


def _from(lines: list[str], block: Block) -> list[str]:
    for name, skipped in (("start-at", 0), ("start-after", 1)):
        mark = block.option(name)
        if mark:
            return lines[_first(lines, mark, name) + skipped :]
    return lines


def _until(lines: list[str], block: Block) -> list[str]:
    for name, kept in (("end-at", 1), ("end-before", 0)):
        mark = block.option(name)
        if mark:
            return lines[: _first(lines, mark, name) + kept]
    return lines


def _first(lines: list[str], mark: str, option: str) -> int:
    for number, line in enumerate(lines):
        if mark in line:
            return number
    raise _NotHad(f"the included file has no line with {mark!r}, as the option {option!r} says")


def _numbers(ranges: str, total: int) -> list[int]:
    """Return the 0-based line numbers of ``1,3-5,8-``, in the order written."""
    numbers: list[int] = []
    for part in ranges.split(","):
        match = _RANGE.fullmatch(part.strip())
        if match is None or not (match[1] or match[3]):
            raise _NotHad(f"the option 'lines' is no list of ranges: {ranges!r}")
        first = int(match[1] or 1)
        last = min(int(match[3] or total), total) if match[2] else first
        if not 0 < first <= total:
            raise _NotHad(f"the included file has {total} lines, so none of {part.strip()!r}")
        numbers.extend(range(first - 1, last))
    return numbers


# docutils: https://docutils.sourceforge.io/docs/ref/rst/directives.html#include


def _docutils(block: Block, text: str) -> str:
    lines = text.split("\n")
    first, last = (_index(block, name) for name in ("start-line", "end-line"))
    text = "\n".join(lines[first:last])
    after, before = block.option("start-after"), block.option("end-before")
    if after:
        text = _cut(text, after, "start-after", lambda start, mark: text[start + len(mark) :])
    if before:
        whole = text
        text = _cut(text, before, "end-before", lambda start, _: whole[:start])
    return text.strip("\n")


def _index(block: Block, name: str) -> int | None:
    value = block.option(name)
    if not value:
        return None
    try:
        return int(value)
    except ValueError:
        raise _NotHad(f"the option {name!r} is no line number: {value!r}") from None


def _cut(text: str, mark: str, option: str, rest: Callable[[int, str], str]) -> str:
    start = text.find(mark)
    if start < 0:
        raise _NotHad(f"the included file has no text {mark!r}, as the option {option!r} says")
    return rest(start, mark)


# mdBook: https://rust-lang.github.io/mdBook/format/mdbook.html#including-files


def _mdbook(argument: str, folder: Path, root: Path) -> str:
    """Return the text for ``file``, ``file:anchor``, ``file:2``, ``file:2:``, ``file:2:10``."""
    name, *where = argument.split(maxsplit=1)[0].split(":")
    lines = _read(name, folder, root).split("\n")
    numbers = [int(part) if _NUMBER.fullmatch(part) else None for part in where]
    match where, numbers:
        case [], _:
            kept = lines
        case [_], [int(line)]:
            kept = lines[max(line - 1, 0) : line]
        case [anchor], _ if anchor:
            kept = _anchored(lines, anchor)
        case [first, last], [start, end] if (start or not first) and (end or not last):
            kept = lines[(start or 1) - 1 : end]
        case _:
            raise _NotHad(f"the lines of {argument!r} cannot be understood; write `file:2:10`")
    return "\n".join(line for line in kept if not where or not _ANCHOR.search(line))


def _anchored(lines: list[str], anchor: str) -> list[str]:
    kept: list[str] = []
    found = inside = False
    for line in lines:
        match = _ANCHOR.search(line)
        if match is not None and match[2] == anchor:
            inside = not match[1]
            found = True
        elif inside:
            kept.append(line)
    if not found:
        raise _NotHad(f"the included file has no anchor {anchor!r}")
    return kept
