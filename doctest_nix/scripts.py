"""Whether a text is a shell script, as documentation shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctest_nix.batch import run_for_each
from doctest_nix.sandbox import Sandbox

#: What the reader fills in would be a redirection.
_PLACEHOLDER = re.compile(r"(?<![<\w])<[A-Za-z][^<>\n|&;$]*>(?!>)")
_ELIDED_LINE = re.compile(r"^\s*#?\s*(?:\.\.\.|…|\[(?:\.\.\.|…)\])\s*$", re.MULTILINE)
_LINE = re.compile(r"^\S+: line (\d+): (?:syntax error: )?(.*)$", re.MULTILINE)


def shown(text: str) -> str:
    """Return a script without lines that only say that something is left out."""
    return _ELIDED_LINE.sub("", text)


def errors(sandbox: Sandbox, texts: Sequence[str]) -> tuple[str | None, ...]:
    """Return what bash says is wrong with the syntax of each script, None where it takes it.

    Nothing is run.  Raises SandboxError.
    """
    scripts = [_PLACEHOLDER.sub("placeholder", shown(text)) + "\n" for text in texts]
    answers = run_for_each(sandbox, scripts, "bash -n")
    return tuple(None if parsed else _wording(said) for parsed, _, said in answers)


def _wording(message: str) -> str:
    found = _LINE.search(message)
    if found is None:
        return " ".join(message.split())[:300]
    return f"line {found[1]} of the block: {found[2]}"
