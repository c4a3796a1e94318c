"""What the writer holds while it writes a page: the page's names, the project's, its choices."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Self

from docutils import nodes

from converters.definitions import Definitions
from converters.escaping import Syntax
from converters.page import Page
from converters.recorder import DirectiveRecord, Record, path_of
from converters.shapes import Shape

#: Where a block stands in the recorded tree: the indices of the children on the way to it.
Key = tuple[int, ...]

#: The page itself, as what its headings belong to.
PAGE: Key = ()

#: A way of writing a block: its name for reports, and what writes it so.
Way = tuple[str, Callable[[], "Lines"]]

NATIVE, DIRECTIVE, TYPOGRAPHIC, CAREFUL, VERBATIM, EVAL_RST = (
    "native", "directive", "typographic", "careful", "verbatim", "eval-rst",
)  # fmt: skip

#: The extensions of MyST-Parser that pages are written with, where they need them.
EXTENSIONS = frozenset(
    {"attrs_block", "attrs_inline", "colon_fence", "deflist", "fieldlist", "substitution"}
)

#: The Sphinx extension of this package that offers ``page-rst``.
PAGE_RST = "doctest_nix.page_rst"

#: Link schemes that MyST takes for links elsewhere as it comes.
URL_SCHEMES = frozenset({"http", "https", "mailto", "ftp"})


class UnwritableError(Exception):
    """This way of writing cannot say what the block says; the next one may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A block of the written page: its lines, those of its source (1-based), how it is written.

    ``way`` names the candidate that was taken, ``choice`` is its number among ``choices``.
    ``construct`` is what the source has there.  ``generated`` is true of a directive that makes
    all that it shows.
    """

    key: Key
    line: int
    end_line: int
    source_line: int
    source_end: int
    construct: str
    way: str
    choice: int
    choices: int
    generated: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """Written lines and the blocks in them; the marks' lines count from 1 within ``text``."""

    text: tuple[str, ...] = ()
    marks: tuple[Mark, ...] = ()

    def indented(self, first: str, rest: str) -> Self:
        """Return the lines behind ``first`` and, from the second on, ``rest``."""
        return replace(
            self,
            text=tuple(
                ((first if index == 0 else rest) + line).rstrip()
                if line or index == 0
                else rest.rstrip()
                for index, line in enumerate(self.text)
            ),
        )

    def around(self, before: Iterable[str], after: Iterable[str]) -> Self:
        """Return the lines between others."""
        before = tuple(before)
        return replace(
            self,
            text=(*before, *self.text, *after),
            marks=tuple(_moved(mark, len(before)) for mark in self.marks),
        )

    @classmethod
    def of(cls, text: str) -> Self:
        """Return the lines of ``text``."""
        return cls(text=tuple(text.split("\n")))


def _moved(mark: Mark, by: int) -> Mark:
    return replace(mark, line=mark.line + by, end_line=mark.end_line + by)


def stack(chunks: Iterable[Lines], gaps: Iterable[bool] | None = None) -> Lines:
    """Return the chunks below one another, a blank line before each for which ``gaps`` is true.

    Without ``gaps`` there is a blank line between all.  Empty chunks leave no trace.
    """
    text: list[str] = []
    marks: list[Mark] = []
    flags = iter(gaps) if gaps is not None else None
    for chunk in chunks:
        gap = next(flags, True) if flags is not None else True
        if not chunk.text:
            continue
        if text and gap:
            text.append("")
        marks += (_moved(mark, len(text)) for mark in chunk.marks)
        text += chunk.text
    return Lines(text=tuple(text), marks=tuple(marks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the project says about every page.

    ``default_role`` is the role of single backticks, ``""`` for none.  ``extensions`` are the
    MyST extensions that are on already.  ``links`` are names that are defined outside the page
    and their addresses, ``substitutions`` those of a prolog or an epilog, ``roles`` the lines of
    its role directives by the role's name.  ``converted`` are the docnames that become Markdown,
    ``fragments`` those of them that other pages include, ``included`` what the page includes for
    its names alone.  ``rst_suffixes`` is what their files
    end in now, ``directory`` the page's own.  ``registry`` tells the shapes of the project's
    directives.  ``quotes`` is the language in which Sphinx makes quotes typographic, ``""`` where
    it does not.  ``heading_labels`` is true where headings are labels, by their source.
    ``page_rst`` is true where what stays RST may be read by `PAGE_RST` and belong to the page.
    """

    default_role: str = ""
    extensions: frozenset[str] = frozenset()
    links: Mapping[str, str] = field(default_factory=dict)
    substitutions: Mapping[str, nodes.substitution_definition] = field(default_factory=dict)
    roles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    registry: Mapping[str, Shape] = field(default_factory=dict)
    url_schemes: frozenset[str] = URL_SCHEMES
    converted: frozenset[str] = frozenset()
    fragments: frozenset[str] = frozenset()
    included: Definitions = Definitions()  # noqa: RUF009 - it is frozen
    rst_suffixes: frozenset[str] = frozenset({".rst"})
    directory: str = ""
    quotes: str = ""
    heading_labels: bool = False
    page_rst: bool = False


def named_page(path: str, surroundings: Surroundings) -> str | None:
    """Return the docname of the RST file that ``path`` names on a page, None for other files.

    A path that starts with a slash starts at the site's source directory.
    """
    stem, suffix = posixpath.splitext(path)
    if suffix not in surroundings.rst_suffixes:
        return None
    if path.startswith("/"):
        return posixpath.normpath(stem.lstrip("/"))
    return posixpath.normpath(posixpath.join(surroundings.directory, stem))


#: Options of ``include`` that name its ends by their text, which a page keeps as Markdown.
PART = frozenset({"start-after", "end-before"})


def included_page(node: DirectiveRecord, surroundings: Surroundings) -> str | None:
    """Return the docname of the page that an ``include`` directive takes in, else None.

    It takes in the whole page, or the part between two texts.
    """
    if node["name"].lower() != "include" or node["content"]:
        return None
    if not dict(node["options"]).keys() <= PART:
        return None
    return named_page(path_of(node), surroundings)


@dataclass(slots=True, kw_only=True)
class Pen:
    """The state of writing one page.

    ``used`` collects the MyST extensions that the page needs, ``front`` what its front matter
    says.  ``careful`` is true while a block is written the way that escapes everything and
    expands what MyST might read otherwise.  ``markers`` holds the bullet or stop that each list
    was written with, by its node's id.  ``write_flow`` and ``write_block`` are the writer's own.
    """

    record: Record
    page: Page
    surroundings: Surroundings
    choices: Mapping[Key, int]
    default_role: str
    used: set[str] = field(default_factory=set)
    html_meta: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    substitutions: dict[str, str] = field(default_factory=dict)
    shared: dict[str, str] = field(default_factory=dict)
    roles: set[str] = field(default_factory=set)
    footnotes: bool = False
    careful: bool = False
    in_table: bool = False
    in_template: bool = False
    level: int = 0
    markers: dict[int, str] = field(default_factory=dict)
    write_flow: Callable[[Pen, nodes.Element, Key], Lines]
    write_block: Callable[[Pen, nodes.Node, Key, nodes.Node | None], Lines]

    def flow(self, parent: nodes.Element, key: Key) -> Lines:
        """Write the blocks of ``parent``, whose key is ``key``, below one another."""
        return self.write_flow(self, parent, key)

    def block(self, node: nodes.Node, key: Key) -> Lines:
        """Write one block that has no neighbour."""
        return self.write_block(self, node, key, None)

    def cell(self, entry: nodes.Element, key: Key) -> Lines:
        """Write a table's cell, which has a line even where it is empty."""
        return self.flow(entry, key) if entry.children else Lines(text=("",))

    @property
    def syntax(self) -> Syntax:
        """What the page's parser gives a meaning to."""
        return Syntax(
            extensions=self.surroundings.extensions | self.used,
            labels=self.page.labels,
            everything=self.careful,
            table=self.in_table,
        )

    @contextmanager
    def carefully(self) -> Iterator[None]:
        """Escape everything for a while."""
        kept, self.careful = self.careful, True
        try:
            yield
        finally:
            self.careful = kept

    def source(self, node: nodes.Node) -> Sequence[str]:
        """Return a block's source lines, dedented; raises UnwritableError where none are known."""
        span = self.record.span(node)
        if span is None or not span.lines:
            raise UnwritableError("no source of its own")
        sharing = [
            sibling
            for sibling in (node.parent.children if node.parent is not None else ())
            if sibling is not node and self.record.span(sibling) == span
        ]
        if not sharing:
            return span.lines
        if isinstance(node, nodes.paragraph):  # what follows its `::` is a block of its own
            return re.sub(r"\s+::\Z|:(?=:\Z)", "", node.rawsource).split("\n")
        raise UnwritableError("no source of its own")
