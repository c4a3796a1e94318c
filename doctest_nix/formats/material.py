"""What the body of a Material for MkDocs admonition or tab is: the text indented below its line.

CommonMark alone would take such a body for indented code, and the fences in it for its text.
Sources of the rules: the ``admonition`` extension of Python-Markdown, and ``details`` and
``tabbed`` of PyMdown.
"""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

#: Type of the tokens: ``meta`` has ``name``, ``argument`` and ``lines``, as a fence's has.
TOKEN = "indented_body"  # noqa: S105 - a token of the parser, not a secret

_ADMONITION = re.compile(r'(?:!!!|\?\?\?\+?)\s+([A-Za-z][\w-]*)[\w -]*(?:"([^"]*)")?\s*')
_TAB = re.compile(r'===[!+]?\s+"([^"]+)"\s*')


def indented_bodies(md: MarkdownIt) -> None:
    """Read ``!!! note "Title"``, ``??? note`` and ``=== "Tab"`` with an indented body as tokens.

    A line without such a body is text, as in any other Markdown.
    """
    md.block.ruler.before("fence", TOKEN, _rule)


def _rule(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if silent or state.is_code_block(start):
        return False
    position = state.bMarks[start] + state.tShift[start]
    if state.src[position : position + 3] not in ("!!!", "???", "==="):
        return False
    line = state.src[position : state.eMarks[start]]
    admonition, tab = _ADMONITION.fullmatch(line), _TAB.fullmatch(line)
    if admonition is not None:
        name, argument = admonition[1].lower(), admonition[2] or ""
    elif tab is not None:
        name, argument = "tab-item", tab[1]
    else:
        return False
    indent = state.sCount[start] + 4
    last = start + 1
    for number in range(start + 1, end):
        if state.isEmpty(number):
            continue
        if state.sCount[number] < indent:
            break
        last = number + 1
    if last == start + 1:
        return False
    state.line = last
    token = state.push(TOKEN, "", 0)
    token.content = state.getLines(start + 1, last, indent, False)
    token.map = [start, last]
    token.meta = {"name": name, "argument": argument, "lines": last - start - 1}
    return True
