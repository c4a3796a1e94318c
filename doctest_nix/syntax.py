"""Whether a text is Nix, in any of the forms in which documentation shows it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctest_nix.batch import run_for_each
from doctest_nix.sandbox import Sandbox

#: How documentation shows Nix, most complete first: a whole file, attributes without their
#: braces, one of them without its semicolon, a header without its body, list members.
#: ``with {};`` makes Nix accept names that the text does not bind.
FORMS: tuple[tuple[str, str], ...] = (
    ("with {};", ""),
    ("with {};{", "\n}"),
    ("with {};{", "\n;}"),
    ("with {};", "\nnull"),
    ("with {};[", "\n]"),
)

_ELISION_LINE = re.compile(
    r"^[ \t]*(?:#[ \t]*)?(?:\.\.\.|…|\[(?:\.\.\.|…)\])[ \t]*;?[ \t]*$", re.MULTILINE
)
_ELIDED_SET = re.compile(r"\{\s*(?:\.\.\.|…)\s*\}(?!\s*[:@])")
_ELIDED_LIST = re.compile(r"\[\s*(?:\.\.\.|…)\s*\]")
_ELIDED_VALUE = re.compile(
    r"((?:[=(:;]|\b(?:in|then|else|inherit))\s*)(?:\.\.\.|…)(?=\s*(?:[;)]|else\b|\Z|\n))"
)
_PARAGRAPHS = re.compile(r"\n[ \t]*\n+")

_PARSE = "nix-instantiate --parse - > /dev/null"


def errors(sandbox: Sandbox, texts: Sequence[str]) -> tuple[str | None, ...]:
    """Return what Nix's own parser says is wrong with each text, None where it takes it.

    A text may be in any of `FORMS`, as it is or without its elisions; or it may be several
    snippets, each a paragraph that is.  The message is about the text as a whole file, its line
    that of the text.  Raises SandboxError.
    """
    found = _errors(sandbox, texts)
    snippets = {t: [p for p in _PARAGRAPHS.split(t) if _has_code(p)] for t in found if found[t]}
    several = [p for parts in snippets.values() if len(parts) > 1 for p in parts]
    apart = _errors(sandbox, several)
    for text, parts in snippets.items():
        if len(parts) > 1 and not any(apart[part] for part in parts):
            found[text] = None
    return tuple(found[text] for text in texts)


def _has_code(paragraph: str) -> bool:
    lines = paragraph.split("\n")
    return any(line.strip() and not line.lstrip().startswith("#") for line in lines)


def _errors(sandbox: Sandbox, texts: Sequence[str]) -> dict[str, str | None]:
    first: dict[str, str] = {}
    left = list(dict.fromkeys(texts))
    elided = {text: without_elisions(text) for text in left}
    for before, after in FORMS:
        asked = [(text, text) for text in left]
        asked += [(text, elided[text]) for text in left if elided[text] != text]
        forms = [before + variant + after for _, variant in asked]
        answers = run_for_each(sandbox, forms, _PARSE) if forms else ()
        for (text, _), (parsed, _, message) in zip(asked, answers, strict=True):
            first.setdefault(text, _wording(message))
            if parsed and text in left:
                left.remove(text)
    return {text: first[text] if text in left else None for text in texts}


def whole(sandbox: Sandbox, texts: Sequence[str]) -> tuple[bool, ...]:
    """Tell for each text whether it is a whole Nix file as it stands.  Raises SandboxError."""
    forms = [FORMS[0][0] + text + FORMS[0][1] for text in texts]
    return tuple(parsed for parsed, _, _ in run_for_each(sandbox, forms, _PARSE))


def without_elisions(text: str) -> str:
    """Return ``text`` without what only says that something is left out: `...` and `…`."""
    text = _ELISION_LINE.sub("", text)
    text = _ELIDED_SET.sub("{ }", text)
    text = _ELIDED_LIST.sub("[ ]", text)
    return _ELIDED_VALUE.sub(r"\1null", text)


def _wording(message: str) -> str:
    """Return the error's own words and its line, without the name of the input."""
    found = re.search(
        r"error:\s*(.*?)(?:,? at \S*?:(\d+):\d+:?|\n\s*at \S*?:(\d+):\d+:)", message, re.DOTALL
    )
    if found is None:
        return " ".join(message.split())[:300]
    line = found[2] or found[3]
    return f"line {line} of the block: {' '.join(found[1].split())}"
