"""Whether a text is a shell script, as documentation shows them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence

from doctest_nix.batch import run_for_each
from doctest_nix.sandbox import Sandbox

#: What the reader fills in would be a redirection.
_PLACEHOLDER = re.compile(r"(?<![<\w])<[A-Za-z][^<>\n|&;$]*>(?!>)|(?<!<)<[A-Za-z][\w-]*>(?!>)")
_ELIDED_LINE = re.compile(r"^\s*#?\s*(?:\.\.\.|…|\[(?:\.\.\.|…)\])\s*$", re.MULTILINE)

#: `(sudo) make install`: a word that the reader may leave out.
_OPTIONAL = re.compile(r"^(\s*)\(\w+\)[ \t]+(?=\w)", re.MULTILINE)
#: A text may begin with the rest of a command, or be the head of a loop or condition alone.
_RESTS = re.compile(r"\s*(?:\||&&)")
_HEAD = re.compile(r"\s*(?:(?P<loop>for|while|until)|if)\b[^\n]*?(?:(?<!\w)(?P<body>do|then))?\s*")
_COMMENT = re.compile(r"^(\s*)#(?!!)", re.MULTILINE)
_LINE = re.compile(r"^\S+: line (\d+): (?:syntax error: )?(.*)$", re.MULTILINE)


def shown(text: str) -> str:
    """Return a script without lines that only say that something is left out."""
    return _ELIDED_LINE.sub("", text)


def errors(sandbox: Sandbox, texts: Sequence[str]) -> tuple[str | None, ...]:
    """Return what bash says is wrong with the syntax of each script, None where it takes it.

    A comment or an elision may stand for the commands of a body, and a text may begin in the
    middle of a pipe or be a head without its body.  Nothing is run.  Raises SandboxError.
    """
    readings = [_readings(text) for text in texts]
    scripts = [f"{reading}\n" for each in readings for reading in each]
    answers = iter(run_for_each(sandbox, scripts, "bash -n"))
    found = []
    for text, each in zip(texts, readings, strict=True):
        (parsed, _, said), *otherwise = itertools.islice(answers, len(each))
        right = parsed or any(other for other, _, _ in otherwise)
        found.append(None if right else _wording(said, text.count("\n") + 1))
    return tuple(found)


def _readings(text: str) -> tuple[str, ...]:
    """Return the script without what only says that something is left out, and otherwise.

    Each reading is there once: bash is started for it.
    """
    text = _PLACEHOLDER.sub("placeholder", text)
    if _RESTS.match(text):
        text = f": {text.lstrip()}"
    bodies = (shown(text), _ELIDED_LINE.sub(":", text))
    readings = (
        bodies[0],
        *(_COMMENT.sub(r"\1: #", _OPTIONAL.sub(r"\1", body)) for body in bodies),
        _with_body(text),
    )
    return tuple(dict.fromkeys(readings))


def _with_body(text: str) -> str:
    """Return a head of a loop or condition with a body, any other text as it is."""
    head = _HEAD.fullmatch(text)
    if head is None:
        return text
    begin, end = ("do", "done") if head["loop"] else ("then", "fi")
    return f"{text}\n{'' if head['body'] else begin} :\n{end}"


def _wording(message: str, lines: int) -> str:
    """Return bash's complaint, the end of the text being its last line."""
    found = _LINE.search(message)
    if found is None:
        return " ".join(message.split())[:300]
    return f"line {min(int(found[1]), lines)} of the block: {found[2]}"
