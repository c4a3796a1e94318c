"""Whether a text is a shell script, as documentation shows them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from doctest_nix.batch import run_for_each
from doctest_nix.sandbox import Sandbox

#: What the reader fills in would be a redirection.
_PLACEHOLDER = re.compile(r"(?<![<\w])<[A-Za-z][^<>\n|&;$]*>(?!>)|(?<!<)<[A-Za-z][\w-]*>(?!>)")
_ELIDED_LINE = re.compile(r"^\s*#?\s*(?:\.\.\.|…|\[(?:\.\.\.|…)\])\s*$", re.MULTILINE)

#: `(sudo) make install`: a word that the reader may leave out.
_OPTIONAL = re.compile(r"^(\s*)\(\w+\)[ \t]+(?=\w)", re.MULTILINE)
_COMMENT = re.compile(r"^(\s*)#(?!!)", re.MULTILINE)
_LINE = re.compile(r"^\S+: line (\d+): (?:syntax error: )?(.*)$", re.MULTILINE)


def shown(text: str) -> str:
    """Return a script without lines that only say that something is left out."""
    return _ELIDED_LINE.sub("", text)


def errors(sandbox: Sandbox, texts: Sequence[str]) -> tuple[str | None, ...]:
    """Return what bash says is wrong with the syntax of each script, None where it takes it.

    A comment may stand for the commands of a body.  Nothing is run.  Raises SandboxError.
    """
    scripts = [_PLACEHOLDER.sub("placeholder", shown(text)) + "\n" for text in texts]
    scripts += [_COMMENT.sub(r"\1: #", _OPTIONAL.sub(r"\1", script)) for script in scripts]
    answers = run_for_each(sandbox, scripts, "bash -n")
    pairs = zip(texts, answers[: len(texts)], answers[len(texts) :], strict=True)
    return tuple(
        None if parsed or otherwise else _wording(said, text.count("\n") + 1)
        for text, (parsed, _, said), (otherwise, *_) in pairs
    )


def _wording(message: str, lines: int) -> str:
    """Return bash's complaint, the end of the text being its last line."""
    found = _LINE.search(message)
    if found is None:
        return " ".join(message.split())[:300]
    return f"line {min(int(found[1]), lines)} of the block: {found[2]}"
