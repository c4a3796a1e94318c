"""Whether a text is Nix, in any of the forms in which documentation shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from doctest_nix.batch import run_for_each
from doctest_nix.excerpts import FORMS, fits, readings, readings_of_part, splits
from doctest_nix.sandbox import Sandbox

_PARSE = "nix-instantiate --parse --extra-experimental-features pipe-operators - > /dev/null"

#: An attribute that is bound twice: how documentation shows the one way and the other.
_ALTERNATIVES = re.compile(r"error:\s*attribute '[^']*' already defined")


def errors(sandbox: Sandbox, texts: Sequence[str]) -> tuple[str | None, ...]:
    """Return what Nix's own parser says is wrong with each text, None where it takes it.

    A text may be in any of `FORMS`, and in any of its `readings`.  Or it may be several snippets,
    each a paragraph that is.  The message is about the text as a whole file, its line that of the
    text.  Raises SandboxError.
    """
    found = _errors(sandbox, texts, readings)
    snippets = {text: tuple(splits(text)) for text in found if found[text]}
    apart = _errors(
        sandbox,
        [part for ways in snippets.values() for parts in ways for part in parts],
        readings_of_part,
    )
    for text, ways in snippets.items():
        if any(not any(apart[part] for part in parts) for parts in ways):
            found[text] = None
    return tuple(found[text] for text in texts)


def whole(sandbox: Sandbox, texts: Sequence[str]) -> tuple[bool, ...]:
    """Tell for each text whether it is a whole Nix file as it stands.  Raises SandboxError."""
    before, after = FORMS[0]
    forms = [before + text + after for text in texts]
    return tuple(parsed for parsed, _, _ in run_for_each(sandbox, forms, _PARSE))


def _errors(
    sandbox: Sandbox, texts: Sequence[str], read: Callable[[str], Iterator[str]]
) -> dict[str, str | None]:
    first: dict[str, str] = {}
    left = list(dict.fromkeys(texts))
    variants = {text: dict.fromkeys(read(text)) for text in left}
    for form in FORMS:
        before, after = form
        asked = [
            (text, variant) for text in left for variant in variants[text] if fits(form, variant)
        ]
        forms = [before + variant + after for _, variant in asked]
        answers = run_for_each(sandbox, forms, _PARSE) if forms else ()
        for (text, _), (parsed, _, message) in zip(asked, answers, strict=True):
            first.setdefault(text, _wording(message))
            if (parsed or _ALTERNATIVES.search(message)) and text in left:
                left.remove(text)
    return {text: first[text] if text in left else None for text in texts}


def _wording(message: str) -> str:
    """Return the error's own words and its line, without the name of the input."""
    found = re.search(
        r"error:\s*(.*?)(?:,? at \S*?:(\d+):\d+:?|\n\s*at \S*?:(\d+):\d+:)", message, re.DOTALL
    )
    if found is None:
        return " ".join(message.split())[:300]
    line = found[2] or found[3]
    return f"line {line} of the block: {' '.join(found[1].split())}"
