"""What the source of Nix code consists of, as far as it shows: words, signs and strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CODE = re.compile(
    r"(?P<none>\s+|#[^\n]*|/\*.*?(?:\*/|\Z))|(?P<quote>''|\")"
    r"|\.{3,}|…|[=!<>]=|\+\+|//|&&|\|\||->|[^\W\d][\w'-]*|\d[\w.]*|.",
    re.DOTALL,
)
_INSIDE = {
    '"': re.compile(r'\\.|\$\$|\$\{|"|[^"\\$]+|.', re.DOTALL),
    "''": re.compile(r"'''|''\$|''\\.?|''|\$\$|\$\{|[^'$]+|.", re.DOTALL),
    "{": re.compile(r"#[^\n]*|/\*.*?(?:\*/|\Z)|''|\"|\{|\}|[^#/'\"{}]+|.", re.DOTALL),
}
#: A text that ends in one of these goes on.
_WANT_MORE = frozenset("= : in then else ? -> + ++ // && || == != <= >= ! with inherit".split())
_CLOSERS = {"(": ")", "[": "]", "{": "}", "let": "in"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word, a number, a sign or a whole string, at ``start`` up to ``end``."""

    text: str
    start: int
    end: int


def tokens(text: str) -> tuple[Token, ...]:
    """Return the code of ``text`` in order, without white space and comments.

    A string is one token, its interpolations included; one that is not closed reaches to the
    end.  Linear in the text; never raises.
    """
    return tuple(_tokens(text))


def unclosed(code: tuple[Token, ...]) -> tuple[str, ...]:
    """Return what would close what is open after ``code``, innermost first: `)`, `]`, `}`, `in`."""
    wanted: list[str] = []
    for token in code:
        if token.text in _CLOSERS:
            wanted.append(_CLOSERS[token.text])
        elif wanted and token.text == wanted[-1]:
            wanted.pop()
    return tuple(reversed(wanted))


def is_unfinished(text: str) -> bool:
    """Tell whether Nix waits for more: a bracket, `let` or string is open, or a value missing."""
    code = tokens(text)
    if not code:
        return False
    last = code[-1].text
    if open_string(code) is not None:
        return True
    if last == ";" and _ends_a_prefix(code, len(code) - 1, -1):
        return True
    return bool(unclosed(code)) or last in _WANT_MORE


def open_string(code: tuple[Token, ...]) -> Token | None:
    """Return the string at the end that is not closed, None where there is none."""
    last = code[-1].text if code else ""
    quote = next((mark for mark in _INSIDE if mark != "{" and last.startswith(mark)), "")
    is_open = quote and _string_end(last + "\0", len(quote), quote) > len(last)
    return code[-1] if is_open else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A binding ``path = …;`` at ``start`` up to ``end``, its semicolon included.

    ``end`` is the text's where the semicolon is left out.
    """

    path: str
    start: int
    end: int


def bindings(text: str) -> tuple[Binding, ...]:
    """Return all bindings of ``text`` in order, nested ones too; `inherit` is none."""
    found: list[Binding] = []
    waiting: list[tuple[int, int, str]] = []  # depth, start, path
    code = tokens(text)
    depth = 0
    for index, token in enumerate(code):
        if token.text in {"(", "[", "{", "let"}:
            depth += 1
        elif token.text in {")", "]", "}", "in"}:
            depth -= 1
        elif token.text == "=" and (path := _path_before(code, index)):
            name = "".join(part.text for part in path)
            waiting.append((depth, path[0].start, name))
        elif (
            token.text == ";"
            and waiting
            and waiting[-1][0] == depth
            and not _ends_a_prefix(code, index, waiting[-1][1])
        ):
            _, start, name = waiting.pop()
            found.append(Binding(path=name, start=start, end=token.end))
    end = len(text.rstrip())
    found += [Binding(path=name, start=start, end=end) for _, start, name in waiting[:1]]
    return tuple(sorted(found, key=lambda binding: binding.start))


def _tokens(text: str) -> Iterator[Token]:
    position = 0
    while found := _CODE.match(text, position):
        start, position = position, found.end()
        if found["quote"]:
            position = _string_end(text, position, found["quote"])
        if not found["none"]:
            yield Token(text=text[start:position], start=start, end=position)


def _string_end(text: str, position: int, quote: str) -> int:
    """Return where the string ends whose opening ``quote`` ends at ``position``."""
    around = [quote]
    while around and (found := _INSIDE[around[-1]].match(text, position)):
        position = found.end()
        match found[0]:
            case '"' | "''" as mark if mark == around[-1]:
                around.pop()
            case '"' | "''" as mark if around[-1] == "{":
                around.append(mark)
            case "${":
                around.append("{")
            case "{" if around[-1] == "{":
                around.append("{")
            case "}" if around[-1] == "{":
                around.pop()
            case _:
                pass
    return position


def _path_before(code: tuple[Token, ...], index: int) -> tuple[Token, ...]:
    """Return the attribute path that stands before the ``=`` at ``index``, none where none does."""
    first = index
    while first > 0:
        is_name = re.match(r"[^\W\d]|\"", code[first - 1].text) is not None
        wants_name = first == index or code[first].text == "."
        if not (is_name if wants_name else code[first - 1].text == "."):
            break
        first -= 1
    adjacent = first == 0 or code[first - 1].text in {"{", ";", "let", "in", "…", "..."}
    return code[first:index] if adjacent and code[first].text != "." else ()


def _ends_a_prefix(code: tuple[Token, ...], index: int, start: int) -> bool:
    """Tell whether the ``;`` at ``index`` is that of a `with …;` or `assert …;`."""
    depth = 0
    for token in reversed(code[:index]):
        if token.start <= start:
            return False
        if token.text in {")", "]", "}", "in"}:
            depth += 1
        elif token.text in {"(", "[", "{", "let"}:
            depth -= 1
        elif depth == 0 and token.text == ";":
            return False
        elif depth == 0 and token.text in {"with", "assert"}:
            return True
    return False
