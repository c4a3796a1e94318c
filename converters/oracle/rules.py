"""Which differences between two doctrees are harmless?  `RULES` names them, each with its reason.

A rule rewrites the nodes of its kinds so that harmlessly different ones become equal.  What no
rule names is compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
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

    ``automatic`` says what each counted id of the document stands at.
    """

    automatic: Mapping[str, str]
    goal: Goal
    column_widths: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A difference that is harmless, and why.

    ``apply`` rewrites a node of ``kinds`` in place, so that two harmlessly different ones become
    equal.  It may remove the node or replace it by its children.
    """

    name: str
    harmless: str
    reason: str
    kinds: tuple[type[nodes.Node], ...]
    apply: Callable[[Any, Context], None]


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


def _bookkeeping(node: nodes.Element, _context: Context) -> None:
    if isinstance(node, nodes.footnote | nodes.citation) and node["backrefs"]:
        node["links back"] = len(node["backrefs"])
    _forget(node, "names", "dupnames", "backrefs", "xml:space", "translated", "rawcaption")
    _forget(node, "rawentries", "docname")


def _absent(node: nodes.Element, _context: Context) -> None:
    _forget(node, *(name for name, value in node.attributes.items() if value is None))


def _class_order(node: nodes.Element, _context: Context) -> None:
    node["classes"] = sorted(set(node["classes"]))


def _automatic_ids(node: nodes.Element, context: Context) -> None:
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
            (kind, text, f"({context.automatic[goal]})" if goal in context.automatic else goal, *r)
            for kind, text, goal, *r in node["entries"]
        ]


def _footnote_marks(node: nodes.footnote_reference, _context: Context) -> None:
    node["ids"] = []
    _forget(node, "refid")


def _white_space(node: nodes.TextElement, _context: Context) -> None:
    if isinstance(node, nodes.Inline | nodes.FixedTextElement):
        return
    after_space = True
    last: nodes.Text | None = None
    for leaf in list(node.findall()):
        if isinstance(leaf, nodes.Text):
            if isinstance(leaf.parent, nodes.literal | nodes.math | nodes.FixedTextElement):
                after_space, last = False, None
                continue
            text = _SPACE.sub(" ", leaf)
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
    old.parent.replace(old, new)
    return new


def _literal_breaks(node: nodes.literal, _context: Context) -> None:
    for text in list(node.findall(nodes.Text)):
        _replaced(text, text.replace("\n", " "))


def _unseen(node: nodes.Node, _context: Context) -> None:
    _remove(node)


def _html_comment(node: nodes.raw, _context: Context) -> None:
    if node.get("format") == "html" and _HTML_COMMENTS.fullmatch(node.astext()):
        parent = node.parent
        _remove(node)
        if isinstance(parent, nodes.paragraph) and not parent.children:
            _remove(parent)


def _pointer(node: nodes.target, _context: Context) -> None:
    if "refid" in node or "refuri" in node or "refname" in node:
        _unwrap(node)


def _inline_target(node: nodes.target, _context: Context) -> None:
    if node.children and isinstance(node.parent, nodes.TextElement):
        span = nodes.inline("", "", *node.children, ids=node["ids"], classes=node["classes"])
        span.line, span.source = node.line, node.source
        node.parent.replace(node, span)


def _index(node: addnodes.index, _context: Context) -> None:
    if node.parent is None:
        return
    before = node.parent.children[: node.parent.index(node)]
    if before and isinstance(before[-1], addnodes.index):
        before[-1]["entries"] = [*before[-1]["entries"], *node["entries"]]
        _remove(node)


def _bullets(node: nodes.bullet_list, _context: Context) -> None:
    _forget(node, "bullet")


def _enumerator(node: nodes.enumerated_list, _context: Context) -> None:
    _forget(node, "prefix", "suffix")
    if node.get("start") == 1:
        _forget(node, "start")


def _link(node: nodes.Element, _context: Context) -> None:
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


def _link_wrapper(node: nodes.inline, _context: Context) -> None:
    if isinstance(node.parent, nodes.reference | addnodes.download_reference):
        node["classes"] = [name for name in node["classes"] if not _LINK_CLASS.fullmatch(name)]


def _plain_wrapper(node: nodes.inline, _context: Context) -> None:
    if type(node) is nodes.inline and not any(node.attributes.values()):
        _unwrap(node)


def _download(node: nodes.Element, _context: Context) -> None:
    if "filename" in node or "refuri" in node:
        _forget(node, "reftarget")
    _forget(node, "refdoc", "refdomain", "reftype", "refexplicit", "refwarn")


def _doctest(node: nodes.doctest_block, _context: Context) -> None:
    _discard_classes(node, "doctest")
    block = nodes.literal_block(node.rawsource, "", *node.children, **node.attributes)
    block["language"] = "pycon"
    _forget(block, "xml:space")
    block.line, block.source = node.line, node.source
    node.parent.replace(node, block)
    _code(block, _context)


def _code(node: nodes.literal_block, _context: Context) -> None:
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
    _forget(node, "highlight_args", "source")
    if options:
        node["highlight_args"] = options


def _image(node: nodes.image, _context: Context) -> None:
    _forget(node, "candidates", "original_uri")


def _math(node: nodes.Element, _context: Context) -> None:
    if node.get("nowrap") or node.get("no-wrap"):
        node["nowrap"] = True
    else:
        _forget(node, "nowrap")
    _forget(node, "no-wrap")
    if _UUID.fullmatch(str(node.get("label"))):
        node["label"] = "(automatic)"
    node[:] = [nodes.Text(node.astext().strip())]


def _mathjax(node: nodes.section, _context: Context) -> None:
    _discard_classes(node, "tex2jax_ignore", "mathjax_ignore")


def _list_classes(node: nodes.Element, _context: Context) -> None:
    _discard_classes(node, "simple", "field-list", "myst")


def _column_widths(node: nodes.table, context: Context) -> None:
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


#: Every harmless difference, in the order in which the rules are applied.
RULES: tuple[Rule, ...] = (
    Rule(
        name="bookkeeping",
        harmless="names, source texts and the like that docutils and Sphinx keep for themselves",
        reason="No writer shows them; a name that others can link to is compared as a label, and "
        "of the links back from a footnote their number.",
        kinds=(nodes.Element,),
        apply=_bookkeeping,
    ),
    Rule(
        name="absent-options",
        harmless="an option that is not given, and one that is not there",
        reason="Parsers write down one or the other; nothing tells them apart afterwards.",
        kinds=(nodes.Element,),
        apply=_absent,
    ),
    Rule(
        name="comments",
        harmless="comments, and definitions of substitutions",
        reason="They are not shown; what a substitution puts in is compared where it stands.",
        kinds=(nodes.comment, nodes.substitution_definition),
        apply=_unseen,
    ),
    Rule(
        name="html-comments",
        harmless="raw HTML that is a comment and nothing else",
        reason="A browser does not show it; it is how Markdown writes comments.",
        kinds=(nodes.raw,),
        apply=_html_comment,
    ),
    Rule(
        name="pointers",
        harmless="targets that only name a place or an address elsewhere",
        reason="They are not shown: their id is at the place, their address in each link.",
        kinds=(nodes.target,),
        apply=_pointer,
    ),
    Rule(
        name="footnote-marks",
        harmless="the ids by which a footnote and its marks find each other",
        reason="That the right two do is seen by the label, which is the mark's text.",
        kinds=(nodes.footnote_reference,),
        apply=_footnote_marks,
    ),
    Rule(
        name="automatic-ids",
        harmless="ids that are counted (id3, index-0), and the order of ids",
        reason="They count what came before; links to them are compared by what they point to.",
        kinds=(nodes.Element,),
        apply=_automatic_ids,
    ),
    Rule(
        name="white-space",
        harmless="white space in text: its length, its line breaks, and at the edges",
        reason="HTML shows any run of it as one space; literal text is compared to the letter.",
        kinds=(nodes.TextElement,),
        apply=_white_space,
    ),
    Rule(
        name="literal-breaks",
        harmless="a line break inside inline code, and a space",
        reason="Both are shown as a space where the line may break.",
        kinds=(nodes.literal,),
        apply=_literal_breaks,
    ),
    Rule(
        name="inline-targets",
        harmless="a place in running text that is a target, and one that is a span with an id",
        reason="Both are a span that links find by its id.",
        kinds=(nodes.target,),
        apply=_inline_target,
    ),
    Rule(
        name="index-directives",
        harmless="index entries in one directive, and in several straight below one another",
        reason="The index lists each entry by itself; both lead to what follows.",
        kinds=(addnodes.index,),
        apply=_index,
    ),
    Rule(
        name="bullets",
        harmless="the character that a bullet list was typed with",
        reason="The style sheet draws the bullet.",
        kinds=(nodes.bullet_list,),
        apply=_bullets,
    ),
    Rule(
        name="enumerators",
        harmless="what stands around a list's numbers, and a start at 1",
        reason="The style sheet draws the numbers, and lists start at 1.",
        kinds=(nodes.enumerated_list,),
        apply=_enumerator,
    ),
    Rule(
        name="links",
        harmless="how a link was written: named, anonymous, by role or by address, escaped or not",
        reason="The address, the text and whether it is external are what is shown.",
        kinds=(nodes.reference, addnodes.number_reference),
        apply=_link,
    ),
    Rule(
        name="downloads",
        harmless="how the path of a download was written",
        reason="The file that it leads to is compared.",
        kinds=(addnodes.download_reference,),
        apply=_download,
    ),
    Rule(
        name="link-wrappers",
        harmless="the classes inside a link that say which syntax it was written with",
        reason="`std-ref`, `doc` and `myst` mark the same link; classes of code roles do count.",
        kinds=(nodes.inline,),
        apply=_link_wrapper,
    ),
    Rule(
        name="plain-wrappers",
        harmless="a span with no class and no id",
        reason="It has no look of its own.",
        kinds=(nodes.inline,),
        apply=_plain_wrapper,
    ),
    Rule(
        name="doctest-blocks",
        harmless="a doctest block, and a code block of language pycon",
        reason="Both are highlighted as a Python session.",
        kinds=(nodes.doctest_block,),
        apply=_doctest,
    ),
    Rule(
        name="code-defaults",
        harmless="options of code blocks at their defaults, and a final line end",
        reason="They change nothing; whether a block is highlighted at all does count.",
        kinds=(nodes.literal_block,),
        apply=_code,
    ),
    Rule(
        name="image-files",
        harmless="the list of files that Sphinx found for an image",
        reason="It follows from the address, which is compared.",
        kinds=(nodes.image,),
        apply=_image,
    ),
    Rule(
        name="math",
        harmless="white space around a formula, and options that are off",
        reason="TeX skips it.",
        kinds=(nodes.math, nodes.math_block),
        apply=_math,
    ),
    Rule(
        name="mathjax-classes",
        harmless="the classes that keep MathJax away from a page's text",
        reason="MyST-Parser sets them on each page; formulas are marked one by one.",
        kinds=(nodes.section,),
        apply=_mathjax,
    ),
    Rule(
        name="list-classes",
        harmless="the classes `simple`, `field-list` and `myst` of definition and field lists",
        reason="MyST-Parser sets them on each; Sphinx sets the first two itself where they count.",
        kinds=(nodes.definition_list, nodes.field_list),
        apply=_list_classes,
    ),
    Rule(
        name="column-widths",
        harmless="column widths that come from how a table was typed",
        reason="Only widths that were asked for reach the page, as shares of the whole.",
        kinds=(nodes.table,),
        apply=_column_widths,
    ),
    Rule(
        name="class-order",
        harmless="the order of classes, and a class given twice",
        reason="HTML takes classes as a set.",
        kinds=(nodes.Element,),
        apply=_class_order,
    ),
)
