"""What the text of a document is, before any format reads it."""

from __future__ import annotations

import re
from pathlib import Path

from doctest_nix.document import Comment, Location

#: The word that makes a comment ours, in every format.
_KEYWORD = re.compile(r"doctest-nix[ \t]*:(?!:)[ \t]*")


def normalise(text: str) -> str:
    """Return ``text`` with line ends as ``\\n``, no byte order mark, and NUL as U+FFFD.

    All formats number the lines of this text.  NUL is no character of a text file; CommonMark
    (2.3) demands the replacement, and docutils keeps NUL for itself.
    """
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "\ufffd")


def comment(lines: list[str], location: Location) -> Comment | None:
    """Return the ``doctest-nix:`` comment whose source is ``lines``, None for any other comment.

    ``lines`` are without the comment's own marks.  Blank lines before the keyword are skipped.
    """
    first = next((i for i, line in enumerate(lines) if line.strip()), len(lines))
    if first == len(lines):
        return None
    match = _KEYWORD.match(lines[first].lstrip())
    if match is None:
        return None
    text = lines[first].lstrip()[match.end() :].strip()
    body = "\n".join(dedent(lines[first + 1 :])).strip("\n").rstrip()
    return Comment(location=location, text=text, body=body)


def dedent(lines: list[str], columns: int | None = None) -> list[str]:
    """Take ``columns`` characters of white space from each line, by default what all share.

    The number of lines stays; a line with less white space loses what it has.
    """
    if columns is None:
        columns = min((_indent(line) for line in lines if line.strip()), default=0)
    return [line[min(columns, _indent(line)) :] for line in lines]


def location(path: Path, line: int, end_line: int) -> Location:
    """Return the lines ``line`` to ``end_line``, the end being at least the beginning."""
    return Location(path=path, line=line, end_line=max(line, end_line))


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
