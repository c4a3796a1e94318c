"""Which lines of a block are prompts, commands and output."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from doctest_nix import nixsource
from doctest_nix.document import Block, Location
from doctest_nix.steps.shell_syntax import awaited_end, is_unfinished

#: Languages whose blocks are sessions even where no prompt is shown.
SESSION_LANGUAGES = frozenset(
    {"console", "shell-session", "shellsession", "sh-session", "bash-session", "terminal"}
)

#: Languages of shell scripts.
SHELLS = ("bash", "sh", "shell")

#: Languages in which `# ` may be root's prompt.
_ROOT_LANGUAGES = SESSION_LANGUAGES


class Prompt(StrEnum):
    """Who asks for the command."""

    SHELL = "shell"  # `$ `, `user@host:…$ `, `bash-5.2$ `
    ROOT = "root"  # `# `
    NESTED = "nested"  # `[nix-shell:…]$ `
    REPL = "repl"  # `nix-repl> `
    NONE = "none"  # the page shows none: the command goes to whatever shell is open


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A prompt, what is typed there, and the output that is shown below it.

    ``input`` is the command without prompts, continuation lines joined by newlines, ``""`` for a
    bare prompt; ``expected`` the output's lines without blank lines at its end.  ``location``
    spans prompt to last line of output, ``text`` is what the page shows there.
    """

    location: Location
    prompt: Prompt
    input: str
    expected: str
    text: str


_PROMPTS = (
    (Prompt.NESTED, re.compile(r"\[nix[- ](?:shell|develop)(?::[^\]\n]*)?\][$#](?: |$)")),
    (Prompt.REPL, re.compile(r"nix-repl> ?")),
    (
        Prompt.SHELL,
        re.compile(
            r"(?:(?:\([\w.-]+\) ?)?\$|[›❯λ]"
            r"|[\w.-]+@[\w.-]+[: ][^\s$#>]*[$#]|\[[\w.-]+@[\w.-]+[: ][^\]\n]*\][$#]"
            r"|(?:ba|z)?sh-\d+\.\d+[a-z]?[$#])(?: |$)"
        ),
    ),
)
_ROOT = re.compile(r"#(?: |$)")


def exchanges(block: Block) -> tuple[Exchange, ...]:
    """Return the exchanges of a block, in order; none where it shows no prompt.

    A prompt counts at the block's common indentation alone.  Text before the first prompt is
    output of what stood before the block, and left out.
    """
    lines = _lines(block)
    root = _root_asks(block, lines)
    result: list[Exchange] = []
    position = 0
    while position < len(lines):
        found = _match(lines[position], root=root)
        if found is None:
            position += 1
            continue
        first = position
        prompt, end = found
        command = lines[position][end:]
        position += 1
        while position < len(lines) and _goes_on(command, prompt):
            more = _here_document(command, prompt, lines[position:])
            if not more:
                line = _continuation(lines[position], prompt)
                if line is None:
                    break
                more = (line,)
            command += "\n" + "\n".join(more)
            position += len(more)
        shown = position
        while position < len(lines) and _match(lines[position], root=root) is None:
            position += 1
        expected = "\n".join(line.rstrip() for line in lines[shown:position]).rstrip("\n")
        last = first + len("\n".join([*lines[first:shown], expected]).rstrip("\n").split("\n")) - 1
        result.append(
            Exchange(
                location=Location(
                    path=block.location.path,
                    line=block.text_line + first,
                    end_line=block.text_line + max(last, first),
                ),
                prompt=prompt,
                input=command.strip() if "\n" not in command else command.rstrip(),
                expected=expected,
                text="\n".join(lines[first : last + 1]),
            )
        )
    return tuple(result)


def is_transcript(block: Block) -> bool:
    """Tell whether a block has exchanges."""
    lines = _lines(block)
    root = _root_asks(block, lines)
    return any(_match(line, root=root) for line in lines)


def shown_output(block: Block) -> str:
    """Return the text of a block that is an output, as `Exchange.expected` has it."""
    return "\n".join(line.rstrip() for line in _lines(block)).strip("\n")


def _lines(block: Block) -> list[str]:
    lines = block.text.split("\n")
    indent = min((len(n) - len(n.lstrip()) for n in lines if n.strip()), default=0)
    return [line[indent:] for line in lines]


def _root_asks(block: Block, lines: list[str]) -> bool:
    """Tell whether a line that begins with `#` is typed at root's prompt."""
    return block.language.lower() in _ROOT_LANGUAGES and not any(
        _match(line, root=False) for line in lines
    )


def _match(line: str, *, root: bool) -> tuple[Prompt, int] | None:
    for prompt, pattern in _PROMPTS:
        if found := pattern.match(line):
            return prompt, found.end()
    if root and (found := _ROOT.match(line)):
        return Prompt.ROOT, found.end()
    return None


def _goes_on(command: str, prompt: Prompt) -> bool:
    """Tell whether the next line is still typed: by Nix's syntax in a repl, else by the shell's."""
    if prompt is Prompt.REPL:
        return not command.startswith(":") and nixsource.is_unfinished(command)
    return is_unfinished(command)


def _here_document(command: str, prompt: Prompt, lines: list[str]) -> tuple[str, ...]:
    """Return what is typed up to the end of the here-document that is open after ``command``.

    Its lines are the document's own, whatever they look like, with `> ` before each where it
    stands before the end too.  Empty where no here-document is open, or its end is not shown.
    """
    awaited = None if prompt is Prompt.REPL else awaited_end(command)
    if awaited is None:
        return ()
    word, stripped = awaited
    for number, line in enumerate(lines):
        for mark in ("", "> "):
            body = line.removeprefix(mark)
            if line.startswith(mark) and (body.lstrip("\t") if stripped else body) == word:
                return tuple(
                    above.removeprefix(mark) if above != mark.rstrip() else ""
                    for above in lines[: number + 1]
                )
    return ()


def _continuation(line: str, prompt: Prompt) -> str | None:
    """Return what a line adds to an unfinished command, None where a new prompt is shown."""
    if line.startswith("> ") or line == ">":
        return line[2:]
    found = _match(line, root=prompt is Prompt.ROOT)
    return None if found is not None else line
