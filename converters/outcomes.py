"""What became of each page, and how much of it stayed RST?"""

from __future__ import annotations

from collections.abc import Iterator

from docutils import nodes

from converters.drafts import Draft, Drafts, target_of
from converters.migration import Kept, PageFate, PageOutcome
from converters.pen import EVAL_RST
from converters.recorder import DirectiveRecord
from converters.shapes import shape_of


def outcomes(state: Drafts) -> tuple[PageOutcome, ...]:
    """Return the fate of every page that was asked for, in the order of their names."""
    found = dict(state.left)
    for draft in state.drafts.values():
        if draft.written is not None:
            found[draft.name] = PageOutcome(
                name=draft.name,
                path=draft.path,
                target=target_of(draft.path),
                fate=PageFate.PROVEN,
                text=draft.written.text,
                kept=tuple(_kept(draft)),
                page_rst=draft.written.page_rst,
                blocks=count(draft.record.document),
            )
    return tuple(found[name] for name in sorted(found))


def _kept(draft: Draft) -> Iterator[Kept]:
    for mark in draft.written.marks if draft.written is not None else ():
        if mark.way == EVAL_RST:
            node: nodes.Node = draft.record.document
            for index in mark.key:
                node = node.children[index]
            yield Kept(
                line=mark.source_line,
                construct=mark.construct,
                blocks=(count(node) or 1) if mark.key else 1,
                autodoc=isinstance(node, DirectiveRecord)
                and shape_of(node["name"], draft.surroundings.registry).docstrings,
            )


def count(node: nodes.Node) -> int:
    """Return how many blocks there are in and below ``node``, what leaves no trace apart."""
    unseen = (nodes.comment, nodes.target, nodes.substitution_definition, nodes.system_message)
    block = (
        nodes.paragraph, nodes.literal_block, nodes.doctest_block, nodes.bullet_list,
        nodes.enumerated_list, nodes.definition_list, nodes.field_list, nodes.option_list,
        nodes.block_quote, nodes.line_block, nodes.table, nodes.footnote, nodes.citation,
        nodes.transition, nodes.title, DirectiveRecord,
    )  # fmt: skip
    return sum(1 for found in node.findall(nodes.Element) if isinstance(found, block)
               and not isinstance(found, unseen))  # fmt: skip
