"""Sessions that show no prompt: which of their lines are commands, and which block is an output."""

from __future__ import annotations

import re
from functools import lru_cache

from doctest_nix import chatter, scripts
from doctest_nix.document import Block, Location, Style
from doctest_nix.steps.names import stated_name
from doctest_nix.steps.needs import programs
from doctest_nix.steps.shell_syntax import logical_lines
from doctest_nix.steps.transcript import (
    SESSION_LANGUAGES,
    SHELLS,
    Exchange,
    Prompt,
    is_transcript,
)

#: Languages of blocks that show an output by itself.
_OUTPUT_LANGUAGES = SESSION_LANGUAGES.union(
    ("", "text", "txt", "plaintext", "none", "output", "stdout", "stderr", "error")
)

#: How a command begins: a program's name, a path to one, shell syntax.
_BEGINS_A_COMMAND = re.compile(
    r"(?:[a-z][\w.+-]*|\.{0,2}/[\w./+-]+|~/[\w./+-]+|[\w.-]+(?:/[\w.-]+)+|\[\[?|\$\w+)(?![:,;!?])$"
)
_ASSIGNS = re.compile(r"[A-Za-z_]\w*=")
_SYNTAX = re.compile(r"[({!]\s|(?:if|for|while|until|case|function)\s")
#: A word in parentheses after another: what no shell reads.
_PROSE = re.compile(r"(?<=[\w.,)])\s+\((?![()])")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|\\\\.")
_ENDS_A_SENTENCE = re.compile(r"\s\S.*[^.\s][.:,!?]$|\.\.\.$|…$")
_STORE_PATH = re.compile(r"/nix/store/[^/\s]+$")

#: Commands that print nothing where all is well: a block after one of them is no output of theirs.
_SILENT = frozenset(
    "cd mkdir touch chmod chown cp mv rm rmdir ln export set unset alias source . pushd popd true"
    " sleep kill vi vim nvim nano emacs ed code $EDITOR".split()
)
_REDIRECTS = re.compile(r"[^<>&\d]>>?\s*[^\s&|;]+\s*$")


def commands(block: Block) -> tuple[Exchange, ...]:
    """Return the commands of a block in a session's language that shows no prompt.

    Or of one before whose lines the site puts the prompt: ``.. prompt:: bash $``.
    One a logical line, its output unchecked.  A line that cannot be a command is output, and left
    out; where the first line is none, so is the whole block: then nothing is returned.
    """
    is_session = block.language.lower() in SESSION_LANGUAGES or _gets_prompts(block)
    if not is_session or is_transcript(block):
        return ()
    found = []
    for offset, command in logical_lines(block.text):
        if looks_like_command(command):
            found.append(_typed(block, offset, command))
        elif not found:
            return ()
    return tuple(found)


def _gets_prompts(block: Block) -> bool:
    """Tell whether a block's directive has a prompt beside its language, as sphinx-prompt's has."""
    is_shell = block.language.lower().rstrip(",") in (*SHELLS, "zsh")
    return is_shell and block.style is Style.DIRECTIVE and block.info[:1] in ("$", "#")


@lru_cache(maxsize=64)  # planning asks about a block, and again about those around it
def script(block: Block) -> tuple[Exchange, ...] | None:
    """Return the commands of a block of shell code, one a logical line.

    None where it shows something else among them.
    """
    lines = logical_lines(scripts.shown(block.text))
    if not all(looks_like_command(command) for _, command in lines):
        return None
    return tuple(_typed(block, offset, command) for offset, command in lines)


def _typed(block: Block, offset: int, command: str) -> Exchange:
    line = block.text_line + offset
    end_line = line + command.count("\n")
    return Exchange(
        location=Location(path=block.location.path, line=line, end_line=end_line),
        prompt=Prompt.NONE,
        input=command.strip() if "\n" not in command else command.strip("\n"),
        expected="",
        text=command,
    )


def looks_like_command(line: str) -> bool:
    """Tell whether a logical line can be a command: it begins as one, and is not what Nix prints.

    Names of programs are lower-case words; a sentence that begins so ends in its full stop.
    """
    first = line.strip().partition("\n")[0]
    if _ASSIGNS.match(first) or _SYNTAX.match(first):
        return True
    started = programs(line)
    if not started or not _BEGINS_A_COMMAND.match(started[0]):
        return False
    if _STORE_PATH.match(first) or _PROSE.search(_QUOTED.sub("", first)):
        return False
    if "\n" not in line and _ENDS_A_SENTENCE.search(first):
        return False
    return bool(chatter.sift([first]).lines)


def is_output_of(block: Block, before: Block, last: Exchange) -> bool:
    """Tell whether ``block`` is the output of the transcript ``before``, which shows none.

    It stands straight after it, without a prompt and without a language of its own, and the last
    command is none that prints nothing.  Of two sessions without prompts, the second is commands
    where it can be.
    """
    if last.prompt is Prompt.NONE and commands(block):
        return False
    if block.fault or not block.text.strip():
        return False
    if last.expected or block.containers != before.containers or is_transcript(block):
        return False
    if block.language.lower() not in _OUTPUT_LANGUAGES or stated_name(block) is not None:
        return False
    started = programs(last.input)
    is_silent = _REDIRECTS.search(last.input) or (started and started[-1] in _SILENT)
    return bool(last.input) and not is_silent
