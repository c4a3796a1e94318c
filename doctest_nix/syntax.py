"""Whether a text is Nix, in any of the forms in which documentation shows it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator, Sequence

from doctest_nix.batch import run_for_each
from doctest_nix.nixsource import Token, tokens, unclosed
from doctest_nix.sandbox import Sandbox

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
_PARAGRAPHS = re.compile(r"\n[ \t]*\n+|\n[ \t]*#[ \t]*(?:\.{3,}|…|or\b)[^\n]*\n")

#: A last line with an elision, and the brackets that are closed after it.
_ENDS_ELIDED = re.compile(
    r"(?:^|\n)[^\n]*(?:\.{3,}|…|#[-\s\[<(]*snip[-\s\]>)]*$)[^\n]*(?P<closed>[\s\])};]*)\Z",
    re.MULTILINE,
)

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

_COMMENT_VALUE = re.compile(r"(?<==)[ \t]*#[ \t]*(?:\.{3,}|…)[ \t]*$", re.MULTILINE)

#: What Nix prints for a value that has no notation.
_PRINTED = re.compile(r"«[^«»\n]*»|<(?:derivation|lambda|LAMBDA|PRIMOP|CODE)\b[^<>\n]*>")

#: A text that stands between the quotes of a string.
_IN_STRING = re.compile(r"\s*\$\{[^\n]*\}/[\w./${}-]*\s*")

#: After these a value must come, and before these one has just ended.
_WANT_VALUE = frozenset("= : in then else ? ( -> + ++ // && || == != < > <= >= !".split())
_END_VALUE = frozenset({";", ")", "}", "]", ","})

_PARSE = "nix-instantiate --parse - > /dev/null"


def errors(sandbox: Sandbox, texts: Sequence[str]) -> tuple[str | None, ...]:
    """Return what Nix's own parser says is wrong with each text, None where it takes it.

    A text may be in any of `FORMS`: as it is, without its elisions, and, where it ends in one,
    with the brackets closed that it leaves open.  Or it may be several snippets, each a
    paragraph that is.  The message is about the text as a whole file, its line that of the
    text.  Raises SandboxError.
    """
    found = _errors(sandbox, texts, _variants)
    snippets = {t: [p for p in _PARAGRAPHS.split(t) if _has_code(p)] for t in found if found[t]}
    several = [p for parts in snippets.values() if len(parts) > 1 for p in parts]
    apart = _errors(sandbox, several, _variants_of_part)
    for text, parts in snippets.items():
        if len(parts) > 1 and not any(apart[part] for part in parts):
            found[text] = None
    return tuple(found[text] for text in texts)


def _has_code(paragraph: str) -> bool:
    lines = paragraph.split("\n")
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)


def _errors(
    sandbox: Sandbox, texts: Sequence[str], variants_of: Callable[[str], Iterator[str]]
) -> dict[str, str | None]:
    first: dict[str, str] = {}
    left = list(dict.fromkeys(texts))
    variants = {text: dict.fromkeys(variants_of(text)) for text in left}
    for form in FORMS:
        before, after = form
        asked = [
            (text, variant)
            for text in left
            for variant in variants[text]
            if form != _HEADER or _ends_header(variant)
        ]
        forms = [before + variant + after for _, variant in asked]
        answers = run_for_each(sandbox, forms, _PARSE) if forms else ()
        for (text, _), (parsed, _, message) in zip(asked, answers, strict=True):
            first.setdefault(text, _wording(message))
            if parsed and text in left:
                left.remove(text)
    return {text: first[text] if text in left else None for text in texts}


def _ends_header(text: str) -> bool:
    code = tokens(text)
    return bool(code) and code[-1].text in _HEADER_ENDS


def _variants(text: str) -> Iterator[str]:
    yield from _variants_of_part(text)
    yield continued(text)
    yield with_body(text)
    yield _HIDDEN_LINE.sub("", text)


def _variants_of_part(text: str) -> Iterator[str]:
    yield text
    yield without_elisions(text)
    yield closed(text)
    yield closed(filled_in(text))
    if _IN_STRING.fullmatch(text):
        yield f'"{text.strip()}"'


def filled_in(text: str) -> str:
    """Return ``text`` with a name or a value for each placeholder that the reader fills in.

    And a value for what Nix prints of derivations and functions, which is none of its language.
    """
    text = _COMMENT_VALUE.sub(" null;", _PRINTED.sub("null", text))
    text = _COMMENT_FOR_VALUE.sub(" null ", _ELIDED_WORDS.sub("...", text))
    return _PLACEHOLDER_VALUE.sub("null", _PLACEHOLDER_NAME.sub("name", text))


def whole(sandbox: Sandbox, texts: Sequence[str]) -> tuple[bool, ...]:
    """Tell for each text whether it is a whole Nix file as it stands.  Raises SandboxError."""
    before, after = FORMS[0]
    forms = [before + text + after for text in texts]
    return tuple(parsed for parsed, _, _ in run_for_each(sandbox, forms, _PARSE))


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


def continued(text: str) -> str:
    """Return ``text`` with all brackets closed where it ends in an opening one, or in a colon."""
    code = tokens(without_elisions(text))
    last = code[-1].text if code else ""
    if last not in _GOES_ON:
        return text
    closers = unclosed(code)
    body = "null" if last == ":" else ""
    return f"{closed(text)}\n{body}{';' if body and closers[:1] == ('}',) else ''}{_end(closers)}"


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


def _wording(message: str) -> str:
    """Return the error's own words and its line, without the name of the input."""
    found = re.search(
        r"error:\s*(.*?)(?:,? at \S*?:(\d+):\d+:?|\n\s*at \S*?:(\d+):\d+:)", message, re.DOTALL
    )
    if found is None:
        return " ".join(message.split())[:300]
    line = found[2] or found[3]
    return f"line {line} of the block: {' '.join(found[1].split())}"
