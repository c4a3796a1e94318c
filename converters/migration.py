"""What a migration found and would do, as data: pages and their fates, files and their texts."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from converters.oracle import SiteProof


class PageFate(StrEnum):
    """What becomes of an RST file."""

    PROVEN = "proven"
    LEFT = "left"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A block that stays RST in a proven page: its source lines and what it is.

    ``blocks`` counts the blocks in it, itself included.  ``autodoc`` is true of a directive that
    reads docstrings.
    """

    line: int
    construct: str
    blocks: int
    autodoc: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOutcome:
    """An RST file's fate.

    ``path`` and ``target`` are relative to the site's source directory.  ``text`` is the page in
    MyST, ``""`` where it is left.  ``reason`` says why it is left, ``line`` and ``construct``
    where that was seen (0 and ``""`` where nowhere in particular); ``unsaid`` is true where no way
    of writing it was found.  ``blocks`` counts its blocks.  ``page_rst`` is true where ``kept``
    ones need `PAGE_RST`.
    """

    name: str
    path: str
    target: str
    fate: PageFate
    text: str = ""
    kept: tuple[Kept, ...] = ()
    blocks: int = 0
    reason: str = ""
    line: int = 0
    construct: str = ""
    unsaid: bool = False
    page_rst: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mention:
    """A line of another file that names a converted page by its old name."""

    path: str
    line: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds: reading the site as it is, writing, finding other ways, and all else of the proof.

    The last are the first trial of all pages, the whole builds, and their comparison.
    """

    baseline: float = 0.0
    writing: float = 0.0
    settling: float = 0.0
    proof: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A whole site's conversion, proven but not written.

    ``source`` is the site's directory and ``root`` the project's.  ``conf`` is the conf.py with
    its new text, None where it stays or there is none; ``wanted`` is what a conf.py would have to
    say, where there is none.  ``proof`` is of the last whole build, None where nothing is
    converted.
    """

    source: Path
    root: Path
    pages: tuple[PageOutcome, ...]
    conf: tuple[Path, str] | None = None
    wanted: str = ""
    mentions: tuple[Mention, ...] = ()
    proof: SiteProof | None = None
    timing: Timing = Timing()

    @property
    def uses_page_rst(self) -> bool:
        """Whether any page needs `PAGE_RST`."""
        return any(page.page_rst for page in self.pages)

    @property
    def converted(self) -> tuple[PageOutcome, ...]:
        """The pages that are proven, and so would be written."""
        return tuple(page for page in self.pages if page.fate is PageFate.PROVEN)

    @property
    def left(self) -> tuple[PageOutcome, ...]:
        """The pages that stay RST."""
        return tuple(page for page in self.pages if page.fate is PageFate.LEFT)
