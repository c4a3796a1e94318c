"""Golden cases: paragraphs in a file, title, RST and MyST, each closed by a line with a dot."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("golden.txt")


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    title: str
    rst: str
    myst: str

    @property
    def page(self) -> str:
        """The docname of the case in the site of all cases."""
        return re.sub(r"\W+", "-", self.title.lower()).strip("-")

    def __str__(self) -> str:
        return self.page


def read(path: Path = FILE) -> tuple[Golden, ...]:
    parts = re.split(r"^\.\n", path.read_text("utf-8"), flags=re.MULTILINE)
    triples = zip(parts[0::3], parts[1::3], parts[2::3], strict=False)
    return tuple(Golden(title=t.strip(), rst=rst, myst=myst) for t, rst, myst in triples)


GOLDEN = read()
