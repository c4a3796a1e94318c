"""What a Markdown or MyST document consists of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.token import Token
from mdit_py_plugins.attrs import attrs_block_plugin
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.footnote import footnote_plugin
from mdit_py_plugins.front_matter import front_matter_plugin
from mdit_py_plugins.myst_blocks import myst_block_plugin

from doctest_nix.document import Block, Container, Document, Element, Heading, Prose, Style
from doctest_nix.errors import DocumentError, Slug
from doctest_nix.formats import directives, front_matter, material
from doctest_nix.formats.directives import Holds
from doctest_nix.formats.fence import Code, Directive, Div, Pairs, Raw, fences, opening
from doctest_nix.formats.include import MDBOOK
from doctest_nix.formats.inline import Inline, comments, visible
from doctest_nix.formats.source import comment, dedent, dedent_option, location, normalise

#: Levels of lists and quotes, and levels of directives: more is a mistake, and would be lost.
_DEEPEST = 100
_DEEPEST_DIRECTIVE = 20

_OPTION = re.compile(r"\s*:(?P<key>[^\s:](?:[^:]*[^\s:])?):(?:\s+(?P<value>.*))?")


def parse(text: str, path: Path) -> Document:
    """Read Markdown: CommonMark with tables, and all of MyST that says where code stands.

    Elements are in source order, those in directives, quotes, lists, definitions and footnotes
    where they stand.  Raises DocumentError: FRONT_MATTER for one that is no YAML mapping,
    UNCLOSED_FENCE for a fence or comment that the end of its container closes, ANNOTATION for
    an annotation written as a directive, UNREADABLE for nesting beyond reason; and what
    ``rst.parse`` raises, for ``{eval-rst}`` and ``{page-rst}``.
    """
    text = normalise(text)
    reader = _Reader(path)
    try:
        reader.document(text if text.endswith("\n") else text + "\n")
    except (_TooDeep, RecursionError):
        problem = "quotes, lists or directives are nested too deep to be read"
        remedy = "Nest less, or close what should have ended."
        raise DocumentError(path, 1, Slug.UNREADABLE, problem, remedy=remedy) from None
    return Document(path=path, elements=tuple(reader.elements))


class _TooDeep(Exception):  # noqa: N818 - it never leaves this module
    """The parser would leave out what is nested deeper."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """Where a text stands: the number of lines before it, and what is around it."""

    offset: int = 0
    containers: tuple[Container, ...] = ()
    section: tuple[str, ...] = ()
    level: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class _Body:
    """A directive below its first line: ``text_line`` is the line of ``lines[0]``."""

    line: int
    end_line: int
    options: Pairs
    lines: list[str]
    text_line: int


class _Sections:
    """The headings above a point.

    A heading reigns to the end of what it stands in: one in a quote, a list item or a directive
    is below the headings outside and ends with it.
    """

    def __init__(self, place: _Place) -> None:
        self._place = place
        self._open: list[list[tuple[int, str]]] = [[]]

    def nest(self, nesting: int) -> None:
        if nesting == 1:
            self._open.append([])
        elif nesting == -1:
            self._open.pop()

    def place(self) -> _Place:
        titles = tuple(title for opened in self._open for _, title in opened)
        level = self._place.level + sum(opened[-1][0] for opened in self._open if opened)
        return replace(self._place, section=self._place.section + titles, level=level)

    def enter(self, level: int, title: str) -> int:
        """Begin the section ``title``, and return its level in the document."""
        here = self._open[-1]
        here[:] = [(above, name) for above, name in here if above < level]
        outside = sum(opened[-1][0] for opened in self._open[:-1] if opened)
        here.append((level, title))
        return self._place.level + outside + level


class _Reader:
    """One reading of one document."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.elements: list[Element] = []
        self.highlight = ""
        self.parser = _block_parser()
        self.shown = Inline()

    def document(self, text: str) -> None:
        """Read a whole document, ``text`` ending in a newline."""
        front_matter.check_closed(text, self.path)
        tokens = self.parser.parse(text)
        self.parser.disable("front_matter")  # in a directive, `---` begins its options
        self.read(tokens, _Place())

    def read(self, tokens: Sequence[Token], place: _Place) -> None:
        """Emit the elements of ``tokens``, which are numbered from ``place.offset``."""
        sections = _Sections(place)
        line, end_line = place.offset + 1, place.offset + 1
        heading = 0
        for token in tokens:
            if token.map is not None:  # the parts of a table row have none
                line = place.offset + token.map[0] + 1
                end_line = max(place.offset + token.map[1], line)
            if token.type in ("heading_open", "heading_close"):
                heading = int(token.tag[1:]) if token.nesting == 1 else 0
            elif token.nesting:
                sections.nest(token.nesting)
            elif heading:
                title = self.shown.title(token.content)
                level = sections.enter(heading, title)
                where = location(self.path, line, end_line)
                self.elements.append(Heading(location=where, title=title, level=level))
            else:
                self.leaf(token, line, end_line, sections.place())

    def leaf(self, token: Token, line: int, end_line: int, place: _Place) -> None:
        """Emit what a token without children stands for."""
        match token.type:
            case "inline":
                self.prose(token.content, line, end_line, place.containers)
            case "fence":
                self.fence(token, line, end_line, place)
            case "code_block":
                text = token.content.removesuffix("\n")
                block = self.block(Style.INDENTED, line, end_line, place)
                self.elements.append(replace(block, text=text, text_line=line))
            case material.TOKEN:
                name, argument = token.meta["name"], token.meta["argument"]
                container = Container(name=name, argument=argument, line=line)
                self.inside(container, token.content.split("\n"), line + 1, place)
            case "html_block":
                self.html(token.content, line, end_line, place)
            case "myst_line_comment":
                self.comment(token.content.split("\n"), line, end_line)
            case "front_matter":
                front_matter.check(token.content, self.path, line)

    # Prose and comments

    def prose(
        self, content: str, line: int, end_line: int, containers: tuple[Container, ...]
    ) -> None:
        """Emit text between blocks, if it shows anything, and the comments within it."""
        if visible(content):
            self.elements.append(
                Prose(
                    location=location(self.path, line, end_line),
                    text=" ".join(part.strip() for part in content.split("\n")),
                    code=self.shown.code(content),
                    containers=containers,
                )
            )
        for start, end in self.shown.comments(content):
            self.comment_in(content, start, end, line)

    def html(self, content: str, line: int, end_line: int, place: _Place) -> None:
        """Emit the comments and the text of an HTML block."""
        rest = 0
        for start, end in comments(content):
            self.comment_in(content, start, end, line)
            rest = end
        unclosed = content.find("<!--", rest)
        if content.startswith("<!--") and unclosed >= 0:
            at = line + content.count("\n", 0, unclosed)
            problem = "this comment is never closed, so nothing after it is shown"
            remedy = "End it with `-->`, in the same list item, quote or directive."
            raise DocumentError(self.path, at, Slug.UNCLOSED_FENCE, problem, remedy=remedy)
        text = visible(content)
        if text:
            where = location(self.path, line, end_line)
            shown = " ".join(text.split())
            self.elements.append(Prose(location=where, text=shown, containers=place.containers))

    def comment_in(self, content: str, start: int, end: int, line: int) -> None:
        """Emit the HTML comment at these places of ``content``, which begins on ``line``."""
        first = line + content.count("\n", 0, start)
        last = line + content.count("\n", 0, end)
        self.comment(content[start + 4 : end - 3].split("\n"), first, last)

    def comment(self, lines: list[str], line: int, end_line: int) -> None:
        """Emit a comment if it is one of ours."""
        found = comment(lines, location(self.path, line, end_line))
        if found is not None:
            self.elements.append(found)

    # Fences

    def fence(self, token: Token, line: int, end_line: int, place: _Place) -> None:
        """Emit what a fence holds: a block, or the elements of its body, or nothing."""
        if not token.meta["closed"]:
            problem = f"the fence {token.markup + token.info!r} is never closed"
            remedy = (
                f"Close it with a line {token.markup!r} in the same list item, quote or "
                "directive, indented as the opening one."
            )
            raise DocumentError(self.path, line, Slug.UNCLOSED_FENCE, problem, remedy=remedy)
        lines = token.content.split("\n") if token.meta["lines"] else []
        attached = tuple((key, str(value)) for key, value in token.attrs.items())
        match opening(token.info, token.markup[0]):
            case Code() as code:
                self.plain(code, attached, lines, self.block(Style.FENCE, line, end_line, place))
            case Directive() as directive:
                options, taken = _options(lines)
                body = _Body(
                    line=line,
                    end_line=end_line,
                    options=options + attached,
                    lines=lines[taken:],
                    text_line=line + 1 + taken,
                )
                self.directive(directive, body, place)
            case Div() as div:
                options = div.attributes + attached
                container = Container(
                    name=div.name, argument=div.argument, options=options, line=line
                )
                self.inside(container, lines, line + 1, place)
            case Raw():
                pass

    def plain(self, code: Code, attached: Pairs, lines: list[str], block: Block) -> None:
        """Emit a code fence; one with an mdBook include shows more than it holds."""
        options = code.attributes + attached
        block = replace(
            block,
            language=code.language or self.highlight,
            text="\n".join(lines),
            text_line=block.location.line + 1,
            caption=_caption(options),
            info=code.info,
            options=options,
        )
        included = MDBOOK.search(block.text)
        if included is not None:
            line = block.location.line
            block = replace(block, style=Style.INCLUDED, text_line=line, include=included[1])
        self.elements.append(block)

    def directive(self, directive: Directive, body: _Body, place: _Place) -> None:
        """Emit what a directive holds, by its name."""
        name = directive.name
        if name.lower() == directives.RESERVED:
            from doctest_nix.formats import rst  # noqa: PLC0415  docutils, for few pages

            raise rst.annotation_as_directive(self.path, body.line, "`<!-- doctest-nix: … -->`")
        match directives.holds(name, dict(body.options).__contains__):
            case Holds.CODE:
                self.code(directive, body, place)
            case Holds.FILE:
                block = self.block(Style.INCLUDED, body.line, body.end_line, place)
                block = replace(block, options=body.options, include=directive.argument)
                language = block.option("language") or block.option("code") or self.highlight
                caption = _caption(body.options)
                self.elements.append(replace(block, language=language, caption=caption))
            case Holds.HIGHLIGHT:
                self.highlight = directive.argument
            case Holds.RST:
                from doctest_nix.formats import rst  # noqa: PLC0415  docutils, for few pages

                nested = rst.elements(
                    "\n".join(body.lines),
                    self.path,
                    offset=body.text_line - 1,
                    containers=place.containers,
                    section=place.section,
                    level=place.level,
                )
                self.elements.extend(nested)
            case Holds.PROSE:
                takes = directives.takes_argument(name)
                container = Container(
                    name=name.lower(),
                    argument=directive.argument if takes else "",
                    options=body.options,
                    line=body.line,
                )
                if not takes:
                    containers = (*place.containers, container)
                    self.prose(directive.argument, body.line, body.line, containers)
                if container.name == "glossary":
                    self.glossary(container, body, place)
                else:
                    self.inside(container, body.lines, body.text_line, place, line=body.line)
            case Holds.OTHER:
                pass

    def code(self, directive: Directive, body: _Body, place: _Place) -> None:
        """Emit a code directive: blank lines after its options are no part of the code."""
        blank = next((i for i, text in enumerate(body.lines) if text.strip()), 0)
        lines = body.lines[blank:]
        language, info = directives.code_argument(directive.name, directive.argument)
        lines = dedent_option(lines, dict(body.options).get("dedent"))
        if directives.is_tab(directive.name):
            tab = Container(name=directive.name.lower(), argument=info, line=body.line)
            place = replace(place, containers=(*place.containers, tab))
        self.elements.append(
            replace(
                self.block(Style.DIRECTIVE, body.line, body.end_line, place),
                language=language or self.highlight,
                text="\n".join(lines),
                text_line=body.text_line + blank,
                caption=_caption(body.options),
                info=info,
                options=body.options,
            )
        )

    def glossary(self, container: Container, body: _Body, place: _Place) -> None:
        """Read a glossary as Sphinx does: terms at the margin, their definitions indented.

        The indentation is taken from a definition's first line.  Without that, CommonMark would
        take every paragraph of a definition but the first for indented code.
        """
        inner = replace(place, containers=(*place.containers, container))
        definition: list[str] = []
        for number, line in enumerate([*body.lines, "end"]):
            if not line.strip() or line[0] in " \t":
                definition.append(line)
                continue
            first = next((text for text in definition if text.strip()), "")
            columns = len(first) - len(first.lstrip())
            source = "\n".join(dedent(definition, columns)) + "\n"
            offset = body.text_line + number - len(definition) - 1
            self.read(self.parser.parse(source), replace(inner, offset=offset))
            definition = []
            if number < len(body.lines):
                at = body.text_line + number
                self.prose(line, at, at, inner.containers)

    def block(self, style: Style, line: int, end_line: int, place: _Place) -> Block:
        """Return an empty block at these lines, in its place."""
        return Block(
            location=location(self.path, line, end_line),
            style=style,
            language="",
            text="",
            text_line=line,
            containers=place.containers,
            section=place.section,
        )

    def inside(
        self,
        container: Container,
        lines: list[str],
        text_line: int,
        place: _Place,
        *,
        line: int | None = None,
    ) -> None:
        """Read the body of a directive, whose first line is the document's ``text_line``.

        The directive itself is on ``line``, by default the line before its body.  Its title
        stands in the directive like the body, where a reader sees one.
        """
        containers = (*place.containers, container)
        if len(containers) > _DEEPEST_DIRECTIVE:
            raise _TooDeep
        if container.argument and directives.shows_argument(container.name):
            at = text_line - 1 if line is None else line
            self.prose(container.argument, at, at, containers)
        tokens = self.parser.parse("\n".join(lines) + "\n")
        self.read(tokens, replace(place, offset=text_line - 1, containers=containers))


def _options(lines: list[str]) -> tuple[Pairs, int]:
    """Return the options at the head of a directive, and how many lines they take."""
    if lines and lines[0].rstrip() == "---":  # not `--- a/file`, which begins a patch
        end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
        if end is not None:
            return tuple(front_matter.scalars("\n".join(lines[1:end]))), end + 1
    pairs: list[tuple[str, str]] = []
    for line in lines:
        match = _OPTION.fullmatch(line)
        if match is None:
            break
        pairs.append((match["key"], _unquoted((match["value"] or "").strip())))
    return tuple(pairs), len(pairs)


def _unquoted(value: str) -> str:
    quoted = len(value) > 1 and value[0] in "\"'" and value[-1] == value[0]
    return value[1:-1] if quoted else value


def _caption(options: Pairs) -> str | None:
    return next((value for key, value in options if key in ("caption", "title")), None)


def _block_parser() -> MarkdownIt:
    """Return the parser of blocks, which leaves the text in them alone."""
    md = MarkdownIt("commonmark", {"maxNesting": _DEEPEST}).enable("table")
    md.use(front_matter_plugin).use(myst_block_plugin).use(deflist_plugin)
    md.use(footnote_plugin).use(attrs_block_plugin).use(fences).use(material.indented_bodies)
    md.block.ruler.before("front_matter", "depth", _depth)
    md.disable(["inline", "text_join", "footnote_tail"])
    return md


def _depth(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Complain where the parser is about to leave text out."""
    if state.level >= _DEEPEST - 4:
        raise _TooDeep
    return False
