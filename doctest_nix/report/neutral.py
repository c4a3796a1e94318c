"""How a page's words are printed, so that no terminal and no CI system takes them for orders."""

from __future__ import annotations

import re
from pathlib import Path

#: Lines by which programs speak to a CI system: `::set-output …` at the start of a line, and
#: `##[error]`, `##vso[…]` and `##teamcity[…]` anywhere in it.
_ORDER = re.compile(r"^\s*(:)(?=:)|(#)(?=#[\w.-]*\[)")


def neutral(text: str) -> str:
    """Return one line of text in which what would give an order is shown by its code.

    That is a control character, one that cannot be printed, or the first of a CI system's words:
    ``::error::`` becomes ``\\x3a:error::``.  A line that was made so is not changed again.
    """
    shown = "".join(c if c.isprintable() or c == "\t" else _code(c) for c in text)
    return _ORDER.sub(lambda found: found[0][:-1] + _code(found[0][-1]), shown)


def neutral_lines(text: str) -> str:
    """Return a text of several lines with each of them `neutral`."""
    return "\n".join(map(neutral, text.split("\n")))


def neutral_path(path: Path) -> Path:
    """Return a path that can be printed; a name may hold anything."""
    return Path(neutral(str(path)))


def _code(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
