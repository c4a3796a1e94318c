"""What a shell prints so that its state is known: its prompts, which carry a random nonce.

``PS0`` is printed when a complete command has been read, so that all before it, echo and prompts,
is not output; ``PS2`` when the shell wants more lines; ``PS1`` when it is ready again, with the
last status, its process id and its directory.  All are control sequences of the private kind that
terminals ignore.  They are exported, so that a nested shell inherits them; ``PROMPT_COMMAND`` sets
them anew before each prompt, because `nix-shell` and a tutorial's own ``PS1=`` change them.
A shell that lost them all is told by `Prompts.introduction`; one whose prompts do not reach the
terminal, because its standard error leads elsewhere or ``PS1`` is read-only, by
`Prompts.loud_introduction`: there ``PROMPT_COMMAND`` prints the mark itself.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass

#: More than the bytes of any mark: a path has at most 4,096 (Linux: PATH_MAX).
MARK_LENGTH = 4200

#: Line editing echoes what is typed, and completes on tabs.  It is only switched off where it is
#: on: bash shows its prompt twice where it is switched off again.
_PLAIN = "case $SHELLOPTS in *emacs*|*vi*) set +o emacs +o vi;;esac"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A complete command was read: from here on, what is printed is output."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class More:
    """The shell wants more lines of the command."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A shell is at its prompt; ``status`` is the last command's, ``shell`` its process id."""

    start: int
    end: int
    status: int
    shell: int
    directory: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A shell has read the introduction with this number; ``status`` is the last command's."""

    start: int
    end: int
    number: int
    status: int


#: A mark in a byte stream, and where in the searched bytes it starts and ends.
Mark = Started | More | Ready | Answer


class Prompts:
    """The prompts of one session, with a nonce that nothing else prints."""

    def __init__(self) -> None:
        """Draw the nonce."""
        nonce = secrets.token_hex(12)
        self._answer = rf"\033]7771;{nonce};A;%d;%d\007"
        prompts = {
            "PS0": f"\x1b]7771;{nonce};S;$$\x07",
            "PS1": f"\x1b]7771;{nonce};E;$?;$$;$PWD\x07",
            "PS2": f"\x1b]7771;{nonce};C;$$\x07",
        }
        assignments = " ".join(f"{name}='{value}'" for name, value in prompts.items())
        # Where they are unchanged no simple command runs, which would empty PIPESTATUS.  The output
        # goes nowhere for what `set -x` and a DEBUG trap would print of these lines.
        check = f"case ${{PS0-}}${{PS1-}}${{PS2-}} in '{''.join(prompts.values())}');;"
        hook = f"{{ {_PLAIN};{check}*){assignments};;esac; }} >/dev/null 2>&1"
        #: What `set -v` shows of it.
        self.hook = hook.encode()
        self._adoption = _typed(
            f"{assignments} PROMPT_COMMAND='{_quoted(hook)}';export PS0 PS1 PS2 PROMPT_COMMAND"
        )
        ready = rf"\033]7771;{nonce};E;%d;%d;%s\007"
        loud = (
            f"{{ builtin printf '{ready}' $? $$ \"$PWD\" >/dev/tty;"
            "case ${PS1@a} in *r*);;*)PS1=;;esac; } >/dev/null 2>&1"
        )
        self._loud_adoption = _typed(f"PROMPT_COMMAND='{_quoted(loud)}'")
        self._mark = re.compile(
            rb"\x1b\]7771;%s;(?:([SC]);\d+|E;(\d+);(\d+);([^\x07]*)|A;(\d+);(\d+))\x07"
            % nonce.encode()
        )
        #: What a session's first shell has in its environment.
        self.variables = {**prompts, "PROMPT_COMMAND": hook}

    def introduction(self, number: int) -> bytes:
        """Return a line that gives these prompts to the shell that reads it.

        It also switches echo and line editing off, and makes the shell print `Answer` with
        ``number`` before its next prompt.
        """
        return self._introduction(self._adoption, number)

    def loud_introduction(self, number: int) -> bytes:
        """Return a line for a shell that answers and whose prompts are not seen."""
        return self._introduction(self._loud_adoption, number)

    def _introduction(self, adoption: str, number: int) -> bytes:
        return (
            f" command printf '{self._answer}' {number} $? >/dev/tty;stty -echo 2>/dev/null;"
            f"set +o emacs +o vi;eval \"$(command printf '{adoption}')\"\n"
        ).encode()

    def search(self, data: bytearray, position: int) -> Mark | None:
        """Return the first mark in ``data`` from ``position`` on, None where there is none."""
        found = self._mark.search(data, position)
        if found is None:
            return None
        start, end = found.span()
        kind, status, shell, directory, number, answered = found.groups()
        if status is not None:
            return Ready(
                start=start,
                end=end,
                status=int(status),
                shell=int(shell),
                directory=directory.decode("utf-8", "surrogateescape"),
            )
        if number is not None:
            return Answer(start=start, end=end, number=int(number), status=int(answered))
        return (Started if kind == b"S" else More)(start=start, end=end)

    @staticmethod
    def searched(data: bytearray, position: int) -> int:
        """Return where to search ``data`` from when more of it has arrived: a mark may be cut."""
        cut = data.rfind(b"\x1b", max(position, len(data) - MARK_LENGTH))
        return cut if cut >= 0 else len(data)


def _quoted(text: str) -> str:
    """Return ``text`` for a place between single quotes."""
    return text.replace("'", "'\\''")


def _typed(text: str) -> str:
    """Return the `printf` format that prints ``text``.

    Typed at line editing, a control character would be a key: printf makes them.
    """
    return "".join(f"\\{ord(c):03o}" if c in "\x1b\x07'\\%" else c for c in text)
