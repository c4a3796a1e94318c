"""A command prints nothing: how long is that awaited, and what may it be?"""

from __future__ import annotations

import re
import time
from enum import Enum, auto

from doctest_nix.sandbox.prompts import Prompts

#: How long nothing must follow what looks like a prompt before it is asked who shows it.
QUIET = 0.05

#: How often it is looked at a command that is to be left running, or that may have taken our
#: prompts, in seconds.
LOOK = 0.1

#: How long nothing must be printed before it is looked at whether a shell waits: a file that the
#: command read, or a function, may have taken our prompts.
PAUSE = 1.0

#: How long nothing must be printed before it is looked at whether the command waits for input:
#: longer than a question with a time-out is likely to take.
_IDLE = 10.0

#: The end of an output that may be the prompt of a shell that lost ours.
_PROMPT_LIKE = re.compile(rb"[$#>%](?:\x1b\[[0-9;?]*[a-zA-Z])* (?:\x1b\[[0-9;?]*[a-zA-Z])*\Z")

#: A command that reads a line, and would take an introduction for it.
_READS = re.compile(rb"\b(?:read|select|mapfile|readarray)\b")

#: A command after which its shell may have lost our prompts, or show them elsewhere.
_TOUCHES_PROMPTS = re.compile(rb"\b(?:PS[012]|PROMPT_COMMAND|exec|unset)\b")


class Suspect(Enum):
    """Who may wait for a line."""

    #: Nobody that is to be asked.
    NOBODY = auto()
    #: A shell that we do not know: the output ends like a prompt.
    STRANGER = auto()
    #: Any shell: the command may have taken our prompts.
    ANY_SHELL = auto()
    #: Any shell, or a builtin of it that reads a line.
    WAITING = auto()


class Silence:
    """How long a command that was typed has printed nothing."""

    def __init__(self, prompts: Prompts, typed: bytes, *, pause: float) -> None:
        """``pause`` is the longest that nobody looks at it, in seconds.

        Where that is less than `PAUSE`, the command may be left running, whatever it waits for.
        """
        self._prompts = prompts
        self._pause = pause
        self._takes_lines = pause < PAUSE or _READS.search(typed) is not None
        self._touches = not self._takes_lines and _TOUCHES_PROMPTS.search(typed) is not None
        self._suspect = Suspect.NOBODY
        self._asked = False
        self._since = time.monotonic()

    def pause(self, output: bytearray) -> float:
        """Return how long to wait for more than ``output``, and note whom to suspect then."""
        unhooked = not self._takes_lines and self._prompts.ends_out_of_turn(output)
        is_prompt = unhooked or looks_like_prompt(output)
        if self._touches:
            self._suspect = Suspect.ANY_SHELL
        elif is_prompt and not unhooked and not self._asked:
            self._suspect = Suspect.STRANGER
        else:
            self._suspect = Suspect.NOBODY if self._takes_lines else Suspect.WAITING
        if (is_prompt or self._touches) and not self._asked:
            return QUIET
        return LOOK if self._touches else self._pause

    def broken(self) -> None:
        """Note that something was printed."""
        self._asked = False
        self._since = time.monotonic()

    def suspect(self) -> Suspect:
        """Return who may wait, nothing having been printed during the last pause."""
        self._asked = True
        return self._suspect

    def lasts(self, deadline: float) -> bool:
        """Tell whether it is worth a look whether the command itself waits for input.

        The last look is at the ``deadline``.
        """
        until = min(self._since + _IDLE, deadline)
        return self._pause >= PAUSE and not self._touches and time.monotonic() >= until


def looks_like_prompt(output: bytearray) -> bool:
    """Tell whether ``output`` ends like a prompt of a shell."""
    return _PROMPT_LIKE.search(output, max(len(output) - 100, 0)) is not None
