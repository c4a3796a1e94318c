"""What a tutorial consists of: blocks, prose, headings and comments, in order, with their lines."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """Lines of a document, 1-based and inclusive."""

    path: Path
    line: int
    end_line: int

    def __str__(self) -> str:
        """Return ``path:line``, which terminals and editors turn into a link."""
        return f"{self.path}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A directive that a block stands in: ``note``, ``tab-item`` with argument ``Linux``, …

    ``line`` is its first in the document: two that look the same are not the same.
    """

    name: str
    argument: str = ""
    options: tuple[tuple[str, str], ...] = ()
    line: int = 0


class Style(StrEnum):
    """How a block is written in its source."""

    FENCE = "fence"  # ``` or ~~~ with a language
    DIRECTIVE = "directive"  # ```{code-block}, .. code-block::
    INDENTED = "indented"  # Markdown's indented code
    LITERAL = "literal"  # RST's `::`
    DOCTEST = "doctest"  # RST's `>>>`
    INCLUDED = "included"  # literalinclude, {{#include}}: the text stands in another file


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A code block as a reader sees it.

    ``location`` spans the block's own first to last source line: fence to fence, directive line
    to the last line of its body, first to last line of indented code.  ``text`` is what the
    reader reads: common indentation, quote marks and options removed, no final newline.
    ``text_line`` is the document line of its first line; every further line of the text is the
    document's next (not so for ``Style.INCLUDED``, where it is the directive's line).
    ``language`` is as written, ``""`` where there is none.  ``info`` is what follows the language
    on the fence line.  ``containers`` are the directives around it, outermost first; ``section``
    the titles of the headings above it, outermost first.  ``include`` is the file that an
    included block names, as written.  ``fault`` says in one sentence why that file's text could
    not be had, with its slug, ``""`` for every other block: the rest of the document is fine, so
    it is a value.
    """

    location: Location
    style: Style
    language: str
    text: str
    text_line: int
    caption: str | None = None
    info: str = ""
    options: tuple[tuple[str, str], ...] = ()
    containers: tuple[Container, ...] = ()
    section: tuple[str, ...] = ()
    include: str | None = None
    fault: str = ""

    def option(self, name: str) -> str | None:
        """Return the directive option ``name`` as written, None where it is absent."""
        return dict(self.options).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prose:
    """A paragraph, or any other text between blocks that a reader sees.

    ``text`` is its source, lines joined by a space; ``code`` its inline literals, in order,
    without their quotes.
    """

    location: Location
    text: str
    code: tuple[str, ...] = ()
    containers: tuple[Container, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A section title with its level, 1 being the document's."""

    location: Location
    title: str
    level: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comment:
    """An invisible ``doctest-nix:`` comment: ``text`` is what follows the colon.

    ``body`` holds the comment's further lines, common indentation removed.
    """

    location: Location
    text: str
    body: str = ""


Element = Block | Prose | Heading | Comment


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file that the page offers its reader: ``name`` in the directory where it is saved."""

    name: str
    data: bytes
    executable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A parsed document: its elements in source order, nested ones where they stand.

    ``downloads`` are the files that it offers and names in a block.  ``root`` is the
    folder of its project, where that is known.
    """

    path: Path
    elements: tuple[Element, ...]
    downloads: tuple[Download, ...] = ()
    root: Path | None = None

    @property
    def place(self) -> Path:
        """Where it stands in its project, its whole path where none is known."""
        is_below = self.root is not None and self.path.is_relative_to(self.root)
        return self.path.relative_to(self.root) if self.root and is_below else self.path

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The code blocks, in source order."""
        return tuple(e for e in self.elements if isinstance(e, Block))

    @property
    def title(self) -> str:
        """The first heading's text, the file's name where there is none."""
        return next((e.title for e in self.elements if isinstance(e, Heading)), self.path.name)
