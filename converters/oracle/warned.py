"""What did Sphinx warn of?"""

from __future__ import annotations

import io
import re
from pathlib import Path

from converters.oracle.tree import Warned

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_WARNING = re.compile(
    r"(?:(?P<path>.*?)(?::(?P<line>\d+))?: )?(?:WARNING|ERROR|SEVERE|CRITICAL): (?P<message>.*?)"
    r"(?: \[(?P<slug>[\w-]+(?:\.[\w-]+)?)\])?\s*",
    re.DOTALL,
)
_SUFFIX = re.compile(r"\.(?:rst|md)(?![\w.])")


class WarningStream(io.StringIO):
    """Where Sphinx writes its warnings, one in each call, and where they are taken from.

    Paths below ``source`` lose it and the suffix of a page, so that the warnings of a page do not
    tell what it is written in.
    """

    def __init__(self, source: Path) -> None:
        """Keep nothing yet."""
        super().__init__()
        self._source = source
        self._warnings: list[Warned] = []

    def write(self, text: str) -> int:
        """Keep the warning ``text``; what is not laid out as one becomes a message as it is."""
        plain = _COLOUR.sub("", text).strip()
        if plain:
            self._warnings.append(self._parsed(plain))
        return len(text)

    def take(self) -> tuple[Warned, ...]:
        """Return the warnings that were kept since the last time."""
        taken = tuple(self._warnings)
        self._warnings.clear()
        return taken

    def _parsed(self, text: str) -> Warned:
        found = _WARNING.fullmatch(text)
        if found is None:
            return Warned(page="", line=None, message=self._neutral(text))
        return Warned(
            page=self._neutral(found["path"] or ""),
            line=int(found["line"]) if found["line"] else None,
            message=self._neutral(found["message"]),
            slug=found["slug"] or "",
        )

    def _neutral(self, text: str) -> str:
        return _SUFFIX.sub("", text.replace(f"{self._source}/", ""))
