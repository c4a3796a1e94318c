"""What an RST source says, to the letter: a parse that loses nothing, with docutils' own parser.

Directives and roles are not run.  While the source is parsed, docutils' two registries answer
with recorders, as Sphinx's own dispatcher does: they keep name, argument, options, body and text
as written, and parse the body again where it is prose.  No transform runs, so labels,
references, footnotes, substitutions and comments stand where they were written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

from docutils import frontend, nodes, statemachine, utils
from docutils.parsers.rst import Directive, Parser, directives, languages, roles, states
from docutils.statemachine import StringList

from converters.shapes import Argument, Body, Shape, shape_of


class DirectiveRecord(nodes.General, nodes.Inline, nodes.Element):
    """A directive as written.

    Attributes: ``name`` (``rst-class`` for a ``class`` that describes nothing, since a domain may
    have that name), ``argument`` (lines joined by newlines, None where there is none),
    ``options`` (pairs of name and value in source order), ``content`` (the body's lines, common
    indentation removed).  Its children are the parsed body where the body may be prose; those of
    a glossary are ``definition_list_item`` nodes.
    """


class RoleRecord(nodes.Inline, nodes.TextElement):
    """Interpreted text as written: ``name`` (``""`` for the default role) and ``text``.

    ``text`` has its backslashes, ``plain`` has them resolved.  Its one child is the plain text.
    """


def path_of(node: DirectiveRecord) -> str:
    """Return the path that a directive's argument is; it may go on over lines."""
    return "".join((node["argument"] or "").split())


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Where a block stands: its first line, 1-based, and its source lines, dedented."""

    line: int
    lines: tuple[str, ...]

    @property
    def end_line(self) -> int:
        """The block's last line."""
        return self.line + len(self.lines) - 1


class Spans:
    """The spans of nodes, by identity; nodes are kept alive, so that no other gets their place."""

    def __init__(self) -> None:
        """Start empty."""
        self._found: dict[int, tuple[nodes.Node, Span]] = {}

    def get(self, node: nodes.Node) -> Span | None:
        """Return the span of ``node``, None where none was noted."""
        found = self._found.get(id(node))
        return found[1] if found is not None else None

    def note(self, node: nodes.Node, span: Span) -> None:
        """Keep the span of ``node``."""
        self._found[id(node)] = (node, span)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A complaint of the RST parser at a line: ``level`` is docutils' (3 is an error)."""

    line: int
    level: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A parsed source.

    ``document`` is docutils' tree before any transform, with records for directives and roles.
    """

    document: nodes.document
    lines: tuple[str, ...]
    problems: tuple[Problem, ...]
    spans: Spans = field(repr=False)

    def span(self, node: nodes.Node) -> Span | None:
        """Return where a block node stands, None for nodes that are no blocks of their own."""
        return self.spans.get(node)

    def end_line(self, section: nodes.section) -> int:
        """Return the last line of a section, those below it included."""
        following = section.next_node(descend=False, siblings=True, ascend=True)
        span = self.span(following) if following is not None else None
        return span.line - 1 if span is not None else len(self.lines)


def record(
    text: str, *, registry: Mapping[str, Shape] | None = None, source: str = "<string>"
) -> Record:
    """Parse RST ``text``; ``registry`` tells the shapes of an extension's directives.

    Never raises for what the text says: what docutils complains of is in ``problems``.
    """
    settings = _settings()
    document = utils.new_document(source, settings)
    problems: list[Problem] = []
    document.reporter.attach_observer(lambda message: problems.append(_problem(message)))
    lines = statemachine.string2lines(text, settings.tab_width, convert_whitespace=True)
    spans = Spans()
    machine_class, nested_class = _machines(spans)
    with _recording(registry or {}, nested_class):
        machine = machine_class(state_classes=states.state_classes, initial_state="Body")
        machine.run(lines, document)
    return Record(
        document=document, lines=tuple(lines), problems=tuple(_complaints(problems)), spans=spans
    )


def record_inline(text: str) -> Sequence[nodes.Node]:
    """Parse ``text`` as a phrase: an argument or option that a directive reads as markup."""
    document = utils.new_document("<phrase>", _settings())
    inliner = states.Inliner()
    inliner.init_customizations(document.settings)
    language = languages.get_language("en", document.reporter)
    memo = SimpleNamespace(
        document=document, reporter=document.reporter, language=language, inliner=inliner
    )
    with _recording({}, states.NestedStateMachine):
        found, _ = inliner.parse(text, 1, memo, document)
    return list(found)


def _settings() -> Any:
    settings = frontend.get_default_settings(Parser)
    settings.report_level = 5
    settings.halt_level = 6
    settings.warning_stream = False
    return settings


def _problem(message: nodes.system_message) -> Problem:
    return Problem(line=message.get("line") or 0, level=message["level"], text=message.astext())


def _complaints(problems: Sequence[Problem]) -> Iterator[Problem]:
    for problem in problems:
        if problem.level >= 2:
            yield problem


@contextmanager
def _recording(
    registry: Mapping[str, Shape], nested: type[states.NestedStateMachine]
) -> Iterator[None]:
    """Let docutils' registries answer with recorders, and its parser note where blocks stand."""

    def directive(
        name: str, language: Any, document: nodes.document
    ) -> tuple[type[Directive], list[nodes.system_message]]:
        return _recorder(name, shape_of(name, registry)), []

    def role(
        name: str, language: Any, lineno: int, reporter: Any
    ) -> tuple[Callable[..., Any], list[nodes.system_message]]:
        return _record_role, []

    kept = directives.directive, roles.role
    kept_machine, kept_cache = states.RSTState.nested_sm, states.RSTState.nested_sm_cache
    setattr(directives, "directive", directive)  # noqa: B010 - the stubs know the original only
    setattr(roles, "role", role)  # noqa: B010
    states.RSTState.nested_sm, states.RSTState.nested_sm_cache = nested, []
    try:
        yield
    finally:
        setattr(directives, "directive", kept[0])  # noqa: B010
        setattr(roles, "role", kept[1])  # noqa: B010
        states.RSTState.nested_sm, states.RSTState.nested_sm_cache = kept_machine, kept_cache


def _record_role(
    name: str, rawtext: str, text: str, *_context: object
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    plain = nodes.unescape(text)
    node = RoleRecord(rawtext, plain)
    node["name"] = name or ""
    node["text"] = nodes.unescape(text, True)
    node["plain"] = plain
    return [node], []


class _Options(dict[str, Callable[[str], Any]]):
    """An option specification that knows every option and keeps its value as written."""

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, key: str) -> Callable[[str], Any]:
        return lambda value: value or ""


def _recorder(name: str, shape: Shape) -> type[Directive]:
    takes_argument = shape.argument is not Argument.NONE
    own_class = name.lower() == "class" and shape.argument is not Argument.SIGNATURES

    class Recorder(Directive):
        required_arguments = 0
        optional_arguments = 1 if takes_argument else 0
        final_argument_whitespace = True
        has_content = True
        option_spec: ClassVar[dict[str, Callable[[str], Any]] | None] = (
            None if shape.options == frozenset() else _Options()
        )

        def run(self) -> list[nodes.Node]:
            node = DirectiveRecord(
                self.block_text,
                name="rst-class" if own_class else self.name,
                argument=self.arguments[0] if self.arguments else None,
                options=tuple(self.options.items()),
                content=tuple(self.content),
            )
            node.line = self.lineno
            self._record_body(node)
            return [node]

        def _record_body(self, node: DirectiveRecord) -> None:
            if not self.content:
                return
            if shape.body is Body.GLOSSARY:
                self._record_glossary(node)
            elif shape.body is Body.INLINE:
                for offset, line in enumerate(self.content):
                    inlines, _ = self.state.inline_text(line, self.content_offset + offset + 1)
                    node += nodes.line(line, "", *inlines)
            elif shape.body in (Body.PROSE, Body.UNKNOWN):
                self._record_prose(node)

        def _record_prose(self, node: DirectiveRecord) -> None:
            """Parse the body; where it may have titles, their styles are its own."""
            may_have = shape.body is Body.UNKNOWN or shape.argument is Argument.SIGNATURES
            titles = may_have or self.name in {"only", "ifconfig"}
            memo = self.state.memo
            kept = memo.title_styles, memo.section_level
            if titles:
                memo.title_styles, memo.section_level = [], 0
            try:
                self.state.nested_parse(
                    self.content, self.content_offset, node, match_titles=titles
                )
            finally:
                memo.title_styles, memo.section_level = kept

        def _record_glossary(self, node: DirectiveRecord) -> None:
            for terms, body, offset in glossary_entries(self.content):
                item = nodes.definition_list_item()
                for term, line in terms:
                    inlines, _ = self.state.inline_text(term, self.content_offset + line + 1)
                    item += nodes.term(term, "", *inlines)
                definition = nodes.definition()
                self.state.nested_parse(body, self.content_offset + offset, definition)
                item += definition
                node += item

    return Recorder


def glossary_entries(
    content: StringList,
) -> Iterator[tuple[list[tuple[str, int]], StringList, int]]:
    """Split a glossary's body: its terms with their offsets, and a definition with its own.

    The rule is Sphinx's: a line at the margin is a term, lines that follow one another are terms
    of one entry, what is indented is the definition, a ``..`` line at the margin is a comment.
    """
    terms: list[tuple[str, int]] = []
    start: int | None = None
    end = 0
    comment = False
    for offset, line in enumerate(content):
        if not line.strip():
            continue
        if not line[0].isspace():
            comment = line.startswith(".. ")
            if comment:
                continue
            if start is not None:
                yield terms, _dedented(content, start, end), start
                terms, start = [], None
            terms.append((line, offset))
        elif not comment:
            start = offset if start is None else start
            end = offset + 1
    if terms:
        yield terms, _dedented(content, start or 0, end if start is not None else 0), start or 0


def _dedented(content: StringList, start: int, end: int) -> StringList:
    body = content[start:end]
    if body:
        margin = len(body[0]) - len(body[0].lstrip())
        body.disconnect()
        body.trim_left(margin)
    return body


if TYPE_CHECKING:
    _Base = states.RSTStateMachine
else:
    _Base = statemachine.StateMachineWS


class _Machine(_Base):
    """What a state machine of docutils needs to note which lines each block was made from.

    No `RSTStateMachine`: before docutils 0.22 the nested one was none either, and its own ``run``
    would not be found.
    """

    spans: Spans
    batch: tuple[nodes.Element, int, int] | None

    def check_line(self, context: Any, state: Any, transitions: Any = None) -> Any:
        node: Any = self.node
        pending = getattr(self, "batch", None)
        first = self.line_offset
        if context and pending is not None and pending[0] is node:
            first = pending[2]
        count = len(node.children)
        self.batch = (node, count, first)
        try:
            return super().check_line(context, state, transitions)
        finally:
            self._note(node, count, first)

    def _note(self, node: nodes.Element, count: int, first: int) -> None:
        added = [child for child in node.children[count:] if self.spans.get(child) is None]
        current: Any = self.node
        if current is not node and self.spans.get(current) is None:
            added.append(current)
        if not added:
            return
        source: Any = self.input_lines
        last = min(self.line_offset, len(source) - 1)
        lines = [str(line) for line in source[first : last + 1]]
        line = self._document_line(first)
        spans = (self.spans.get(child) for child in node.children[count:])
        later = [span.line for span in spans if span is not None]
        if later:
            lines = lines[: max(1, min(later) - line)]
        while lines and not lines[-1].strip():
            lines.pop()
        for child in added:
            self.spans.note(child, Span(line=line, lines=tuple(lines)))

    def _document_line(self, offset: int) -> int:
        try:
            source: Any = self.input_lines
            _, line = source.info(offset)
        except IndexError:
            line = None
        return int(line if line is not None else self.input_offset + offset) + 1

    def finish(self) -> None:
        """Note the blocks that were made at the end of the input."""
        pending = getattr(self, "batch", None)
        if pending is not None:
            self._note(*pending)


def _machines(
    spans: Spans,
) -> tuple[type[_TopMachine], type[states.NestedStateMachine]]:
    top = type("_RecordingTop", (_TopMachine,), {"spans": spans})
    nested = type("_RecordingNested", (_NestedMachine,), {"spans": spans})
    return top, nested


class _TopMachine(_Machine, states.RSTStateMachine):
    def run(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().run(*args, **kwargs)
        finally:
            self.finish()


class _NestedMachine(_Machine, states.NestedStateMachine):
    def run(self, *args: Any, **kwargs: Any) -> Any:
        self.batch = None
        try:
            return super().run(*args, **kwargs)
        finally:
            self.finish()
