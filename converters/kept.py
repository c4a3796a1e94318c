"""How a block is kept as RST in a page of MyST.

MyST-Parser reads each ``eval-rst`` block as a document of its own: names of links and
substitutions do not reach into it, nor from one of its lines to another.  So they are replaced
by what they stand for.  Labels of the page itself are found, and so are citations.

Where the page may use `PAGE_RST` the blocks are ``page-rst`` and belong to the page: its footnotes
and headings are found too.  MyST still knows links and substitutions by no name of docutils.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docutils import nodes

from converters import constructs, inline
from converters.grids import replaced
from converters.page import Link
from converters.pen import Lines, Pen, UnwritableError, included_page, stack
from converters.recorder import DirectiveRecord


def eval_rst(pen: Pen, node: nodes.Node, level: int | None = None) -> Lines:
    """Return the source of ``node`` as a block of RST.

    ``level`` is that of the first heading in a block that belongs to the page, None for one below
    the headings around it.  Raises UnwritableError where the block would have to stand alone and
    cannot: footnotes do not reach out of it.
    """
    return _fenced(pen, node, pen.source(node), level)


def includes_rst(pen: Pen, node: nodes.section) -> bool:
    """Tell whether a section takes in a file that is RST, whose headings may end the section."""
    return isinstance(node.parent, (nodes.document, nodes.section)) and any(
        record["name"].lower() == "include"
        and not {"literal", "code"} & dict(record["options"]).keys()
        and included_page(record, pen.surroundings) not in pen.surroundings.fragments
        for record in node.findall(DirectiveRecord)
    )


def section(pen: Pen, node: nodes.section) -> Lines:
    """Return a section as a block of RST; labels at its end are the next one's, and stay outside.

    For a page that goes on at a higher level in the middle of a section, as an included file may.
    """
    outside: list[Lines] = []
    rest = list(node.children)
    end = pen.record.end_line(node)
    while rest and isinstance(last := rest[-1], nodes.target) and "refuri" not in last:
        span = pen.record.span(rest.pop())
        written = constructs.target(pen, last)
        if span is None or written is None:
            raise UnwritableError("a section that ends in a label without a place")
        end = span.line - 1
        outside.insert(0, written)
    start = pen.record.span(node)
    if start is None:
        raise UnwritableError("no source of its own")
    lines = pen.record.lines[start.line - 1 : end]
    text = "\n".join(lines).rstrip().split("\n")
    return stack([_fenced(pen, node, text), *outside], [True, True, *(False for _ in outside)])


def _fenced(pen: Pen, node: nodes.Node, source: Sequence[str], level: int | None = None) -> Lines:
    footnotes = any(node.findall(nodes.footnote_reference)) or any(node.findall(nodes.footnote))
    if footnotes and not pen.surroundings.page_rst:
        raise UnwritableError("RST with footnotes in it")
    for record in node.findall(DirectiveRecord):
        if included_page(record, pen.surroundings) in pen.surroundings.fragments:
            raise UnwritableError("RST that includes a converted page")
    text = "\n".join(source)
    for reference in node.findall(nodes.reference):
        text = _with_address(pen, text, reference)
    for substitution in node.findall(nodes.substitution_reference):
        text = _expanded(pen, text, substitution)
    lines = text.split("\n")
    if pen.default_role != pen.surroundings.default_role:
        lines = [f".. default-role:: {pen.default_role}", "", *lines]
    longest = max((len(run) for run in re.findall(r"^\s*(`{3,})", text, re.MULTILINE)), default=2)
    ticks = "`" * (longest + 1)
    name = "page-rst" if pen.surroundings.page_rst else "eval-rst"
    options = [f":level: {level}", ""] if level is not None else []
    return Lines(text=(f"{ticks}{{{name}}}", *options, *lines, ticks))


def _with_address(pen: Pen, text: str, reference: nodes.reference) -> str:
    if "refuri" in reference:
        return text
    if reference.get("anonymous"):
        goal = pen.page.anonymous.get(id(reference))
    else:
        goal = pen.page.goals.get(reference.get("refname", ""))
    if not isinstance(goal, Link):
        return text
    words = reference.rawsource.split()
    pattern = r"(?<![\w`])" + r"\s+".join(re.escape(word) for word in words) + r"(?![\w`_])"
    quoted = re.fullmatch(r"`(.*[^>\s])`__?", " ".join(words))
    shown = quoted[1] if quoted else " ".join(reference.astext().split()).replace("<", "\\<")
    found = re.search(pattern, text)
    return replaced(text, found, f"`{shown} <{goal.uri}>`__") if found else text


def _expanded(pen: Pen, text: str, reference: nodes.substitution_reference) -> str:
    name = reference.astext()
    definition = pen.page.substitutions.get(name) or pen.surroundings.substitutions.get(name)
    if definition is None:
        return text  # one of Sphinx's own
    child = definition.children[0] if definition.children else None
    kind = child["name"].lower() if isinstance(child, DirectiveRecord) else ""
    if isinstance(child, DirectiveRecord) and kind == "replace":
        shown = " ".join(" ".join(child["content"]).split())
        for inner in child.findall(nodes.substitution_reference):
            if inner.astext().lower() != name.lower():
                shown = _expanded(pen, shown, inner)
    elif isinstance(child, DirectiveRecord) and kind == "unicode":
        if any(inline.trims(pen, reference)):
            raise UnwritableError("RST with a substitution that trims what is around it")
        shown = inline.characters(child)
    else:
        raise UnwritableError("RST with a substitution that is no text")
    found = re.search(re.escape(f"|{name}|"), text)
    return replaced(text, found, shown) if found else text
