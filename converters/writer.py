"""How a recorded page is written in MyST, block by block, the best way first."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from docutils import nodes

from converters import directives, escaping, inline, kept, matter, tables
from converters.page import is_definition, survey, written_name
from converters.pen import (
    Key,
    Lines,
    Mark,
    Pen,
    Surroundings,
    UnwritableError,
    named_page,
    stack,
)
from converters.recorder import DirectiveRecord, Record
from converters.shapes import AUTODOC, Argument, Body, Shape, shape_of

#: A way of writing a block: its name for reports, and what writes it so.
Way = tuple[str, Callable[[], Lines]]

NATIVE, DIRECTIVE, CAREFUL, VERBATIM, EVAL_RST = (
    "native", "directive", "careful", "verbatim", "eval-rst",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A page in MyST.

    ``marks`` are its blocks, outer ones before those in them.  ``extensions`` are the MyST
    extensions that it needs, ``shared`` the project's substitutions that it uses, in MyST.
    ``footnotes`` is true where it has any.
    """

    text: str
    marks: tuple[Mark, ...]
    extensions: frozenset[str]
    shared: Mapping[str, str] = field(default_factory=dict)
    footnotes: bool = False


def write(
    record: Record,
    surroundings: Surroundings | None = None,
    choices: Mapping[Key, int] | None = None,
) -> Written:
    """Write a recorded page; ``choices`` takes a later way for the blocks that it names.

    Raises UnwritableError, with the construct, where the page has something that no way of
    writing can say.
    """
    surroundings = surroundings or Surroundings()
    pen = Pen(
        record=record,
        page=survey(record, links=surroundings.links),
        surroundings=surroundings,
        choices=choices or {},
        default_role=surroundings.default_role,
    )
    body = _flow(pen, record.document, ())
    front = matter.front_matter(pen)
    roles = [
        directives.fence(pen, "role", "", [], Lines(text=surroundings.roles[name]), colon=False)
        for name in sorted(pen.roles)
    ]
    lines = stack([front, *roles, body])
    return Written(
        text="\n".join(lines.text) + "\n" if lines.text else "",
        marks=lines.marks,
        extensions=frozenset(pen.used),
        shared=dict(pen.shared),
        footnotes=pen.footnotes,
    )


# Blocks in a row


def _flow(pen: Pen, parent: nodes.Element, key: Key, *, tight: bool = False) -> Lines:
    """Write the blocks of ``parent``, a blank line between them except after a target."""
    chunks: list[Lines] = []
    gaps: list[bool] = []
    previous: nodes.Node | None = None
    for index, child in enumerate(parent.children):
        lines = _block(pen, child, (*key, index), previous)
        if not lines.text:
            continue
        gaps.append(not _adjoins(previous, child))
        chunks.append(lines)
        previous = child
    return stack(chunks, gaps)


def _adjoins(previous: nodes.Node | None, node: nodes.Node) -> bool:
    """Tell whether a block stands straight below the one before it."""
    if isinstance(previous, nodes.target):
        both_links = "refuri" in previous and isinstance(node, nodes.target) and "refuri" in node
        return "refuri" not in previous or both_links
    if isinstance(previous, DirectiveRecord) and previous["name"] in {"class", "rst-class"}:
        return False
    return isinstance(previous, nodes.comment) and isinstance(node, nodes.comment) and False


def _block(pen: Pen, node: nodes.Node, key: Key, previous: nodes.Node | None) -> Lines:
    """Write one block in the way that ``pen.choices`` asks for, or the next that can be."""
    ways = list(_ways(pen, node, key, previous))
    if not ways:
        return Lines()
    reason = UnwritableError("nothing")
    for choice in range(min(pen.choices.get(key, 0), len(ways) - 1), len(ways)):
        name, way = ways[choice]
        snapshot = matter.Snapshot.of(pen)
        try:
            lines = way()
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
            choice=choice,
            choices=len(ways),
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
    heading = Lines(text=(f"{'#' * level} {text}".rstrip(),))
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
                gaps.append(not _adjoins(previous, child))
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
            return
        case nodes.system_message() | nodes.substitution_definition():
            return
        case nodes.target():
            if (lines := _target(node)) is not None:
                yield NATIVE, lambda: lines
            return
        case nodes.comment():
            if node.astext().strip():
                yield NATIVE, lambda: _comment(node)
            return
        case nodes.field_list() if matter.is_bibliography(node):
            yield NATIVE, lambda: matter.bibliography(pen, node)
            return
        case DirectiveRecord():
            yield from _directive_ways(pen, node, key)
            return
        case nodes.paragraph():
            yield NATIVE, lambda: Lines.of(inline.paragraph(pen, node.children))
            yield CAREFUL, lambda: _carefully(pen, node)
        case nodes.bullet_list():
            marker = "*" if _same_list(previous, node) and _marker(previous) == "-" else "-"
            node["marker"] = marker
            yield NATIVE, lambda: _bullets(pen, node, key, marker)
        case nodes.enumerated_list():
            yield NATIVE, lambda: _enumerated(pen, node, key, previous)
        case nodes.definition_list():
            yield NATIVE, lambda: _definitions(pen, node, key)
        case nodes.field_list():
            yield NATIVE, lambda: _fields(pen, node, key)
        case nodes.line_block():
            yield DIRECTIVE, lambda: _line_block(pen, node)
        case nodes.block_quote():
            yield NATIVE, lambda: _quote(pen, node, key)
        case nodes.literal_block():
            yield NATIVE, lambda: directives.code_fence("", node.astext())
        case nodes.doctest_block():
            yield NATIVE, lambda: directives.code_fence("pycon", node.astext())
        case nodes.transition():
            yield NATIVE, lambda: _transition(node)
        case nodes.footnote():
            yield NATIVE, lambda: _footnote(pen, node, key)
        case nodes.table():
            yield NATIVE, lambda: tables.pipes(pen, node)
            yield DIRECTIVE, lambda: tables.lists(pen, node, key, _cell(pen))
        case _:
            pass
    yield EVAL_RST, lambda: _eval_rst(pen, node)


def _cell(pen: Pen) -> tables.Cell:
    return lambda entry, key: _flow(pen, entry, key) if entry.children else Lines(text=("",))


def _carefully(pen: Pen, node: nodes.paragraph) -> Lines:
    with pen.carefully():
        return Lines.of(inline.paragraph(pen, node.children))


# Constructs


def _target(node: nodes.target) -> Lines | None:
    """Write a target: a label, a link definition, or nothing where it is written elsewhere."""
    names = node["names"] or node["dupnames"]
    if not names or "refname" in node:
        return None
    name = written_name(node)
    if "refuri" in node:
        if not is_definition(node):
            return None
        goal = inline.destination(node["refuri"])
        return Lines(text=(f"[{inline.bracketed(name)}]: {goal}",))
    following = node.next_node(descend=False, siblings=True)
    while isinstance(following, nodes.target):
        if "refuri" in following or "refname" in following:
            return None
        following = following.next_node(descend=False, siblings=True)
    return Lines(text=(f"({name})=",))


def _comment(node: nodes.comment) -> Lines:
    """Write a comment; those for our own test plugin as HTML comments, which both read."""
    text = node.astext()
    if text.startswith("doctest-nix:"):
        if "-->" in text:
            raise UnwritableError("a comment with `-->` in it")
        first, *rest = text.split("\n")
        if not rest:
            return Lines(text=(f"<!-- {first} -->",))
        return Lines(text=(f"<!-- {first}", *rest, "-->"))
    return Lines(text=tuple(f"% {line}".rstrip() for line in text.split("\n")))


def _same_list(previous: nodes.Node | None, node: nodes.Node) -> bool:
    return previous is not None and type(previous) is type(node)


def _marker(previous: nodes.Node | None) -> str:
    return str(previous.get("marker", "-")) if isinstance(previous, nodes.Element) else "-"


def _items(
    pen: Pen, node: nodes.Element, key: Key, markers: Sequence[str]
) -> Iterator[tuple[Lines, bool]]:
    """Yield a list's items, and whether a blank line stood before each in the source."""
    for index, (item, marker) in enumerate(zip(node.children, markers, strict=True)):
        if not isinstance(item, nodes.list_item):
            raise UnwritableError("a list with something else in it")
        body = _flow(pen, item, (*key, index))
        lines = body if body.text else Lines(text=("",))
        yield lines.indented(f"{marker} ", " " * (len(marker) + 1)), _spaced(pen, item)


def _spaced(pen: Pen, item: nodes.Element) -> bool:
    line = item.line or 0
    before = pen.record.lines[line - 2] if 2 <= line <= len(pen.record.lines) + 1 else ""
    return not before.strip()


def _list(items: Iterator[tuple[Lines, bool]]) -> Lines:
    written = list(items)
    return stack([lines for lines, _ in written], [spaced for _, spaced in written])


def _bullets(pen: Pen, node: nodes.bullet_list, key: Key, marker: str) -> Lines:
    return _list(_items(pen, node, key, [marker] * len(node.children)))


_STYLES = {
    "loweralpha": "lower-alpha", "upperalpha": "upper-alpha",
    "lowerroman": "lower-roman", "upperroman": "upper-roman",
}  # fmt: skip


def _enumerated(
    pen: Pen, node: nodes.enumerated_list, key: Key, previous: nodes.Node | None
) -> Lines:
    start = int(node.get("start", 1))
    stop = ")" if _same_list(previous, node) and _stop(previous) == "." else "."
    node["stop"] = stop
    markers = [f"{start + index}{stop}" for index in range(len(node.children))]
    lines = _list(_items(pen, node, key, markers))
    style = _STYLES.get(node["enumtype"])
    if style is None:
        return lines
    pen.used.add("attrs_block")
    return lines.around([f"{{style={style}}}"], [])


def _stop(previous: nodes.Node | None) -> str:
    return str(previous.get("stop", ".")) if isinstance(previous, nodes.Element) else "."


def _definitions(pen: Pen, node: nodes.definition_list, key: Key) -> Lines:
    items: list[Lines] = []
    for index, item in enumerate(node.children):
        if not isinstance(item, nodes.definition_list_item):
            raise UnwritableError("a definition list with something else in it")
        items.append(_definition(pen, item, (*key, index)))
    pen.used.add("deflist")
    return stack(items)


def _definition(pen: Pen, item: nodes.definition_list_item, key: Key) -> Lines:
    terms: list[str] = []
    for index, child in enumerate(item.children):
        match child:
            case nodes.term():
                terms.append(inline.paragraph(pen, child.children))
            case nodes.definition():
                body = _flow(pen, child, (*key, index))
                lines = body if body.text else Lines(text=("",))
                return lines.indented(": ", "  ").around(terms, [])
            case _:
                raise UnwritableError(f"a {construct(child)} in a definition list")
    raise UnwritableError("a term without a definition")


def _fields(pen: Pen, node: nodes.field_list, key: Key) -> Lines:
    items: list[tuple[Lines, bool]] = []
    for index, item in enumerate(node.children):
        if not isinstance(item, nodes.field):
            raise UnwritableError("a field list with something else in it")
        name, body = item[0], item[1]
        text = " ".join(inline.phrase(pen, name.children).split("\n"))
        lines = _flow(pen, body, (*key, index, 1)) if isinstance(body, nodes.Element) else Lines()
        if not lines.text:
            items.append((Lines(text=(f":{text}:",)), _spaced(pen, item)))
        elif isinstance(body[0], nodes.paragraph):
            items.append((lines.indented(f":{text}: ", "  "), _spaced(pen, item)))
        else:
            items.append((lines.indented("  ", "  ").around([f":{text}:"], []), _spaced(pen, item)))
    pen.used.add("fieldlist")
    return stack([lines for lines, _ in items], [spaced for _, spaced in items])


def _line_block(pen: Pen, node: nodes.line_block) -> Lines:
    body = Lines(text=tuple(_verse(pen, node, 0)))
    return directives.fence(pen, "line-block", "", [], body, colon=False)


def _verse(pen: Pen, node: nodes.Element, depth: int) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, nodes.line_block):
            yield from _verse(pen, child, depth + 1)
        elif isinstance(child, nodes.Element):
            text = " ".join(inline.phrase(pen, child.children).split("\n"))
            yield f"{'    ' * depth}{text}".rstrip()


def _quote(pen: Pen, node: nodes.block_quote, key: Key) -> Lines:
    if all(isinstance(child, nodes.doctest_block) for child in node.children):
        return _flow(pen, node, key)  # Sphinx takes interactive sessions out of quotes
    attribution = [child for child in node.children if isinstance(child, nodes.attribution)]
    chunks = [
        _block(pen, child, (*key, index), None)
        for index, child in enumerate(node.children)
        if not isinstance(child, nodes.attribution)
    ]
    lines = stack(chunks).indented("> ", "> ")
    for child in attribution:
        text = " ".join(inline.phrase(pen, child.children).split("\n"))
        if '"' in text or "\\" in text:
            raise UnwritableError("an attribution with quotes or escapes in it")
        pen.used.add("attrs_block")
        lines = lines.around([f'{{attribution="{text}"}}'], [])
    return lines


def _transition(node: nodes.transition) -> Lines:
    """Write a rule; docutils wants something below it, and link definitions are nothing."""
    parent: nodes.Element | None = node.parent
    below: nodes.Node = node
    while parent is not None:
        rest = parent.children[parent.index(below) + 1 :]
        if any(not isinstance(child, nodes.target) for child in rest):
            return Lines(text=("---",))
        below, parent = parent, parent.parent
    return Lines(text=("---", "", "%"))


def _footnote(pen: Pen, node: nodes.footnote, key: Key) -> Lines:
    label = pen.page.notes.get(id(node))
    if label is None:
        raise UnwritableError("a footnote of symbols")
    pen.footnotes = True
    chunks = [
        _block(pen, child, (*key, index), None)
        for index, child in enumerate(node.children)
        if not isinstance(child, nodes.label)
    ]
    lines = stack(chunks)
    first = next((child for child in node.children if not isinstance(child, nodes.label)), None)
    if isinstance(first, nodes.paragraph):
        return lines.indented(f"[^{label}]: ", "    ")
    return lines.indented("    ", "    ").around([f"[^{label}]:", ""], [])


# Directives


def _directive_ways(pen: Pen, node: DirectiveRecord, key: Key) -> Iterator[Way]:
    name = node["name"].lower()
    shape = shape_of(node["name"], pen.surroundings.registry)
    match name:
        case "meta":
            yield NATIVE, lambda: matter.meta(pen, node)
        case "default-role":
            yield NATIVE, lambda: _default_role(pen, node)
            return
        case "class" | "rst-class" if not node["content"]:
            yield NATIVE, lambda: _class(pen, node)
            yield DIRECTIVE, lambda: _directive(pen, node, key, shape)
        case "code-block" | "sourcecode" | "code":
            yield NATIVE, lambda: _code(node)
            yield DIRECTIVE, lambda: _directive(pen, node, key, shape)
        case "include" if includes_page(node, pen.surroundings) in pen.surroundings.fragments:
            yield DIRECTIVE, lambda: _include(pen, node)
        case "include" if not {"literal", "code"} & dict(node["options"]).keys():
            pass  # what it includes is RST
        case "index" if "\n" in (node["argument"] or ""):
            yield DIRECTIVE, lambda: _index(pen, node)
        case "table":
            yield DIRECTIVE, lambda: _table(pen, node)
            yield DIRECTIVE, lambda: _table_of_lists(pen, node, key)
        case _ if name in AUTODOC:
            pass  # docstrings are RST
        case _:
            yield DIRECTIVE, lambda: _directive(pen, node, key, shape)
            if shape.body is Body.UNKNOWN and node["content"]:
                yield VERBATIM, lambda: _verbatim(pen, node, shape)
    yield EVAL_RST, lambda: _eval_rst(pen, node)


def _default_role(pen: Pen, node: DirectiveRecord) -> Lines:
    pen.default_role = node["argument"] or pen.surroundings.default_role
    return Lines()


_TAKES_CLASSES = (
    nodes.paragraph, nodes.bullet_list, nodes.enumerated_list, nodes.definition_list,
    nodes.block_quote, nodes.literal_block,
)  # fmt: skip


def _class(pen: Pen, node: DirectiveRecord) -> Lines:
    following = node.next_node(descend=False, siblings=True)
    words = (node["argument"] or "").split()
    if not isinstance(following, _TAKES_CLASSES) or not all(
        re.fullmatch(r"[a-z][a-z0-9-]*", word) for word in words
    ):
        raise UnwritableError("classes on something that takes no attributes")
    pen.used.add("attrs_block")
    return Lines(text=("{" + " ".join(f".{word}" for word in words) + "}",))


def _code(node: DirectiveRecord) -> Lines:
    language = node["argument"] or ""
    if node["options"] or not re.fullmatch(r"[\w.+#-]*", language) or not node["content"]:
        raise UnwritableError("code with options")
    return directives.code_fence(language, "\n".join(node["content"]))


def _index(pen: Pen, node: DirectiveRecord) -> Lines:
    if node["options"]:
        raise UnwritableError("index entries with options")
    entries = (" ".join(line.split()) for line in node["argument"].split("\n") if line.strip())
    return stack([directives.fence(pen, "index", entry, [], Lines(), colon=False) for entry in entries])


def includes_page(node: DirectiveRecord, surroundings: Surroundings) -> str | None:
    """Return the docname of the page that an ``include`` directive takes in whole, else None."""
    if node["name"].lower() != "include" or node["options"] or node["content"]:
        return None
    return named_page("".join((node["argument"] or "").split()), surroundings)


def _include(pen: Pen, node: DirectiveRecord) -> Lines:
    path = "".join(node["argument"].split())
    target = f"{posixpath.splitext(path)[0]}.md"
    return directives.fence(pen, "include", target, [], Lines(), colon=False)


def _table(pen: Pen, node: DirectiveRecord) -> Lines:
    shape = shape_of("table", {})
    table, _ = tables.only_table(node)
    return directives.fence(
        pen,
        "table",
        directives.argument(pen, node, shape),
        directives.options(pen, node, shape),
        tables.pipes(pen, table),
        colon=False,
    )


def _table_of_lists(pen: Pen, node: DirectiveRecord, key: Key) -> Lines:
    shape = shape_of("table", {})
    table, index = tables.only_table(node)
    return tables.lists(
        pen,
        table,
        (*key, index),
        _cell(pen),
        title=directives.argument(pen, node, shape),
        options=directives.options(pen, node, shape),
    )


def _directive(pen: Pen, node: DirectiveRecord, key: Key, shape: Shape) -> Lines:
    name = node["name"]
    if name.lower() == "sourcecode":
        name = "code-block"
    if shape.argument is Argument.LITERAL and "\n" in (node["argument"] or "") and ":" in name:
        raise UnwritableError("an argument of several lines")
    argument, leading = _argument(pen, node, shape)
    body = stack([leading, _body(pen, node, key, shape)])
    return directives.fence(
        pen,
        name, argument, directives.options(pen, node, shape), body, colon=shape.colon
    )


def _argument(pen: Pen, node: DirectiveRecord, shape: Shape) -> tuple[str, Lines]:
    """Return the argument; a version's remark of several lines is the body's first paragraph."""
    text = node["argument"] or ""
    if shape.argument is Argument.VERSION and "\n" in text and not node["content"]:
        version, rest = text.split(None, 1)
        remark = escaping.guard(directives.markup(pen, rest))
        return version, Lines.of(remark)
    return directives.argument(pen, node, shape), Lines()


def _body(pen: Pen, node: DirectiveRecord, key: Key, shape: Shape) -> Lines:
    if not node["content"]:
        return Lines()
    match shape.body:
        case Body.PROSE | Body.UNKNOWN:
            return _flow(pen, node, key)
        case Body.INLINE:
            lines = [inline.phrase(pen, child.children) for child in node.children]
            return Lines(
                text=tuple(
                    _margin(raw) + line for raw, line in zip(node["content"], lines, strict=True)
                )
            )
        case Body.GLOSSARY:
            return _glossary(pen, node, key)
        case Body.LITERAL if node["name"].lower() == "toctree":
            return Lines(text=tuple(_entry(pen, line) for line in node["content"]))
        case Body.CSV | Body.LITERAL:
            return Lines(text=node["content"])
        case Body.NONE:
            raise UnwritableError(f"a body that {node['name']} does not take")


def _entry(pen: Pen, line: str) -> str:
    """Return a toctree's entry; a page that is named by its file is named by its new one."""
    match = re.fullmatch(r"(.*<\s*)?([^<>]+?)(\s*>\s*)?", line)
    if match is None or named_page(match[2], pen.surroundings) not in pen.surroundings.converted:
        return line
    return f"{match[1] or ''}{posixpath.splitext(match[2])[0]}.md{match[3] or ''}"


def _margin(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _glossary(pen: Pen, node: DirectiveRecord, key: Key) -> Lines:
    entries: list[Lines] = []
    for index, item in enumerate(node.children):
        terms = [
            inline.phrase(pen, child.children)
            for child in item.children
            if isinstance(child, nodes.term)
        ]
        last = len(item.children) - 1
        body = _flow(pen, item.children[last], (*key, index, last))
        entries.append(body.indented("    ", "    ").around(terms, []))
    return stack(entries)


def _verbatim(pen: Pen, node: DirectiveRecord, shape: Shape) -> Lines:
    return directives.fence(
        pen,
        node["name"],
        directives.argument(pen, node, shape),
        directives.options(pen, node, shape),
        Lines(text=node["content"]),
        colon=False,
    )


# RST kept


def _eval_rst(pen: Pen, node: nodes.Node) -> Lines:
    return kept.eval_rst(pen, node, pen.source(node))
