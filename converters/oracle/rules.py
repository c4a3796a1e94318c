"""Which differences between two doctrees are harmless?  `RULES` names them, each with its reason.

A rule rewrites the nodes of its kinds so that harmlessly different ones become equal.  What no
rule names is compared.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from docutils import nodes
from sphinx import addnodes

from converters.oracle import rewriting
from converters.oracle.rewriting import Context


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


#: What is harmless by how pages are written down and compared, not by a rule: (what, why).
INHERENT: tuple[tuple[str, str], ...] = (
    ("the place in the source", "Another syntax has other lines."),
    ("the order of a page's `meta` elements", "Search engines read them as a set."),
    (
        "further ids on an element, and further labels",
        "One more place to link to breaks no link.",
    ),
    (
        "what stands beside `orphan` and the other flags of a page",
        "Sphinx asks only whether they are there.",
    ),
    (
        "MyST-Parser's own metadata of a page: its settings, its slugs and its word count",
        "Nothing shows them.",
    ),
)

#: Every harmless difference, in the order in which the rules are applied.
RULES: tuple[Rule, ...] = (
    Rule(
        name="bookkeeping",
        harmless="names, source texts and the like that docutils and Sphinx keep for themselves",
        reason="No writer shows them; a name that others can link to is compared as a label, and "
        "of the links back from a footnote their number.",
        kinds=(nodes.Element,),
        apply=rewriting.bookkeeping,
    ),
    Rule(
        name="absent-options",
        harmless="an option that is not given, and one that is not there",
        reason="Parsers write down one or the other; nothing tells them apart afterwards.",
        kinds=(nodes.Element,),
        apply=rewriting.absent,
    ),
    Rule(
        name="comments",
        harmless="comments, and definitions of substitutions",
        reason="They are not shown; what a substitution puts in is compared where it stands.",
        kinds=(nodes.comment, nodes.substitution_definition),
        apply=rewriting.unseen,
    ),
    Rule(
        name="html-comments",
        harmless="raw HTML that is a comment and nothing else",
        reason="A browser does not show it; it is how Markdown writes comments.",
        kinds=(nodes.raw,),
        apply=rewriting.html_comment,
    ),
    Rule(
        name="pointers",
        harmless="targets that only name a place or an address elsewhere",
        reason="They are not shown: their id is at the place, their address in each link.",
        kinds=(nodes.target,),
        apply=rewriting.pointer,
    ),
    Rule(
        name="footnote-marks",
        harmless="the ids by which a footnote and its marks find each other",
        reason="That the right two do is seen by the label, which is the mark's text.",
        kinds=(nodes.footnote_reference,),
        apply=rewriting.footnote_marks,
    ),
    Rule(
        name="problems",
        harmless="the id of the message that belongs to a mistake on the page",
        reason="Sphinx takes the messages out of the page, and so the link leads nowhere.",
        kinds=(nodes.problematic,),
        apply=rewriting.problem,
    ),
    Rule(
        name="automatic-ids",
        harmless="ids that are counted (id3, index-0), and the order of ids",
        reason="They count what came before; links to them are compared by what they point to.",
        kinds=(nodes.Element,),
        apply=rewriting.automatic_ids,
    ),
    Rule(
        name="white-space",
        harmless="white space in text: its length, its line breaks, and at the edges",
        reason="HTML shows any run of it as one space; literal text is compared to the letter.",
        kinds=(nodes.TextElement,),
        apply=rewriting.white_space,
    ),
    Rule(
        name="literal-breaks",
        harmless="a line break inside inline code, and a space",
        reason="Both are shown as a space where the line may break.",
        kinds=(nodes.literal,),
        apply=rewriting.literal_breaks,
    ),
    Rule(
        name="inline-targets",
        harmless="a place in running text that is a target, and one that is a span with an id",
        reason="Both are a span that links find by its id.",
        kinds=(nodes.target,),
        apply=rewriting.inline_target,
    ),
    Rule(
        name="index-directives",
        harmless="index entries in one directive, and in several straight below one another",
        reason="The index lists each entry by itself; both lead to what follows.",
        kinds=(addnodes.index,),
        apply=rewriting.index,
    ),
    Rule(
        name="bullets",
        harmless="the character that a bullet list was typed with",
        reason="The style sheet draws the bullet.",
        kinds=(nodes.bullet_list,),
        apply=rewriting.bullets,
    ),
    Rule(
        name="enumerators",
        harmless="what stands around a list's numbers, and a start at 1",
        reason="The style sheet draws the numbers, and lists start at 1.",
        kinds=(nodes.enumerated_list,),
        apply=rewriting.enumerator,
    ),
    Rule(
        name="links",
        harmless="how a link was written: named, anonymous, by role or by address, escaped or not",
        reason="The address, the text and whether it is external are what is shown.",
        kinds=(nodes.reference, addnodes.number_reference),
        apply=rewriting.link,
    ),
    Rule(
        name="section-links",
        harmless="which of a section's ids a link on its page names",
        reason="All of them lead to its heading; that each is there is seen by the anchors.",
        kinds=(nodes.reference,),
        apply=rewriting.section_links,
    ),
    Rule(
        name="downloads",
        harmless="how the path of a download was written",
        reason="The file that it leads to is compared.",
        kinds=(addnodes.download_reference,),
        apply=rewriting.download,
    ),
    Rule(
        name="link-wrappers",
        harmless="the classes inside a link that say which syntax it was written with",
        reason="`std-ref`, `doc` and `myst` mark the same link; classes of code roles do count.",
        kinds=(nodes.inline,),
        apply=rewriting.link_wrapper,
    ),
    Rule(
        name="plain-wrappers",
        harmless="a span with no class and no id",
        reason="It has no look of its own.",
        kinds=(nodes.inline,),
        apply=rewriting.plain_wrapper,
    ),
    Rule(
        name="doctest-blocks",
        harmless="a doctest block, and a code block of language pycon",
        reason="Both are highlighted as a Python session.",
        kinds=(nodes.doctest_block,),
        apply=rewriting.doctest,
    ),
    Rule(
        name="code-defaults",
        harmless="options of code blocks at their defaults, and a final line end",
        reason="They change nothing; whether a block is highlighted at all does count.",
        kinds=(nodes.literal_block,),
        apply=rewriting.code,
    ),
    Rule(
        name="image-files",
        harmless="the list of files that Sphinx found for an image",
        reason="It follows from the address, which is compared.",
        kinds=(nodes.image,),
        apply=rewriting.image,
    ),
    Rule(
        name="math",
        harmless="white space around a formula, and options that are off",
        reason="TeX skips it.",
        kinds=(nodes.math, nodes.math_block),
        apply=rewriting.math,
    ),
    Rule(
        name="mathjax-classes",
        harmless="the classes that keep MathJax away from a page's text",
        reason="MyST-Parser sets them on each page; formulas are marked one by one.",
        kinds=(nodes.section,),
        apply=rewriting.mathjax,
    ),
    Rule(
        name="list-classes",
        harmless="the classes `simple`, `field-list` and `myst` of definition and field lists",
        reason="MyST-Parser sets them on each; Sphinx sets the first two itself where they count.",
        kinds=(nodes.definition_list, nodes.field_list),
        apply=rewriting.list_classes,
    ),
    Rule(
        name="column-widths",
        harmless="column widths that come from how a table was typed",
        reason="Only widths that were asked for reach the page, as shares of the whole.",
        kinds=(nodes.table,),
        apply=rewriting.column_widths,
    ),
    Rule(
        name="class-order",
        harmless="the order of classes, and a class given twice",
        reason="HTML takes classes as a set.",
        kinds=(nodes.Element,),
        apply=rewriting.class_order,
    ),
)
