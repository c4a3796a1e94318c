"""How a recorded page is written in MyST, block by block, the best way first."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from docutils import nodes

from converters import constructs, directives, fences, inline, kept, matter, tables, typography
from converters.page import survey
from converters.pen import (
    CAREFUL,
    DIRECTIVE,
    EVAL_RST,
    NATIVE,
    PAGE,
    TYPOGRAPHIC,
    Key,
    Lines,
    Mark,
    Pen,
    Surroundings,
    UnwritableError,
    Way,
    stack,
)
from converters.recorder import DirectiveRecord, Record

_LABEL = re.compile(r"\(.+\)=")


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A page in MyST.

    ``marks`` are its blocks, outer ones before those in them.  ``extensions`` are the MyST
    extensions that it needs, ``shared`` the project's substitutions that it uses, in MyST.
    ``footnotes`` is true where it has any, ``page_rst`` where it needs `PAGE_RST`.
    """

    text: str
    marks: tuple[Mark, ...]
    extensions: frozenset[str]
    shared: Mapping[str, str] = field(default_factory=dict)
    footnotes: bool = False
    page_rst: bool = False


def write(
    record: Record,
    surroundings: Surroundings | None = None,
    choices: Mapping[Key, int] | None = None,
) -> Written:
    """Write a recorded page; ``choices`` takes a later way for the blocks that it names.

    Raises UnwritableError, with the construct, where the page has something that no way of
    writing can say.  For `PAGE` it gives labels to the headings that a link on the page names.
    """
    surroundings = surroundings or Surroundings()
    pen = Pen(
        record=record,
        page=survey(
            record,
            links=surroundings.links,
            substitutions=surroundings.included.substitutions,
        ),
        surroundings=surroundings,
        choices=choices or {},
        default_role=surroundings.default_role,
        write_flow=_flow,
        write_block=_block,
    )
    body = _flow(pen, record.document, ())
    front = matter.front_matter(pen)
    roles = [fences.role(pen, surroundings.roles[name]) for name in sorted(pen.roles)]
    lines = stack([front, *roles, body])
    page_rst = surroundings.page_rst and any(mark.way == EVAL_RST for mark in lines.marks)
    return Written(
        text="\n".join(lines.text) + "\n" if lines.text else "",
        marks=lines.marks,
        extensions=frozenset(pen.used),
        shared=dict(pen.shared),
        footnotes=pen.footnotes or page_rst,  # docstrings may have some
        page_rst=page_rst,
    )


# Blocks in a row


def _flow(pen: Pen, parent: nodes.Element, key: Key) -> Lines:
    """Write the blocks of ``parent``, a blank line between them except after a target."""
    chunks: list[Lines] = []
    gaps: list[bool] = []
    previous: nodes.Node | None = None
    for index, child in enumerate(parent.children):
        lines = _block(pen, child, (*key, index), previous)
        if not lines.text:
            continue
        gaps.append(not _adjoins(previous, child, chunks))
        chunks.append(lines)
        previous = child
    return stack(chunks, gaps)


def _adjoins(previous: nodes.Node | None, node: nodes.Node, above: Sequence[Lines]) -> bool:
    """Tell whether a block stands straight below the one before it.

    A heading does so where the section before it ends in a label, which is the heading's.
    """
    if isinstance(previous, nodes.target):
        both_links = "refuri" in previous and isinstance(node, nodes.target) and "refuri" in node
        return "refuri" not in previous or both_links
    if isinstance(previous, DirectiveRecord) and str(previous["name"]) == "rst-class":
        return above[-1].text[-1].startswith("{")  # attributes of the next block
    if isinstance(previous, nodes.section):
        return _LABEL.fullmatch(above[-1].text[-1]) is not None
    return False


def _block(pen: Pen, node: nodes.Node, key: Key, previous: nodes.Node | None) -> Lines:
    """Write one block in the way that ``pen.choices`` asks for, or the next that can be.

    Where no further one can, an earlier one is taken, and counts as the last.
    """
    ways: list[Way] = list(_ways(pen, node, key, previous))
    if not ways:
        return Lines()
    reason = UnwritableError("nothing")
    asked = min(pen.choices.get(key, 0), len(ways) - 1)
    for choice in (*range(asked, len(ways)), *reversed(range(asked))):
        name, way = ways[choice]
        snapshot = matter.Snapshot.of(pen)
        try:
            lines: Lines = way()
        except UnwritableError as error:
            snapshot.restore(pen)
            reason = error
            continue
        span = pen.record.span(node)
        mark = Mark(
            key=key,
            line=1,
            end_line=max(1, len(lines.text)),
            source_line=span.line if span is not None else (node.line or 0),
            source_end=span.end_line if span is not None else (node.line or 0),
            construct=construct(node),
            way=name,
            choice=choice if choice >= asked else len(ways) - 1,
            choices=len(ways),
            generated=isinstance(node, DirectiveRecord) and directives.generates(pen, node),
        )
        return replace(lines, marks=(mark, *lines.marks))
    raise reason


def construct(node: nodes.Node) -> str:
    """Return what a block is called in reports."""
    if isinstance(node, DirectiveRecord):
        return f"directive {node['name']}"
    return node.__class__.__name__.replace("_", " ")


def _section(pen: Pen, node: nodes.section, key: Key) -> Lines:
    level = pen.level + 1
    if level > 6:
        raise UnwritableError("headings more than six levels deep")
    title = node.next_node(nodes.title)
    children = title.children if title is not None else []
    text = inline.heading(pen, children)
    anchor = nodes.make_id(title.astext()) if title is not None else ""
    # The anchor has a substitution's name where the heading of MyST has its text.
    named = title is not None and any(title.findall(nodes.substitution_reference))
    linked = pen.choices.get(PAGE) and anchor in pen.page.linked
    label = [f"({anchor})="] if anchor and (named or linked) else []
    heading = Lines(text=(*label, f"{'#' * level} {text}".rstrip()))
    pen.level = level
    try:
        chunks = [heading]
        gaps = [True]
        previous: nodes.Node | None = None
        for index, child in enumerate(node.children):
            if isinstance(child, nodes.title):
                continue
            lines = _block(pen, child, (*key, index), previous)
            if lines.text:
                gaps.append(not _adjoins(previous, child, chunks))
                chunks.append(lines)
                previous = child
    finally:
        pen.level = level - 1
    return stack(chunks, gaps)


def _ways(pen: Pen, node: nodes.Node, key: Key, previous: nodes.Node | None) -> Iterator[Way]:
    """Yield the ways of writing a block, best first; none for what leaves no trace."""
    match node:
        case nodes.section():
            yield NATIVE, lambda: _section(pen, node, key)
            if kept.includes_rst(pen, node):
                yield EVAL_RST, lambda: kept.section(pen, node)
            return
        case nodes.system_message() | nodes.substitution_definition():
            return
        case nodes.target():
            if (lines := constructs.target(pen, node)) is not None:
                yield NATIVE, lambda: lines
            return
        case nodes.comment():
            if node.astext().strip():
                yield NATIVE, lambda: constructs.comment(node)
            return
        case nodes.field_list() if matter.is_bibliography(node):
            yield NATIVE, lambda: matter.bibliography(pen, node)
            return
        case DirectiveRecord():
            yield from directives.ways(pen, node, key)
            return
        case nodes.paragraph():
            ways: list[Way] = [(NATIVE, lambda: Lines.of(inline.paragraph(pen, node.children)))]
            if pen.surroundings.quotes and typography.has_quotes(node):
                likely = 0 if typography.beside_a_blank(node) else 1
                ways.insert(likely, (TYPOGRAPHIC, lambda: _with_quotes(pen, node)))
            yield from ways
            yield CAREFUL, lambda: _carefully(pen, node)
        case nodes.bullet_list():
            yield NATIVE, lambda: constructs.bullets(pen, node, key, previous)
        case nodes.enumerated_list():
            yield NATIVE, lambda: constructs.enumerated(pen, node, key, previous)
        case nodes.definition_list():
            yield NATIVE, lambda: constructs.definitions(pen, node, key, previous)
        case nodes.field_list():
            yield NATIVE, lambda: constructs.fields(pen, node, key, previous)
        case nodes.line_block():
            yield DIRECTIVE, lambda: constructs.line_block(pen, node)
        case nodes.block_quote():
            yield NATIVE, lambda: constructs.quote(pen, node, key)
        case nodes.literal_block():
            yield NATIVE, lambda: fences.code_fence("", node.astext())
        case nodes.doctest_block():
            yield NATIVE, lambda: fences.code_fence("pycon", node.astext())
        case nodes.transition():
            yield NATIVE, lambda: constructs.transition(node)
        case nodes.footnote():
            yield NATIVE, lambda: constructs.footnote(pen, node, key)
        case nodes.table():
            yield NATIVE, lambda: tables.pipes(pen, node)
            yield DIRECTIVE, lambda: tables.lists(pen, node, key, pen.cell)
        case _:
            pass
    yield EVAL_RST, lambda: kept.eval_rst(pen, node)


def _with_quotes(pen: Pen, node: nodes.paragraph) -> Lines:
    """Write a paragraph with its quotes as they are shown."""
    return Lines.of(inline.paragraph(pen, typography.educated(node, pen.surroundings.quotes)))


def _carefully(pen: Pen, node: nodes.paragraph) -> Lines:
    with pen.carefully():
        return Lines.of(inline.paragraph(pen, node.children))
