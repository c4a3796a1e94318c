"""How blocks are written that are no directives: lists, quotes, labels, notes, comments."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from docutils import nodes

from converters import fences, inline
from converters.page import is_definition, written_name
from converters.pen import Key, Lines, Pen, UnwritableError, stack
from converters.recorder import DirectiveRecord


def target(pen: Pen, node: nodes.target) -> Lines | None:
    """Write a target: a label, a link definition, or nothing where it is written elsewhere."""
    names = node["names"] or node["dupnames"]
    if not names or "refname" in node:
        return None
    name = written_name(node)
    if "refuri" in node:
        if not is_definition(node) or id(node) in pen.page.repeated:
            return None
        goal = inline.destination(node["refuri"])
        return Lines(text=(f"[{inline.bracketed(name)}]: {goal}",))
    following = node.next_node(descend=False, siblings=True)
    while isinstance(following, nodes.target):
        if "refuri" in following or "refname" in following:
            return None
        following = following.next_node(descend=False, siblings=True)
    return Lines(text=(f"({name})=",))


def comment(node: nodes.comment) -> Lines:
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


def same_list(previous: nodes.Node | None, node: nodes.Node) -> bool:
    """Tell whether a list of the same kind stands straight above."""
    return previous is not None and type(previous) is type(node)


def _items(
    pen: Pen, node: nodes.Element, key: Key, markers: Sequence[str]
) -> Iterator[tuple[Lines, bool]]:
    """Yield a list's items, and whether a blank line stood before each in the source."""
    for index, (item, marker) in enumerate(zip(node.children, markers, strict=True)):
        if not isinstance(item, nodes.list_item):
            raise UnwritableError("a list with something else in it")
        body = pen.flow(item, (*key, index))
        lines = body if body.text else Lines(text=("",))
        yield lines.indented(f"{marker} ", " " * (len(marker) + 1)), _spaced(pen, item)


def _spaced(pen: Pen, item: nodes.Element) -> bool:
    line = item.line or 0
    before = pen.record.lines[line - 2] if 2 <= line <= len(pen.record.lines) + 1 else ""
    return not before.strip()


def _list(items: Iterator[tuple[Lines, bool]]) -> Lines:
    written = list(items)
    return stack([lines for lines, _ in written], [spaced for _, spaced in written])


def bullets(pen: Pen, node: nodes.bullet_list, key: Key, previous: nodes.Node | None) -> Lines:
    """Write a bullet list; one straight below another has another bullet, which parts them."""
    rows = isinstance(node.parent, DirectiveRecord) and node.parent["name"] == "list-table"
    same = same_list(previous, node) and pen.markers.get(id(previous)) == "-"
    marker = "*" if same or rows else "-"
    pen.markers[id(node)] = marker
    return _list(_items(pen, node, key, [marker] * len(node.children)))


_STYLES = {
    "loweralpha": "lower-alpha", "upperalpha": "upper-alpha",
    "lowerroman": "lower-roman", "upperroman": "upper-roman",
}  # fmt: skip


def enumerated(
    pen: Pen, node: nodes.enumerated_list, key: Key, previous: nodes.Node | None
) -> Lines:
    """Write a numbered list; one straight below another has another stop, which parts them."""
    start = int(node.get("start", 1))
    stop = ")" if same_list(previous, node) and pen.markers.get(id(previous)) == "." else "."
    pen.markers[id(node)] = stop
    markers = [f"{start + index}{stop}" for index in range(len(node.children))]
    lines = _list(_items(pen, node, key, markers))
    style = _STYLES.get(node["enumtype"])
    if style is None:
        return lines
    pen.used.add("attrs_block")
    return lines.around([f"{{style={style}}}"], [])


def _parted(lines: Lines, node: nodes.Node, previous: nodes.Node | None) -> Lines:
    """Return a list without markers of its own, parted by a comment from one straight above."""
    return lines.around(["%", ""], []) if same_list(previous, node) else lines


def definitions(
    pen: Pen, node: nodes.definition_list, key: Key, previous: nodes.Node | None
) -> Lines:
    """Write a definition list; raises UnwritableError for classifiers, which MyST lacks."""
    items: list[Lines] = []
    for index, item in enumerate(node.children):
        if not isinstance(item, nodes.definition_list_item):
            raise UnwritableError("a definition list with something else in it")
        items.append(_definition(pen, item, (*key, index)))
    pen.used.add("deflist")
    return _parted(stack(items), node, previous)


def _definition(pen: Pen, item: nodes.definition_list_item, key: Key) -> Lines:
    terms: list[str] = []
    for index, child in enumerate(item.children):
        match child:
            case nodes.term():
                terms.append(_term(pen, child))
            case nodes.definition():
                body = pen.flow(child, (*key, index))
                lines = body if body.text else Lines(text=("",))
                return lines.indented(": ", "  ").around(terms, [])
            case _:
                raise UnwritableError(f"a {child.__class__.__name__} in a definition list")
    raise UnwritableError("a term without a definition")


def _term(pen: Pen, node: nodes.term) -> str:
    """Write a term on its one line; a substitution alone there would be a block of its own."""
    text = inline.paragraph(pen, node.children)
    if text.startswith("{{") and text.endswith("}}"):
        text = inline.paragraph(replace(pen, in_template=True), node.children)
    return " ".join(text.split("\n"))


def fields(pen: Pen, node: nodes.field_list, key: Key, previous: nodes.Node | None) -> Lines:
    """Write a field list."""
    items: list[tuple[Lines, bool]] = []
    for index, item in enumerate(node.children):
        if not isinstance(item, nodes.field):
            raise UnwritableError("a field list with something else in it")
        name, body = item[0], item[1]
        if not isinstance(body, nodes.Element):
            raise UnwritableError("a field without a body")
        text = " ".join(inline.phrase(pen, name.children).split("\n"))
        lines = pen.flow(body, (*key, index, 1))
        if not lines.text:
            items.append((Lines(text=(f":{text}:",)), _spaced(pen, item)))
        elif isinstance(body[0], nodes.paragraph):
            items.append((lines.indented(f":{text}: ", "  "), _spaced(pen, item)))
        else:
            items.append((lines.indented("  ", "  ").around([f":{text}:"], []), _spaced(pen, item)))
    pen.used.add("fieldlist")
    lines = stack([lines for lines, _ in items], [spaced for _, spaced in items])
    return _parted(lines, node, previous)


def line_block(pen: Pen, node: nodes.line_block) -> Lines:
    """Write a line block: its line breaks and indents stay."""
    verse = tuple(_verse(pen, node, 0))
    if not verse[0]:
        raise UnwritableError("a line block that starts with an empty line")
    return fences.fence(pen, "line-block", "", [], Lines(text=verse), colon=False)


def _verse(pen: Pen, node: nodes.Element, depth: int) -> Iterator[str]:
    for child in node.children:
        if isinstance(child, nodes.line_block):
            yield from _verse(pen, child, depth + 1)
        elif isinstance(child, nodes.Element):
            text = " ".join(inline.phrase(pen, child.children).split("\n"))
            yield f"{'    ' * depth}{text}".rstrip()


def quote(pen: Pen, node: nodes.block_quote, key: Key) -> Lines:
    """Write a block quote; whom it is from is an attribute of it."""
    if all(isinstance(child, nodes.doctest_block) for child in node.children):
        return pen.flow(node, key)  # Sphinx takes interactive sessions out of quotes
    attribution = [child for child in node.children if isinstance(child, nodes.attribution)]
    chunks = [
        pen.block(child, (*key, index))
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


def transition(node: nodes.transition) -> Lines:
    """Write a rule; docutils wants something below it, and link definitions are nothing."""
    parent: nodes.Element | None = node.parent
    below: nodes.Node = node
    while parent is not None:
        rest = parent.children[parent.index(below) + 1 :]
        if any(not isinstance(child, nodes.target) for child in rest):
            return Lines(text=("---",))
        below, parent = parent, parent.parent
    return Lines(text=("---", "", "%"))


def footnote(pen: Pen, node: nodes.footnote, key: Key) -> Lines:
    """Write a footnote where it stands."""
    label = pen.page.notes.get(id(node))
    if label is None:
        raise UnwritableError("a footnote of symbols")
    pen.footnotes = True
    chunks = [
        pen.block(child, (*key, index))
        for index, child in enumerate(node.children)
        if not isinstance(child, nodes.label)
    ]
    lines = stack(chunks)
    first = next((child for child in node.children if not isinstance(child, nodes.label)), None)
    if isinstance(first, nodes.paragraph):
        return lines.indented(f"[^{label}]: ", "    ")
    return lines.indented("    ", "    ").around([f"[^{label}]:", ""], [])
