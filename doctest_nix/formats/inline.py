"""What the text of a Markdown paragraph or heading shows: words, code, comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt

from doctest_nix.formats.directives import LITERAL_ROLES

#: An HTML comment and its inside.
HTML_COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)

#: Comments, tags, and the empty anchors ``[]{#id}`` of the Nixpkgs manual.
_INVISIBLE = re.compile(r"<!--.*?-->|<[!?/]?[A-Za-z][^>]*>|\[\]\{[^}]*\}", re.DOTALL)

_ROLE = re.compile(r"\{([\w:+-]+)\}\Z")
_ATTRIBUTES = re.compile(r"\s*\{[#.][^}]*\}\s*\Z|\[\]\{[^}]*\}")


def visible(content: str) -> str:
    """Return what is left of Markdown or HTML without comments, tags and empty anchors."""
    return _INVISIBLE.sub("", content).strip()


class Inline:
    """The parsers of inline text, for one document."""

    def __init__(self) -> None:
        """Make a parser of everything, and one of inline code alone, which is linear in time."""
        self._everything = MarkdownIt("commonmark")
        self._code = MarkdownIt("commonmark")
        self._code.inline.ruler.enableOnly(["text", "newline", "escape", "backticks"])
        self._code.inline.ruler2.enableOnly([])

    def title(self, content: str) -> str:
        """Return a heading as its reader sees it: no markup, no role, no ``{#id}``."""
        shown: list[str] = []
        for token in self._everything.parseInline(content)[0].children or ():
            match token.type:
                case "code_inline":
                    if shown:
                        shown[-1] = _ROLE.sub("", shown[-1])
                    shown.append(token.content)
                case "text" | "image":
                    shown.append(token.content)
                case "softbreak" | "hardbreak":
                    shown.append(" ")
        return _ATTRIBUTES.sub("", "".join(shown)).strip()

    def code(self, content: str) -> tuple[str, ...]:
        """Return the inline literals, without those in a role that shows something else."""
        if "`" not in content:
            return ()
        words: list[str] = []
        before = ""
        for token in self._code.parseInline(content)[0].children or ():
            if token.type == "code_inline":
                role = _ROLE.search(before)
                if role is None or role[1] in LITERAL_ROLES:
                    words.append(token.content)
            before = token.content
        return tuple(words)

    def comments(self, content: str) -> Iterator[tuple[str, int, int]]:
        """Yield inside, first and last line (0-based) of each comment that is not in code."""
        if "<!--" not in content:
            return
        position = 0
        for token in self._everything.parseInline(content)[0].children or ():
            match = HTML_COMMENT.fullmatch(token.content) if token.type == "html_inline" else None
            if match is not None:
                position = max(content.find(token.content, position), position)
                first = content.count("\n", 0, position)
                yield match[1], first, first + token.content.count("\n")
                position += len(token.content)
