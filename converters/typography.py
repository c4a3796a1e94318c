"""Which quotes does a page show?

Sphinx makes straight quotes typographic, text node by text node.  MyST-Parser ends a text at each
line break, where RST does not: a quote at the edge of a line may be taken for the other one.
"""

from __future__ import annotations

from collections.abc import Sequence

from docutils import nodes
from docutils.utils import smartquotes


def has_quotes(node: nodes.TextElement) -> bool:
    """Tell whether there are straight quotes and a line break in the text of ``node`` itself."""
    texts = [str(child) for child in node.children if isinstance(child, nodes.Text)]
    return any(quote in text for text in texts for quote in "\"'") and "\n" in node.astext()


def educated(node: nodes.TextElement, language: str) -> Sequence[nodes.Node]:
    """Return the children of ``node``, straight quotes in its own text as they are shown."""
    shown: list[nodes.Node] = []
    before = " "
    for child in node.children:
        text = child.astext()
        if isinstance(child, nodes.Text):
            context = ";" if before in "\"'" else before
            shown.append(nodes.Text(smartquotes.educateQuotes(context + text, language)[1:]))
        else:
            shown.append(child)
        before = text[-1:] or before
    return shown
