"""What a reStructuredText document consists of."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from docutils import frontend, nodes, utils
from docutils.parsers.rst import Directive, Parser, roles, states
from docutils.parsers.rst import directives as registry
from docutils.statemachine import StringList

from doctest_nix.document import Block, Container, Document, Element, Heading, Prose, Style
from doctest_nix.errors import DocumentError, Slug
from doctest_nix.formats import directives
from doctest_nix.formats.directives import Holds
from doctest_nix.formats.source import comment, dedent_option, location, normalise

Pairs = tuple[tuple[str, str], ...]

#: Where a role such as ``ref`` leads, beside the title that it shows.
_TARGET = re.compile(r"(?<=\S)\s*<[^<>]*>\Z")

#: A literal block or a directive in source that was not parsed.
_MAY_HOLD_CODE = re.compile(r"::[ |]*$|^[ |]*\.\.[ ]+\S+::", re.MULTILINE)

#: A level above docutils' highest, SEVERE: it reports nothing and stops at nothing.
_NEVER = 5

#: How many lines docutils may be off, not counting the lines of the text itself.
_FARTHEST = 50

#: What docutils calls for a role: name, source, text, line, inliner, options, content.
RoleFunction = Callable[..., tuple[list[nodes.Node], list[nodes.system_message]]]

#: ``str.splitlines``, and so docutils, ends lines at these; no editor does.
_NO_LINE_END = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))

_OPTION = re.compile(r":(?![: ])((?:[^:\\]|\\.|:(?!(?:\s|\Z)))*):(?:\s+(.*)|\s*)\Z")


def parse(text: str, path: Path) -> Document:
    """Read reStructuredText as Sphinx does, with no directive or role registered or needed.

    Elements are in source order.  Nothing is included, run or printed, and docutils is left as
    it was.  Raises DocumentError: RST_SYNTAX where docutils itself gives up, ANNOTATION for an
    annotation written as a directive.  Markup that docutils only complains about (an unknown
    target, a title of the wrong level) is the page builder's business.
    """
    return Document(path=path, elements=elements(normalise(text), path))


def elements(
    text: str,
    path: Path,
    *,
    offset: int = 0,
    containers: tuple[Container, ...] = (),
    section: tuple[str, ...] = (),
    level: int = 0,
) -> tuple[Element, ...]:
    """Read normalised text that stands ``offset`` lines down in a document, in what is around."""
    text = text.translate(_NO_LINE_END)
    lines = [line.expandtabs(8).rstrip() for line in text.split("\n")]
    reader = _Reader(path, lines, offset)
    try:
        reader.walk(_doctree(text, path), _Place(containers, section, level))
    except DocumentError:
        raise
    except RecursionError:
        problem = "lists, quotes or directives are nested too deep for docutils"
        remedy = "Nest less, or close what should have ended."
        raise _syntax_error(path, offset + 1, problem, remedy) from None
    except Exception as error:  # docutils has bugs of its own; a page must not stop the run
        problem = f"docutils cannot read this document: {type(error).__name__}: {error}"
        remedy = "Build the page with Sphinx or `docutils` to see the place."
        raise _syntax_error(path, offset + 1, problem, remedy) from error
    return tuple(reader.elements)


@contextmanager
def dispatching(
    directive: Callable[[str], type[Directive] | None],
    role: Callable[[str], RoleFunction | None],
) -> Iterator[None]:
    """Let ``directive(name)`` and ``role(name)`` answer what docutils looks up, in this context.

    Names are as the document writes them; the default role is ``""``.  None leaves the name to
    whatever answered before.  The functions of before are put back on every way out, and no name
    is registered, so nothing of the parse stays.  docutils keeps them in two module attributes:
    one context at a time in a process, or properly nested ones.
    """
    directive_before, role_before = registry.directive, roles.role

    def find_directive(name: str, *others: Any) -> tuple[Any, list[nodes.system_message]]:
        found = directive(name)
        return directive_before(name, *others) if found is None else (found, [])

    def find_role(name: str, *others: Any) -> tuple[Any, list[nodes.system_message]]:
        found = role(name)
        return role_before(name, *others) if found is None else (found, [])

    # The stubs name every parameter of the functions; docutils passes them by position.
    registry.directive = find_directive  # type: ignore[assignment]
    roles.role = find_role  # type: ignore[assignment]
    try:
        yield
    finally:
        registry.directive = directive_before
        roles.role = role_before


def annotation_as_directive(path: Path, line: int, form: str) -> DocumentError:
    """Return the complaint about a ``doctest-nix`` directive; ``form`` is the right spelling."""
    problem = "an annotation is written as a directive, which Sphinx drops with what follows"
    return DocumentError(path, line, Slug.ANNOTATION, problem, remedy=f"Write a comment: {form}.")


def _syntax_error(path: Path, line: int, problem: str, remedy: str) -> DocumentError:
    return DocumentError(path, line, Slug.RST_SYNTAX, problem, remedy=remedy)


# Parsing


def _doctree(text: str, path: Path) -> nodes.document:
    parser = Parser()
    settings = frontend.get_default_settings(Parser)
    settings.report_level = settings.halt_level = _NEVER
    settings.warning_stream = False
    settings.file_insertion_enabled = settings.raw_enabled = False
    settings.line_length_limit = sys.maxsize  # beyond it docutils drops the whole document
    document = utils.new_document(str(path), settings)
    with dispatching(lambda name: _RecordedDirective, lambda name: _recorded_role):
        parser.parse(text, document)
    return document


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """A directive as written: ``text`` and ``text_lines`` are its body and where it stands."""

    name: str
    line: int
    end_line: int
    argument: str
    options: Pairs
    text: tuple[str, ...]
    text_lines: tuple[int, ...]


class _recorded(nodes.General, nodes.Element):  # noqa: N801 - docutils names nodes like this
    """A directive in the tree, its ``record``, and for prose its body as children."""

    record: _Record


class _RecordedDirective(Directive):
    """Takes any directive, splits it into argument, options and body, and parses prose."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        if isinstance(self.state, states.SubstitutionDef):
            return [nodes.inline("", self.name)]  # what is substituted is a word in prose
        content = self.content
        line = self._line(self.lineno)
        where = [number + 1 for _, number in content.items]
        head = _head(content.data, where, line)
        options_end = head
        options: list[tuple[str, str]] = []
        if not where or where[0] <= line + 1:
            options_end, options = _options(content.data, head)
        takes = directives.takes_argument(self.name)
        first = options_end if takes or options else 0
        while first < len(content) and not content[first].strip():
            first += 1
        node = _recorded()
        node.document = self.state.document  # gives lines to the nodes that are put in it
        node.record = _Record(
            name=self.name,
            line=line,
            end_line=where[-1] if where else line,
            argument=" ".join(part.strip() for part in content.data[:head]) if takes else "",
            options=tuple(options),
            text=tuple(content.data[first:]),
            text_lines=tuple(where[first:]),
        )
        holds = directives.holds(self.name, lambda key: any(key == k for k, _ in options))
        if holds is Holds.PROSE:
            shown = content[options_end:]
            if directives.shows_argument(self.name):
                shown = content[:head] + shown
            self._parse(shown, node)
        return [node]

    def _line(self, number: int) -> int:
        _, line = self.state_machine.get_source_and_line(number)
        return number if line is None else line

    def _parse(self, shown: StringList, node: nodes.Element) -> None:
        """Parse prose that may have titles of its own, as in ``only``, below any other."""
        memo = self.state.memo
        styles, level = memo.title_styles, memo.section_level
        memo.title_styles, memo.section_level = [], 0
        try:
            self.state.nested_parse(shown, self.content_offset, node, match_titles=True)
        finally:
            memo.title_styles, memo.section_level = styles, level


def _head(content: list[str], where: list[int], line: int) -> int:
    """Return how many lines the argument takes: from the directive's line to options or a blank."""
    if not where or where[0] > line + 1:
        return 0
    for count, text in enumerate(content):
        if not text.strip() or _OPTION.match(text) or (count and where[count] > line + 1):
            return count
    return len(content)


def _options(content: list[str], start: int) -> tuple[int, list[tuple[str, str]]]:
    options: list[tuple[str, str]] = []
    for number in range(start, len(content)):
        text = content[number]
        match = _OPTION.match(text)
        if match is not None:
            options.append((match[1], (match[2] or "").strip()))
        elif options and text[:1] == " " and text.strip():
            key, value = options[-1]
            options[-1] = (key, f"{value}\n{text.strip()}".strip())
        else:
            return number, options
    return len(content), options


def _recorded_role(
    name: str, rawtext: str, text: str, *_others: Any, **_options: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    text = utils.unescape(text)
    if name.lower() in directives.LITERAL_ROLES:
        return [nodes.literal(rawtext, text)], []
    return [nodes.inline(rawtext, _TARGET.sub("", text))], []


# Reading the tree


@dataclass(frozen=True, slots=True)
class _Place:
    containers: tuple[Container, ...]
    section: tuple[str, ...]
    level: int


class _Reader:
    """One walk over one tree; ``lines`` are those of the text that it was parsed from."""

    def __init__(self, path: Path, lines: list[str], offset: int) -> None:
        self.path = path
        self.lines = lines
        self.offset = offset
        self.elements: list[Element] = []
        self.highlight = ""
        self.near = 1

    def walk(self, parent: nodes.Element, place: _Place) -> None:
        """Emit the elements below ``parent``."""
        for node in parent.children:
            self.near = node.line or self.near
            match node:
                case nodes.system_message():
                    self.dropped(node)
                case _recorded():
                    self.directive(node, place)
                case nodes.section():
                    self.section(node, place)
                case nodes.literal_block():
                    self.block(node, Style.LITERAL, self.highlight, place)
                case nodes.doctest_block():
                    self.block(node, Style.DOCTEST, "", place)
                case nodes.comment():
                    self.comment(node)
                case nodes.Invisible() | nodes.Inline() | nodes.field_name() | nodes.label():
                    pass  # shows nothing, or only points
                case nodes.TextElement():
                    self.prose(node, place)
                case nodes.Element():
                    self.walk(node, place)

    def section(self, node: nodes.section, place: _Place) -> None:
        title = next(iter(node.findall(nodes.title)))
        text = " ".join(title.astext().split())
        underline = title.line or node.line or self.near
        line = self.find([title.rawsource.strip()], underline - 1)
        where = location(self.path, line, line + 1)
        self.elements.append(Heading(location=where, title=text, level=place.level + 1))
        rest = nodes.Element()
        rest.children = [child for child in node.children if child is not title]
        self.walk(rest, _Place(place.containers, (*place.section, text), place.level + 1))

    def prose(self, node: nodes.TextElement, place: _Place) -> None:
        source = node.rawsource or node.astext()
        text = " ".join(source.split())
        if not text:
            return
        parts = source.strip().split("\n")
        line = self.find(parts, node.line)
        self.elements.append(
            Prose(
                location=location(self.path, line, line + len(parts) - 1),
                text=text,
                code=tuple(literal.astext() for literal in node.findall(nodes.literal)),
                containers=place.containers,
            )
        )

    def dropped(self, node: nodes.system_message) -> None:
        """Complain if docutils gave up on a table that may have a block in it.

        What else it complains about stays in the document, but for titles.
        """
        if not node.children[0].astext().startswith("Malformed table"):
            return
        for lost in node.findall(nodes.literal_block):
            if _MAY_HOLD_CODE.search(lost.astext()):
                line = self.find(lost.astext().split("\n"), node.get("line"))
                problem = "this table is malformed, and docutils drops it with what is in it"
                remedy = "Correct its borders, so that it is shown and its blocks are checked."
                raise _syntax_error(self.path, line, problem, remedy)

    def comment(self, node: nodes.comment) -> None:
        parts = node.astext().split("\n")
        if directives.RESERVED not in parts[0]:
            return
        line = self.find(parts, node.line)
        found = comment(parts, location(self.path, line, line + len(parts) - 1))
        if found is not None:
            self.elements.append(found)

    def block(self, node: nodes.TextElement, style: Style, language: str, place: _Place) -> None:
        parts = node.astext().split("\n")
        line = self.find(parts, node.line)
        block = self.empty(style, line, line + len(parts) - 1, place)
        self.elements.append(replace(block, language=language, text="\n".join(parts)))

    def directive(self, node: _recorded, place: _Place) -> None:
        record = node.record
        if record.name.lower() == directives.RESERVED:
            line = record.line + self.offset
            raise annotation_as_directive(self.path, line, "`.. doctest-nix: …`, with one colon")
        options = dict(record.options)
        match directives.holds(record.name, options.__contains__):
            case Holds.CODE:
                self.code(record, place)
            case Holds.FILE:
                self.file(record, place)
            case Holds.HIGHLIGHT:
                self.highlight = record.argument
            case Holds.PROSE | Holds.RST:
                container = Container(
                    name=record.name.lower(),
                    argument=record.argument,
                    options=record.options,
                    line=record.line + self.offset,
                )
                self.walk(node, _Place((*place.containers, container), place.section, place.level))
            case Holds.OTHER:
                pass

    def code(self, record: _Record, place: _Place) -> None:
        language, info = directives.code_argument(record.name, record.argument)
        options = dict(record.options)
        if directives.is_tab(record.name):
            line = record.line + self.offset
            tab = Container(name=record.name.lower(), argument=info, line=line)
            place = _Place((*place.containers, tab), place.section, place.level)
        text_line = record.text_lines[0] if record.text_lines else record.end_line
        self.elements.append(
            replace(
                self.recorded(Style.DIRECTIVE, record, place),
                language=language or self.highlight,
                text="\n".join(dedent_option(list(record.text), options.get("dedent"))),
                text_line=text_line + self.offset,
                info=info,
            )
        )

    def file(self, record: _Record, place: _Place) -> None:
        block = self.recorded(Style.INCLUDED, record, place)
        language = block.option("language") or block.option("code") or self.highlight
        self.elements.append(replace(block, language=language, include=record.argument))

    def recorded(self, style: Style, record: _Record, place: _Place) -> Block:
        """Return the block of a directive, without its language and text."""
        line, end_line = record.line + self.offset, record.end_line + self.offset
        block = self.empty(style, line, end_line, place)
        return replace(block, caption=dict(record.options).get("caption"), options=record.options)

    def empty(self, style: Style, line: int, end_line: int, place: _Place) -> Block:
        return Block(
            location=location(self.path, line, end_line),
            style=style,
            language="",
            text="",
            text_line=line,
            containers=place.containers,
            section=place.section,
        )

    def find(self, parts: list[str], near: int | None) -> int:
        """Return the document line where ``parts`` stand; ``near`` is what docutils says.

        docutils gives some nodes the line where it noticed them, which is below their last one,
        and blank lines may be between.  In a table cell a part is only a piece of its line.
        """
        guess = min(max(near or self.near, 1), len(self.lines))
        above = range(guess, max(guess - len(parts) - _FARTHEST, 0), -1)
        below = range(guess + 1, min(guess + _FARTHEST, len(self.lines)) + 1)
        found = (line for line in chain(above, below) if self.stands_at(parts, line))
        return next(found, guess) + self.offset

    def stands_at(self, parts: list[str], line: int) -> bool:
        if line - 1 + len(parts) > len(self.lines):
            return False
        return all(
            part.strip() in self.lines[line - 1 + number] for number, part in enumerate(parts)
        )
