"""Which whole Nix code may an excerpt in documentation stand for?

Pure: texts in, texts out.  Documentation leaves out, cuts off and writes notes into code; each
reading puts back what is needed, and Nix's own parser tells which reading is Nix.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

from doctest_nix.nixsource import Token, open_string, tokens, unclosed

#: A header without its body, and what one ends in: an operator with nothing after it is none.
_HEADER = ("with {};", "\nnull")
_HEADER_ENDS = frozenset({":", ";", "in"})

#: How documentation shows Nix, most complete first: a whole file, attributes without their
#: braces, a header without its body, list members, attributes of which the last has no
#: semicolon, a value with the semicolon of the attribute that it belongs to, a ``let`` without
#: its body, a header without its colon, the body of a ``let`` that stands elsewhere.
#: ``with {};`` makes Nix accept names that the text does not bind.
FORMS: tuple[tuple[str, str], ...] = (
    ("with {};", ""),
    ("with {};{", "\n}"),
    _HEADER,
    ("with {};[", "\n]"),
    ("with {};{", "\n;}"),
    ("with {};{_=", "\n}"),
    ("with {};", "\nin null"),
    ("with {};", "\n: null"),
    ("with {};let ", ""),
)

#: Numbers in circles that refer to notes below the block, and what stands for left out code.
_CALLOUT = re.compile(r"[\u2460-\u2473\u2776-\u277f]")
_ELISION = re.compile(r"\.{3,}|…")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n+|\n[ \t]*#[ \t]*or\b[^\n]*\n")
#: Where the next of several files begins: a comment that is its name.
_FILES = re.compile(r"\n(?=#[ \t]*[\w./-]+\.nix\b[^\n]*\n)")
_ELIDED_LINES = re.compile(r"\n[ \t]*\n+|\n[ \t]*#[ \t]*(?:\.{3,}|…|or\b)[^\n]*\n")

#: A last line with an elision, and the brackets that are closed after it.
_ENDS_ELIDED = re.compile(
    r"(?:^|\n)[^\n]*(?:\.{3,}|…|#[-\s\[<(]*snip[-\s\]>)]*$)[^\n]*(?P<closed>[\s\])};]*)\Z",
    re.MULTILINE,
)

#: An end that says that it is cut off, whatever it stands in.
_CUT = re.compile(r"(?:\.{3,}|…|#[^\n]*\bsnip\b[^\n]*)[\s\])};]*\Z")

#: What the reader fills in: `disk.<name>.size`, `disk.$name.size`, `<your name>`, and a value
#: that is only a comment with dots.  `<nixpkgs>` is Nix as it is.
_PLACEHOLDER_NAME = re.compile(r"(?<=\.)(?:<[\w -]+>|\$\w+)|<[\w-]+>(?=\.[\w<\"]|\s*=[^=])")
_PLACEHOLDER_VALUE = re.compile(r"(?<=\s)<[A-Za-z][\w-]*(?: [\w.,'-]+)+>")

#: An elision with words between its dots, and a comment where a value must stand.
_ELIDED_WORDS = re.compile(r"(?:\.{3}|…)[ \t]*[\w ,'`-]+?[ \t]*(?:\.{3}|…)")
_COMMENT_FOR_VALUE = re.compile(r"(?<=[=(])[ \t]*/\*[^*]*\*/[ \t]*(?=[;)])")

#: How mdBook marks a line that it hides.
_HIDDEN_LINE = re.compile(r"^~ ?", re.MULTILINE)

#: A text may stop after one of these: what follows stands elsewhere.
_GOES_ON = frozenset({"{", "[", "(", "let", ":"})

_COMMENT_VALUE = re.compile(r"(?<==)[ \t]*#[ \t]*(?:\.{3,}|…)[^\n]*$", re.MULTILINE)

#: What Nix prints for a value that has no notation.
_PRINTED = re.compile(r"«[^«»\n]*»|<(?:derivation|lambda|LAMBDA|PRIMOP|CODE)\b[^<>\n]*>")

#: A text that stands between the quotes of a string.
_IN_STRING = re.compile(r"\s*\$\{[^\n]*\}/[\w./${}-]*\s*")

#: After these a value must come, and before these one has just ended.
_WANT_VALUE = frozenset("= : in then else ? ( -> + ++ // && || == != < > <= >= !".split())
_END_VALUE = frozenset({";", ")", "}", "]", ","})

#: A line that only closes brackets, and what opens each.
_CLOSES = re.compile(r"[\s\])};]+")
_OPENERS = {")": "(", "]": "[", "}": "{"}


def fits(form: tuple[str, str], text: str) -> bool:
    """Tell whether a form is one for ``text``: an operator with nothing after it is no header."""
    code = tokens(text) if form == _HEADER else ()
    return form != _HEADER or (bool(code) and code[-1].text in _HEADER_ENDS)


def readings(text: str) -> Iterator[str]:
    """Yield what a whole block may stand for, the block itself first."""
    yield from readings_of_part(text)
    yield continued(text)
    yield cut_out(text)
    yield _HIDDEN_LINE.sub("", text)
    yield with_body(_HIDDEN_LINE.sub("", text))


def readings_of_part(text: str) -> Iterator[str]:
    """Yield what a part of a block may stand for, itself first."""
    yield text
    yield without_elisions(text)
    yield closed(text)
    yield closed(filled_in(text))
    yield cut_in_string(text)
    yield without_pipes(text)
    if _IN_STRING.fullmatch(text):
        yield f'"{text.strip()}"'


def splits(text: str) -> Iterator[tuple[str, ...]]:
    """Yield the parts of a block that shows several snippets, split in one way and another."""
    for mark in (_FILES, _PARAGRAPHS, _ELIDED_LINES):
        parts = tuple(part for part in mark.split(text) if _has_code(part))
        if len(parts) > 1:
            yield parts


def _has_code(paragraph: str) -> bool:
    lines = paragraph.split("\n")
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)


def filled_in(text: str) -> str:
    """Return ``text`` with a name or a value for each placeholder that the reader fills in.

    And a value for what Nix prints of derivations and functions, which is none of its language.
    """
    text = _COMMENT_VALUE.sub(" null;", _PRINTED.sub("null", text))
    text = _COMMENT_FOR_VALUE.sub(" null ", _ELIDED_WORDS.sub("...", text))
    return _PLACEHOLDER_VALUE.sub("null", _PLACEHOLDER_NAME.sub("name", text))


def without_elisions(text: str) -> str:
    """Return ``text`` without what only says that something is left out, and without callouts.

    An elision where a value must stand becomes ``null``, any other goes.  That of a function's
    header (``{ lib, ... }:``) stays: it is Nix.  Comments and strings are left alone.
    """
    code = tokens(text)
    pieces: list[str] = []
    position = 0
    for start, end, instead in _replaced(code):
        pieces += [text[position:start], instead]
        position = max(position, end)
    return "".join(pieces) + text[position:]


def closed(text: str) -> str:
    """Return ``text`` without elisions and, where it ends in one, with all brackets closed.

    Brackets after the elision close what they close, the others are closed in what is left out.
    """
    elided = _ENDS_ELIDED.search(text)
    if elided is None:
        return without_elisions(text)
    bare = without_elisions(text[: elided.start("closed")])
    return f"{bare}\n{_end(unclosed(tokens(bare)))}"


def without_pipes(text: str) -> str:
    """Return ``text`` with operators of every release in place of the pipes of newer ones."""
    code = tokens(text)
    pipes = [
        one
        for one, other in itertools.pairwise(code)
        if one.text + other.text in {"|>", "<|"} and one.end == other.start
    ]
    pieces, position = [], 0
    for pipe in pipes:
        pieces += [text[position : pipe.start], "++"]
        position = pipe.end + 1
    return "".join(pieces) + text[position:]


def cut_in_string(text: str) -> str:
    """Return ``text`` with what is open closed, where it ends in an elision inside a string."""
    elided = _CUT.search(text)
    code = tokens(text[: elided.start()]) if elided is not None else ()
    if (last := open_string(code)) is None:
        return text
    is_value = code[-2:-1] and code[-2].text == "="
    return closed(f"{text[: last.start]}null{';' if is_value else ''} ...")


def continued(text: str) -> str:
    """Return ``text`` with all brackets closed where it ends in an opening one, or in a colon."""
    code = tokens(without_elisions(text))
    last = code[-1].text if code else ""
    if last not in _GOES_ON:
        return text
    closers = unclosed(code)
    body = "null" if last == ":" else ""
    return f"{closed(text)}\n{body}{';' if body and closers[:1] == ('}',) else ''}{_end(closers)}"


def cut_out(text: str) -> str:
    """Return ``text`` with the brackets opened that only its last lines close.

    Only where it begins more deeply indented than it ends: it was cut out of a file.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or _indent(lines[0]) <= _indent(lines[-1]) or not _CLOSES.fullmatch(lines[-1]):
        return text
    wanted: list[str] = []
    surplus: list[str] = []
    for token in tokens(without_elisions(text)):
        if token.text in _OPENERS.values():
            wanted.append(token.text)
        elif token.text in _OPENERS and wanted:
            wanted.pop()
        elif token.text in _OPENERS:
            surplus.append(_OPENERS[token.text])
    return " ".join(["f", *reversed(surplus), without_elisions(text)]) if surplus else text


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _end(closers: Sequence[str]) -> str:
    """Return what closes brackets, innermost first, each as a whole value."""
    end = ""
    for closer, around in itertools.zip_longest(closers, closers[1:]):
        end += "in null" if closer == "in" else closer
        end += ";" if around in {"}", "in"} else " "
    return end


def with_body(text: str) -> str:
    """Return ``text`` with ``let`` and ``in`` where it is bindings and an expression after them."""
    depth = 0
    last = 0
    for token in tokens(text):
        depth += token.text in {"(", "[", "{", "let"}
        depth -= token.text in {")", "]", "}", "in"}
        if token.text == ";" and not depth:
            last = token.end
    return f"let {text[:last]}\nin {text[last:]}" if last and text[last:].strip() else text


def _replaced(code: tuple[Token, ...]) -> Iterator[tuple[int, int, str]]:
    """Yield start, end and replacement of what `without_elisions` changes."""
    for index, token in enumerate(code):
        if _CALLOUT.fullmatch(token.text):
            yield token.start, token.end, ""
        if not _ELISION.fullmatch(token.text):
            continue
        before = code[index - 1].text if index else ""
        after = code[index + 1].text if index + 1 < len(code) else ""
        if before in {",", "{"} and after == "}" and _is_header(code, index + 1):
            continue
        if before in _WANT_VALUE or (before == ";" and not after and _needs_body(code, index)):
            ends = not after or after in _END_VALUE - ({"}"} if before == "=" else set())
            yield token.start, token.end, "null" if ends else "null;"
        elif before in {";", "{", ","} and after in {";", ","}:
            yield token.start, code[index + 1].end, ""
        else:
            yield token.start, token.end, ""


def _is_header(code: tuple[Token, ...], index: int) -> bool:
    """Tell whether the ``}`` at ``index`` ends the arguments of a function."""
    after = code[index + 1].text if index + 1 < len(code) else ""
    return after in {":", "@"}


def _needs_body(code: tuple[Token, ...], index: int) -> bool:
    """Tell whether the ``;`` before ``index`` is that of a ``with …;`` or ``assert …;``."""
    for token in reversed(code[: index - 1]):
        if token.text in {"with", "assert"}:
            return True
        if token.text in {";", "{", "let", "in", ":"}:
            return False
    return False
