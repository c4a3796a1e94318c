"""Which quotes does a page show?

Sphinx makes straight quotes typographic, text node by text node.  MyST-Parser ends a text at each
line break, where RST does not: a quote at the edge of a line may be taken for the other one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from docutils import nodes
from docutils.utils import smartquotes

#: Quotes alone: dashes and dots are made of what stands beside them, and so come out the same.
_QUOTES = "q"

_ESCAPED = re.compile("(?<=\x00)([-\\\\'\".`])")


#: What Sphinx would make typographic, were it not escaped: a quote, and a dash or a dot beside
#: another; or a backslash before what it takes for escaped.
_KEPT = re.compile("""\x00(["']|-(?=\x00?-)|(?<=-\x00)-|\\.(?=\x00?\\.)|(?<=\\.\x00)\\.)""")
_BESIDE = re.compile("""\x00\\s["']|["']\x00\\s""")
_BACKSLASH = re.compile(r"""\x00?\\(?=\x00?[-\\'".`])""")


def apart(text: nodes.Text, language: str) -> str:
    """Return a text with a backslash, which Sphinx takes away, before what is to stay as it is.

    ``language`` is that of the quotes, ``""`` where Sphinx makes nothing typographic.
    """
    if not language or "\x00" not in text:
        return text.astext()
    return nodes.unescape(_KEPT.sub(r"\\\1", _BACKSLASH.sub(r"\\\\", str(text))))


def beside_a_blank(node: nodes.TextElement) -> bool:
    """Tell whether a quote stands beside an escaped blank, which Sphinx sees and readers do not."""
    return any(isinstance(c, nodes.Text) and _BESIDE.search(str(c)) for c in node.children)


def has_quotes(node: nodes.TextElement) -> bool:
    """Tell whether there are straight quotes in the text of ``node`` itself."""
    return any(isinstance(c, nodes.Text) and re.search("[\"']", c) for c in node.children)


def educated(node: nodes.TextElement, language: str) -> Sequence[nodes.Node]:
    """Return the children of ``node``, straight quotes in its own text as they are shown."""
    tokens = [
        ("plain", _ESCAPED.sub(r"\\\1", str(child)))
        if isinstance(child, nodes.Text)
        else ("literal", child.astext())
        for child in node.children
    ]
    shown = smartquotes.educate_tokens(tokens, _QUOTES, language)
    return [
        nodes.Text(text) if isinstance(child, nodes.Text) else child
        for child, text in zip(node.children, shown, strict=True)
    ]
