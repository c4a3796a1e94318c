"""What a shell prints so that its state is known: its prompts, which carry a random nonce.

``PS0`` is printed when a complete command has been read, so that all before it, echo and prompts,
is not output; ``PS2`` when the shell wants more lines; ``PS1`` when it is ready again, with the
last status, its process id and its directory.  All are control sequences of the private kind that
terminals ignore.  They are exported, so that a nested shell inherits them; ``PROMPT_COMMAND`` sets
them anew before each prompt, because `nix-shell` and a tutorial's own ``PS1=`` change them.
A shell that lost them all is told by `Prompts.introduction`; one whose prompts do not reach the
terminal, because its standard error leads elsewhere or ``PS1`` is read-only, by
`Prompts.loud_introduction`: there ``PROMPT_COMMAND`` prints the mark itself.

A page can print a prompt as well: ``"${PS1@P}"`` expands it.  So each mark tells whose turn it is,
by a variable that ``PROMPT_COMMAND`` sets to 1 and ``PS0`` to 0: while a command runs, it is 0, and
what looks like a mark is output.  It is empty in a shell that knows neither, like dash.
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

#: The variable that says whose turn it is.
_TURN = "__doctest_nix_turn"


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
            "PS0": f"\x1b]7771;{nonce};S;$$;${{{_TURN}-}}$(({_TURN}=0))\x07",
            "PS1": f"\x1b]7771;{nonce};E;$?;$$;${{{_TURN}-}};$PWD\x07",
            "PS2": f"\x1b]7771;{nonce};C;$$;${{{_TURN}-}}\x07",
        }
        assignments = " ".join(f"{name}='{value}'" for name, value in prompts.items())
        # Where they are unchanged no simple command runs, which would empty PIPESTATUS.  The output
        # goes nowhere for what `set -x` and a DEBUG trap would print of these lines; it is closed,
        # since a restricted shell opens no file for it.
        joined = "".join(prompts.values())
        check = f"case ${{PS0-}}${{PS1-}}${{PS2-}}$(({_TURN}=1)) in '{joined}1');;"
        hook = f"{{ {_PLAIN};{check}*){assignments};;esac; }} >&- 2>&-"
        #: What `set -v` shows of it.
        self.hook = hook.encode()
        self._adoption = _typed(
            f"unset {_TURN};{assignments} PROMPT_COMMAND='{_quoted(hook)}';"
            "export PS0 PS1 PS2 PROMPT_COMMAND"
        )
        ready = rf"\033]7771;{nonce};E;%d;%d;1;%s\007"
        loud = (
            f"{{ builtin printf '{ready}' $? $$ \"$PWD\" >/dev/tty;"
            f"case ${{PS1@a}}$(({_TURN}=1)) in *r*);;*)PS1=;;esac; }} >&- 2>&-"
        )
        self._loud_adoption = _typed(f"PROMPT_COMMAND='{_quoted(loud)}'")
        self._mark = re.compile(
            rb"\x1b\]7771;%s;(?:(S);\d+;1?0|(C);\d+;1?|E;(\d+);(\d+);1?;([^\x07]*)|A;(\d+);(\d+))\x07"
            % nonce.encode()
        )
        self._out_of_turn = re.compile(
            rb"\x1b\]7771;%s;E;\d+;\d+;0;[^\x07]*\x07\Z" % nonce.encode()
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
        started, _, status, shell, directory, number, answered = found.groups()
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
        return (Started if started else More)(start=start, end=end)

    def ends_out_of_turn(self, data: bytearray) -> bool:
        """Tell whether ``data`` ends in a prompt that is output, or that of a shell without hook.

        The second is a shell in which a tutorial changed ``PROMPT_COMMAND``.
        """
        return data.endswith(b"\x07") and bool(
            self._out_of_turn.search(data, max(len(data) - MARK_LENGTH, 0))
        )

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
