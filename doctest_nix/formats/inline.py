"""What the text of a Markdown paragraph or heading shows: words, code, comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

from markdown_it import MarkdownIt

from doctest_nix.formats.directives import LITERAL_ROLES

#: Tags, and the empty anchors ``[]{#id}`` of the Nixpkgs manual.
_INVISIBLE = re.compile(r"<[!?/]?[A-Za-z][^<>]*>|\[\]\{[^{}]*\}")

_ROLE = re.compile(r"\{([\w:+-]+)\}\Z")
_ATTRIBUTES = re.compile(r"\s*\{[#.][^}]*\}\s*\Z|\[\]\{[^}]*\}")


def visible(content: str) -> str:
    """Return what is left of Markdown or HTML without comments, tags and empty anchors."""
    shown, position = [], 0
    for start, end in comments(content):
        shown.append(content[position:start])
        position = end
    shown.append(content[position:])
    return _INVISIBLE.sub("", "".join(shown)).strip()


def comments(content: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of each closed HTML comment, in time linear in the text."""
    start = content.find("<!--")
    while start >= 0:
        end = content.find("-->", start + 2)  # `<!-->` is one, too
        if end < 0:
            return
        yield start, end + 3
        start = content.find("<!--", end + 3)


class Inline:
    """The parsers of inline text, for one document."""

    def __init__(self) -> None:
        """Make a parser of everything, and two of what a paragraph needs, in linear time."""
        self._everything = MarkdownIt("commonmark")
        self._code = MarkdownIt("commonmark")
        self._code.inline.ruler.enableOnly(["text", "newline", "escape", "backticks"])
        self._code.inline.ruler2.enableOnly([])
        self._html = MarkdownIt("commonmark")
        self._html.inline.ruler.enableOnly(["text", "escape", "backticks", "html_inline"])
        self._html.inline.ruler2.enableOnly([])

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

    def comments(self, content: str) -> Iterator[tuple[int, int]]:
        """Yield start and end of each HTML comment in a paragraph that is not in its code."""
        if "<!--" not in content:
            return
        closed = content.rfind("-->")
        # An opening that nothing closes is text, and would be looked for to the end each time.
        content = content[: closed + 1] + content[closed + 1 :].replace("<!--", "(!--")
        position = 0
        for token in self._html.parseInline(content)[0].children or ():
            if token.type == "html_inline" and token.content.startswith("<!--"):
                start = content.find(token.content, position)
                position = start + len(token.content)
                yield start, position
