"""Commands that run on while the page goes on: servers, and what a reader ends with Ctrl-C."""

from __future__ import annotations

import re
import time
from dataclasses import replace

from doctest_nix.sandbox import Ended
from doctest_nix.sandbox.listening import listening
from doctest_nix.stage import CTRL_C, Stage
from doctest_nix.steps.judge import Asked, Outcome, Right, Stale, judge, looks_right, wrong
from doctest_nix.steps.transcript import Exchange

#: How long a command that has printed what is shown may take until it listens, in seconds.
_SETTLE = 1.0

#: How long a command of which nothing is shown must have printed nothing, in seconds.
_QUIET = 10.0

#: The time-out is not reached by what is to be left running, in seconds.
_MARGIN = 0.2


def leave_running(
    exchange: Exchange, asked: Asked, stage: Stage, *, until: str | None = None
) -> Outcome:
    """Type a command that the page does not wait for; one that ends all the same is judged.

    It is left running when it has printed what matches ``until``; where nothing is said, what the
    page shows, and waits for connections or does nothing more for a moment.
    """
    state = _State(exchange, asked, stage, until)
    completed = stage.session.type(exchange.input, timeout=asked.timeout, until=state.is_reached)
    in_time = completed.ended is not Ended.TIMEOUT
    if until is not None and not in_time:
        problem = f"the command printed nothing that {until!r} matches within {asked.limit}"
        return wrong(exchange, problem, hint="It is what `until` says in the comment before.")
    if completed.ended is Ended.RUNNING or (not in_time and exchange.expected):
        # What it printed is compared, whether or not it is right.
        outcome = judge(exchange, replace(completed, ended=Ended.EXITED), asked, stage)
    else:
        outcome = judge(exchange, completed, asked, stage)
    if completed.ended is Ended.RUNNING and isinstance(outcome, Right | Stale):
        return replace(outcome, masks=(*outcome.masks, "left running: the page goes on beside it"))
    return outcome


def is_interrupted(exchange: Exchange) -> bool:
    """Tell whether the page shows Ctrl-C pressed while the command runs."""
    return any(line.startswith("^C") for line in exchange.expected.split("\n"))


def interrupt(exchange: Exchange, asked: Asked, stage: Stage) -> Outcome:
    """Type a command, press Ctrl-C when it has printed what is shown above it, and judge it."""
    lines = exchange.expected.split("\n")
    pressed = next(n for n, line in enumerate(lines) if line.startswith("^C"))
    after = [lines[pressed].removeprefix("^C"), *lines[pressed + 1 :]]
    first = replace(exchange, expected="\n".join(lines[:pressed]).rstrip("\n"))
    session = stage.session
    state = _State(first, asked, stage)
    completed = session.type(exchange.input, timeout=asked.timeout, until=state.is_reached)
    if completed.ended is not Ended.RUNNING:
        return judge(first, completed, asked, stage)
    end = session.press(CTRL_C, timeout=asked.timeout)
    output = "\n".join(filter(None, [completed.output, end.output.strip("\n")]))
    shown = "\n".join(filter(None, [first.expected, "\n".join(after).strip("\n")]))
    # The status of what was interrupted says nothing.
    done = replace(end, output=output, exit_code=None if end.exit_code is None else 0)
    return judge(replace(exchange, expected=shown), done, asked, stage)


class _State:
    """Whether a command that runs does what the page shows."""

    def __init__(
        self, exchange: Exchange, asked: Asked, stage: Stage, until: str | None = None
    ) -> None:
        self._exchange = exchange
        self._until = until
        self._stage = stage
        self._sockets = listening(stage.sandbox())
        self._output: str | None = None
        self._since = time.monotonic()
        self._deadline = self._since + asked.timeout - _MARGIN
        self._is_shown = False

    def is_reached(self, output: str) -> bool:
        """Tell whether the command may be left running."""
        if self._until is not None:
            return re.search(self._until, output, re.MULTILINE) is not None
        now = time.monotonic()
        shown = self._exchange.expected
        if output != self._output:
            self._output = output
            self._is_shown = bool(shown) and looks_right(shown, output, self._exchange, self._stage)
            self._since = now
        if shown and not self._is_shown:
            return False
        if listening(self._stage.sandbox()) - self._sockets:
            return True
        return now - self._since > (_SETTLE if shown else _QUIET) or now > self._deadline
