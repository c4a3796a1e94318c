"""What a fence opens: a code block, a directive or a div; and where it ends.

One block rule for markdown-it reads all fences, because the parser's own drops what we need:
whether a fence is closed.  Sources of the rules: CommonMark 4.5 for backticks and tildes, MyST for
``{name}`` and colons, pandoc and VitePress for divs and attributes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock

Pairs = tuple[tuple[str, str], ...]

#: Names in braces that are languages, not directives: the way of Quarto and R Markdown.
_LANGUAGES = frozenset(
    {"nix", "bash", "sh", "shell", "zsh", "fish", "console", "shell-session", "diff", "text"}
    | {"python", "r", "julia", "javascript", "js", "json", "yaml", "toml", "lua", "rust", "c"}
    | {"haskell", "sql", "html", "css", "xml"}
)

_GROUP = re.compile(r"\{([^}]*)\}\s*(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z][\w:.+-]*")
_LANGUAGE = re.compile(r"([^\s,:{]*)[\s,:]*(.*)", re.DOTALL)
_ATTRIBUTE = re.compile(
    r"""
    (?P<mark>[.\#])(?P<word>[^\s.\#{}=,"']+)
    | (?P<key>[A-Za-z][\w:.-]*)=(?P<value>"[^"]*"|'[^']*'|[^\s}"',]+)
    """,
    re.VERBOSE,
)
_DIV = re.compile(r"([^\s\[{]+)\s*(?:\[([^\]]*)\])?\s*(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A code block: ``attributes`` are the ``key=value`` words of the fence line, unquoted."""

    language: str
    info: str = ""
    attributes: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Directive:
    """``{name} argument``."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Div:
    """Prose under a name: ``::: {.note}``, ``::: tip Title``."""

    name: str
    argument: str = ""
    attributes: Pairs = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """Output for one format of pandoc, ``{=html}``: no code."""


def opening(info: str, mark: str) -> Code | Directive | Div | Raw:
    """Read what stands after the marks of an opening fence; ``mark`` is one of them."""
    info = info.strip()
    if mark == ":":
        info = info.rstrip(":").rstrip()
    group = _GROUP.fullmatch(info)
    if group is None:
        return _div(info) if mark == ":" else _code(info)
    inside, rest = group[1].strip(), group[2].strip()
    if _NAME.fullmatch(inside) and not (mark != ":" and inside.lower() in _LANGUAGES):
        return Directive(name=inside, argument=rest)
    words, pairs = _attributes(inside)
    if mark == ":":
        return Div(name=words[0] if words else "div", argument=rest, attributes=pairs)
    if inside.startswith("="):
        return Raw()
    bare = _NAME.match(inside)
    if bare is not None and not inside[bare.end() :].startswith("="):
        return Code(language=bare[0], info=inside[bare.end() :].strip(" ,"), attributes=pairs)
    language = words[0] if words else ""
    others = inside.replace(f".{language}", "", 1).strip() if language else inside
    return Code(language=language, info=" ".join(filter(None, (others, rest))), attributes=pairs)


def fences(md: MarkdownIt) -> None:
    """Read all fences of ``md`` as tokens of type ``fence``.

    A token's ``meta`` has ``closed``, and ``lines``, the number of lines between the marks:
    ``content`` is these lines without a final newline, so that none and one empty line differ.
    A line of colons alone that closes nothing gives no token: it shows nothing either.
    """
    alternatives = ["paragraph", "reference", "blockquote", "list", "footnote_def"]
    md.block.ruler.at("fence", _fence, {"alt": alternatives})


def _fence(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    position = state.bMarks[start] + state.tShift[start]
    limit = state.eMarks[start]
    mark = state.src[position : position + 1]
    if mark not in ("`", "~", ":") or not state.src.startswith(mark * 3, position):
        return False
    after = state.skipCharsStr(position, mark)
    info = state.src[after:limit].strip()
    if mark == "`" and mark in info:
        return False
    if silent:
        return True
    if mark == ":" and not info:
        state.line = start + 1
        return True
    last, closed = _end(state, start, end, mark=mark, length=after - position)
    state.line = last + 1 if closed else last
    token = state.push("fence", "code", 0)
    token.info = info
    token.markup = state.src[position:after]
    token.content = state.getLines(start + 1, last, state.sCount[start], False)
    token.map = [start, state.line]
    token.meta = {"closed": closed, "lines": last - start - 1}
    return True


def _end(state: StateBlock, start: int, end: int, *, mark: str, length: int) -> tuple[int, bool]:
    """Return the line after the content of the fence at ``start``, and whether it is closed.

    A fence ends at the first line of at least as many marks and nothing else.  Where divs of the
    same length nest, as pandoc allows, each opening one needs a closing line of its own.
    """
    nested = 0
    for line in range(start + 1, end):
        position = state.bMarks[line] + state.tShift[line]
        limit = state.eMarks[line]
        if position < limit and state.sCount[line] < state.blkIndent:
            return line, False  # the list item or quote around the fence ends here
        if not state.src.startswith(mark * length, position) or state.is_code_block(line):
            continue
        after = state.skipCharsStr(position, mark)
        if state.src[after:limit].strip(" \t"):
            nested += mark == ":"
        elif nested:
            nested -= 1
        else:
            return line, True
    return end, False


def _code(info: str) -> Code:
    match = _LANGUAGE.fullmatch(info)
    language, rest = match.groups() if match else (info, "")
    _, pairs = _attributes(rest)
    return Code(language=language, info=rest.strip(), attributes=pairs)


def _div(info: str) -> Div:
    match = _DIV.fullmatch(info)
    if match is None:
        return Div(name="div", argument=info)
    return Div(name=match[1], argument=" ".join(filter(None, (match[2], match[3].strip()))))


def _attributes(text: str) -> tuple[list[str], Pairs]:
    """Return the classes and the pairs of pandoc's attributes; ``#x`` is the pair ``id``."""
    classes: list[str] = []
    pairs: list[tuple[str, str]] = []
    for match in _ATTRIBUTE.finditer(text):
        if match["mark"] == ".":
            classes.append(match["word"])
        elif match["mark"]:
            pairs.append(("id", match["word"]))
        else:
            value = match["value"]
            pairs.append((match["key"], value[1:-1] if value[0] in "\"'" else value))
    return classes, tuple(pairs)
