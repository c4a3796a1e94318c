"""How is a node rewritten, so that harmlessly different ones become equal?

One function for each of the `rules`: it takes a node of the rule's kinds and rewrites it in place,
removes it, or puts its children in its place.
"""

# ruff: noqa: D103 - what each is for, and why that is harmless, stands in the table of rules

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote

from docutils import nodes
from sphinx import addnodes

#: Says what the fragment (second) of a page's address (first) stands at, None where the fragment
#: is no automatic one or its page is not known.
Goal = Callable[[str, str], str | None]

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SPACE = re.compile(r"[ \t\r\n\f\v]+")
_HTML_COMMENTS = re.compile(r"\s*(?:<!--.*?-->\s*)+", re.DOTALL)

#: What may stand in an address as it is; browsers escape the rest before they ask for it.
_ADDRESS_CHARACTERS = ";/?:@&=+$,-_.!~*'()#%"

#: Classes that say only by which syntax a link was written.
_LINK_CLASS = re.compile(r"xref|any|doc|iref|myst|std(?:-\w+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What the rules know of the document around a node.

    ``automatic`` says what each counted id of the document stands at, ``sections`` at which
    section each id of a section does.
    """

    automatic: Mapping[str, str]
    sections: Mapping[str, str]
    goal: Goal
    column_widths: bool


def _remove(node: nodes.Node) -> None:
    if node.parent is not None:
        node.parent.remove(node)


def _unwrap(node: nodes.Element) -> None:
    parent = node.parent
    if parent is not None:
        place = parent.index(node)
        children = list(node.children)
        parent.remove(node)
        for offset, child in enumerate(children):
            parent.insert(place + offset, child)


def _forget(node: nodes.Element, *names: str) -> None:
    for name in names:
        node.attributes.pop(name, None)


def _discard_classes(node: nodes.Element, *names: str) -> None:
    node["classes"] = [name for name in node["classes"] if name not in names]


def bookkeeping(node: nodes.Element, _context: Context) -> None:
    if isinstance(node, nodes.footnote | nodes.citation) and node["backrefs"]:
        node["links back"] = len(node["backrefs"])
    _forget(node, "names", "dupnames", "backrefs", "xml:space", "translated", "rawcaption")
    _forget(node, "slug")  # MyST-Parser's: its id is among the ids
    _forget(node, "rawentries", "rawtext", "docname", "source")
    if isinstance(node, nodes.system_message):
        _forget(node, "line")  # the place in the source, of a message that an extension shows


def absent(node: nodes.Element, _context: Context) -> None:
    _forget(node, *(name for name, value in node.attributes.items() if value is None))


def class_order(node: nodes.Element, _context: Context) -> None:
    node["classes"] = sorted(set(node["classes"]))


def automatic_ids(node: nodes.Element, context: Context) -> None:
    node["ids"] = sorted(i for i in node["ids"] if i not in context.automatic)
    if (refid := node.get("refid")) in context.automatic:
        node["refid"] = f"({context.automatic[refid]})"
    if isinstance(uri := node.get("refuri"), str) and "#" in uri:
        address, _, fragment = uri.partition("#")
        if not address and fragment in context.automatic:
            node["refuri"] = f"#({context.automatic[fragment]})"
        elif address and (stands_at := context.goal(address, fragment)) is not None:
            node["refuri"] = f"{address}#({stands_at})"
    if isinstance(node, addnodes.index):
        node["entries"] = [
            (kind, text, _index_goal(node, goal, context), *rest)
            for kind, text, goal, *rest in node["entries"]
        ]


def _index_goal(node: addnodes.index, goal: str, context: Context) -> str:
    """Name what an index entry leads to: mostly what stands right behind it."""
    if goal not in context.automatic:
        return goal
    for following in node.findall(nodes.Element, include_self=False, descend=False, siblings=True):
        if goal in following["ids"]:
            return "(what follows)"
        if not isinstance(following, addnodes.index | nodes.target):
            break
    return f"({context.automatic[goal]})"


def section_links(node: nodes.reference, context: Context) -> None:
    uri = node.get("refuri", "")
    if uri.startswith("#") and uri[1:] in context.sections:
        node["refuri"] = f"#({context.sections[uri[1:]]})"


def footnote_marks(node: nodes.footnote_reference, _context: Context) -> None:
    node["ids"] = []
    _forget(node, "refid")


def problem(node: nodes.problematic, _context: Context) -> None:
    _forget(node, "refid")


def white_space(node: nodes.TextElement, _context: Context) -> None:
    if isinstance(node, nodes.Inline | nodes.FixedTextElement):
        return
    after_space = True
    last: nodes.Text | None = None
    for leaf in list(node.findall()):
        if isinstance(leaf, nodes.Text):
            if isinstance(leaf.parent, nodes.literal | nodes.math | nodes.FixedTextElement):
                after_space, last = False, None
                continue
            text = _SPACE.sub(" ", leaf.astext())
            text = text.removeprefix(" ") if after_space else text
            new = _replaced(leaf, text)
            if text:
                after_space, last = text.endswith(" "), new
        elif isinstance(leaf, nodes.image | nodes.raw):
            after_space, last = False, None
    if last is not None:
        _replaced(last, last.removesuffix(" "))


def _replaced(old: nodes.Text, text: str) -> nodes.Text:
    if old == text:
        return old
    new = nodes.Text(text)
    siblings = old.parent.children
    # By identity: texts that read the same are equal.
    old.parent[next(n for n, child in enumerate(siblings) if child is old)] = new
    return new


def literal_breaks(node: nodes.literal, _context: Context) -> None:
    for text in list(node.findall(nodes.Text)):
        _replaced(text, text.replace("\n", " "))


def unseen(node: nodes.Node, _context: Context) -> None:
    _remove(node)


def html_comment(node: nodes.raw, _context: Context) -> None:
    if node.get("format") == "html" and _HTML_COMMENTS.fullmatch(node.astext()):
        parent = node.parent
        _remove(node)
        if isinstance(parent, nodes.paragraph) and not parent.children:
            _remove(parent)


def pointer(node: nodes.target, _context: Context) -> None:
    if "refid" in node or "refuri" in node or "refname" in node:
        _unwrap(node)


def inline_target(node: nodes.target, _context: Context) -> None:
    parent = node.parent
    held = any(child is node for child in parent.children) if parent is not None else False
    if held and node.children and isinstance(parent, nodes.TextElement):
        span = nodes.inline("", "", *node.children, ids=node["ids"], classes=node["classes"])
        span.line, span.source = node.line, node.source
        parent.replace(node, span)


def index(node: addnodes.index, _context: Context) -> None:
    place = node.parent.index(node)
    before = node.parent.children[place - 1] if place else None
    if isinstance(before, addnodes.index):
        before["entries"] = [*before["entries"], *node["entries"]]
        _remove(node)


def bullets(node: nodes.bullet_list, _context: Context) -> None:
    _forget(node, "bullet")


def enumerator(node: nodes.enumerated_list, _context: Context) -> None:
    _forget(node, "prefix", "suffix")
    if node.get("start") == 1:
        _forget(node, "start")


def link(node: nodes.Element, _context: Context) -> None:
    internal = bool(node.get("internal")) or "refuri" not in node
    _forget(node, "name", "refname", "anonymous", "internal", "id_link")
    if internal:
        node["internal"] = True
    else:
        _discard_classes(node, "external")  # which writers add to each such link
        node["refuri"] = quote(node["refuri"], safe=_ADDRESS_CHARACTERS)
    if "refid" in node:
        node["refuri"] = "#" + node["refid"]
        _forget(node, "refid")
    for child in node.findall(nodes.Element):
        _forget(child, "unresolved")


def link_wrapper(node: nodes.inline, _context: Context) -> None:
    if isinstance(node.parent, nodes.reference | addnodes.download_reference):
        node["classes"] = [name for name in node["classes"] if not _LINK_CLASS.fullmatch(name)]


def plain_wrapper(node: nodes.inline, _context: Context) -> None:
    if type(node) is nodes.inline and not any(node.attributes.values()):
        _unwrap(node)


def download(node: nodes.Element, _context: Context) -> None:
    if "filename" in node or "refuri" in node:
        _forget(node, "reftarget")
    _forget(node, "refdoc", "refdomain", "reftype", "refexplicit", "refwarn")


def doctest(node: nodes.doctest_block, _context: Context) -> None:
    _discard_classes(node, "doctest")
    block = nodes.literal_block(node.rawsource, "", *node.children, **node.attributes)
    block["language"] = "pycon"
    _forget(block, "xml:space")
    block.line, block.source = node.line, node.source
    node.parent.replace(node, block)
    code(block, _context)


def code(node: nodes.literal_block, _context: Context) -> None:
    if node.rawsource != node.astext():
        node["parsed"] = True
        _forget(node, "language", "force", "linenos")  # nothing highlights it
    if node.children and isinstance(last := node.children[-1], nodes.Text):
        _replaced(last, last.removesuffix("\n"))
    for name in ("force", "linenos"):
        if not node.get(name):
            _forget(node, name)
    given: dict[str, object] = node.get("highlight_args", {})
    options = {name: value for name, value in given.items() if name != "force" and value}
    _forget(node, "highlight_args")
    if options:
        node["highlight_args"] = options


def image(node: nodes.image, _context: Context) -> None:
    _forget(node, "candidates", "original_uri")


def math(node: nodes.Element, _context: Context) -> None:
    if node.get("nowrap") or node.get("no-wrap"):
        node["nowrap"] = True
    else:
        _forget(node, "nowrap")
    _forget(node, "no-wrap")
    if _UUID.fullmatch(str(node.get("label"))):
        node["label"] = "(automatic)"
    node[:] = [nodes.Text(node.astext().strip())]


def mathjax(node: nodes.section, _context: Context) -> None:
    _discard_classes(node, "tex2jax_ignore", "mathjax_ignore")


def list_classes(node: nodes.Element, _context: Context) -> None:
    _discard_classes(node, "simple", "field-list", "myst")


def column_widths(node: nodes.table, context: Context) -> None:
    given = "colwidths-given" in node["classes"]
    if "colwidths-auto" in node["classes"] or not (given or context.column_widths):
        for column in node.findall(nodes.colspec):
            _forget(column, "colwidth")
    else:
        columns = list(node.findall(nodes.colspec))
        total = sum(column["colwidth"] for column in columns)
        for column in columns:
            column["colwidth"] = f"{column['colwidth'] / total:.1%}"
    _discard_classes(node, "colwidths-auto")
    if isinstance(node.parent, nodes.container):
        _discard_classes(node.parent, "colwidths-auto")  # themes copy it to a wrapper
    if node.get("align") == "default":
        _forget(node, "align")
