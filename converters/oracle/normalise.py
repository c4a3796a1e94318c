"""What of a doctree does a reader see?

The doctree is written down strictly, every node, every attribute and every text, after the
`rules` have rewritten it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from docutils import nodes
from sphinx import addnodes

from converters.oracle.rewriting import Context, Goal
from converters.oracle.rules import RULES, Rule
from converters.oracle.tree import Anchor, Block, Element, Page

#: Ids that are counted, by docutils, by Sphinx and (for equations without a label) by MyST-Parser.
_COUNTED = re.compile(
    r"(?:id|index-|toc-entry-|system-message-)\d+"
    r"|equation-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
)
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")


def normalise(
    document: nodes.document,
    *,
    name: str = "",
    goal: Goal = lambda _address, _fragment: None,
    rules: Sequence[Rule] = RULES,
    places: Places | None = None,
) -> Page:
    """Return what there is to see of ``document``, which is used up.

    ``document`` has its references resolved; unresolved ones are compared as the nodes they are.
    ``places`` are the document's, where they are known.
    ``goal`` is asked for fragments on other pages.  ``rules`` are `RULES` unless tests leave one
    out.  The page's facts are the document's ``meta`` elements alone.
    """
    _own_children(document)
    places = places or Places.of(document)
    style = str(getattr(document.settings, "table_style", ""))
    context = Context(
        automatic=places.automatic,
        sections=places.sections,
        goal=goal,
        column_widths="colwidths-grid" in style.split(","),
    )
    anchors = tuple(sorted(_anchors(document, places)))
    source = str(document.get("source") or "")
    _rewrite(document, rules, context)
    facts = tuple(_element(node, source) for node in _taken(document, nodes.meta))
    return Page(
        name=name, blocks=tuple(_blocks(document, (), source)), facts=facts, anchors=anchors
    )


def _own_children(node: nodes.Element) -> None:
    """Let every node be in one place, and know its parent: extensions put some in two."""
    seen: set[int] = set()
    stack = [node]
    while stack:
        parent = stack.pop()
        for place, child in enumerate(parent.children):
            own = child.deepcopy() if id(child) in seen else child
            seen.add(id(own))
            parent.children[place] = own
            own.parent = parent
            if isinstance(own, nodes.Element):
                stack.append(own)


def _rewrite(document: nodes.document, rules: Sequence[Rule], context: Context) -> None:
    per_class: dict[type[nodes.Node], list[Rule]] = {}
    for node in list(document.findall()):
        kind = type(node)
        if kind not in per_class:
            per_class[kind] = [rule for rule in rules if issubclass(kind, rule.kinds)]
        for rule in per_class[kind]:
            rule.apply(node, context)


def _taken(document: nodes.document, kind: type[nodes.Element]) -> list[nodes.Element]:
    """Remove the nodes of ``kind`` and return them."""
    found = list(document.findall(kind))
    for node in found:
        node.parent.remove(node)
    return found


# Ids and what they stand at


def counted(identifier: str) -> bool:
    """Say whether an id looks counted; an author may have chosen one that does."""
    return _COUNTED.fullmatch(identifier) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the ids of a document stand at: ``footnote 2``, ``section 'A'``.

    ``automatic`` are those of the counted ids, ``sections`` those of sections, ``all`` those of
    both and of all others.
    """

    all: Mapping[str, str]
    automatic: Mapping[str, str]
    sections: Mapping[str, str]

    @classmethod
    def of(cls, document: nodes.document) -> Places:
        """Find the places of ``document``."""
        places = _places(document)
        chosen = {
            identifier
            for name, identifier in document.nameids.items()
            if document.nametypes.get(name) and nodes.make_id(name) == identifier
        }
        return cls(
            all=places,
            automatic={
                identifier: place
                for identifier, place in places.items()
                if counted(identifier) and identifier not in chosen
            },
            sections={
                identifier: places[identifier]
                for section in document.findall(nodes.section)
                for identifier in section["ids"]
            },
        )


def _places(document: nodes.document) -> dict[str, str]:
    """Return what each id stands at, alike ones numbered from the second."""
    seen: Counter[str] = Counter()
    places: dict[str, str] = {}
    for node in document.findall(nodes.Element):
        if node["ids"] and not _points(node):
            place = _description(node)
            seen[place] += 1
            number = f" ({seen[place]})" if seen[place] > 1 else ""
            places.update(dict.fromkeys(node["ids"], f"{place}{number}"))
    return places


def _points(node: nodes.Element) -> bool:
    """Say whether a node with an id is no place of its own."""
    return isinstance(node, nodes.target) and ("refuri" in node or "refid" in node)


def _description(node: nodes.Element) -> str:
    match node:
        case nodes.footnote() | nodes.citation():
            label = node.next_node(nodes.label)
            return f"{node.tagname} {label.astext() if label else ''}".rstrip()
        case nodes.section():
            title = node.next_node(nodes.title)
            return f"section {title.astext() if title else ''!r}"
        case nodes.target() if any(i.startswith("index-") for i in node["ids"]):
            return "index entry"  # counted apart: the other targets differ with the syntax
        case _:
            return node.tagname


#: Nodes whose own ids are reached only from the page itself: from a mark, a list of contents, the
#: index.  An author's id on a footnote is still one that others can link to.
_INWARD = (
    nodes.footnote,
    nodes.footnote_reference,
    nodes.citation,
    nodes.citation_reference,
    nodes.reference,
    nodes.title,
    nodes.system_message,
    nodes.problematic,
    nodes.target,
)


def _anchors(document: nodes.document, places: Places) -> Iterator[Anchor]:
    for node in document.findall(nodes.Element):
        if isinstance(node, nodes.Invisible) or _points(node):
            continue
        for identifier in node["ids"]:
            place = places.all[identifier]
            if identifier not in places.automatic:
                yield Anchor(fragment=identifier, of=place)
            elif not isinstance(node, _INWARD) and not identifier.startswith("index-"):
                yield Anchor(fragment=identifier, of=place, counted=True)


# Writing it down


def _blocks(node: nodes.Element, section: tuple[str, ...], source: str) -> Iterator[Block]:
    for child in node.children:
        if isinstance(child, nodes.section):
            yield from _section(child, section, source)
        elif isinstance(child, nodes.Element):
            yield Block(section=section, element=_element(child, source))


def _section(node: nodes.section, around: tuple[str, ...], source: str) -> Iterator[Block]:
    """Yield the heading, with all that is the section's own, and the blocks below it."""
    heading = next((c for c in node.children if isinstance(c, nodes.title)), None)
    title = _SPACE.sub(" ", heading.astext()) if heading is not None else ""
    own = node.copy()
    own["level"] = len(around) + 1
    if heading is not None:
        node.remove(heading)
        own.append(heading)
    yield Block(section=(*around, title), element=_element(own, source))
    yield from _blocks(node, (*around, title), source)


def _element(node: nodes.Element, source: str) -> Element:
    children: list[Element | str] = []
    for child in node.children:
        if isinstance(child, nodes.Element):
            children.append(_element(child, source))
        elif children and isinstance(children[-1], str):
            children[-1] += child.astext()
        else:
            children.append(child.astext())
    line = node.line if _placed(node, source) else None
    if line is None:
        line = next((c.line for c in children if isinstance(c, Element) and c.line), None)
    return Element(
        kind=node.tagname,
        attributes=tuple(sorted((k, _text(v)) for k, v in node.attributes.items() if v != [])),
        children=tuple(child for child in children if child != ""),
        line=line,
    )


def _placed(node: nodes.Element, source: str) -> bool:
    """Tell whether a node's line is one of the page's.

    Directives give none to a description: docutils gives it the last line that it heard of.
    """
    own = source if node.source is None else node.source
    return bool(node.line) and own == source and not isinstance(node, addnodes.desc)


def _text(value: object) -> str:
    match value:
        case str():
            return value
        case list() | tuple() if all(isinstance(item, str) for item in value):
            return " ".join(value)
        case list() | tuple():
            return "; ".join(_text(item) for item in value)
        case dict():
            return ", ".join(f"{key}={_text(value[key])}" for key in sorted(value, key=str))
        case nodes.Node():
            return value.astext()
        case _:
            return _ADDRESS.sub("", repr(value))
