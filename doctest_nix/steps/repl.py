"""The part of a transcript that is typed into `nix repl`."""

from __future__ import annotations

import re

from doctest_nix.nixvalue import equal
from doctest_nix.sandbox import Ended
from doctest_nix.stage import Stage
from doctest_nix.steps.judge import Asked, Outcome, Right, Wrong, judge, wrong
from doctest_nix.steps.transcript import Exchange

_STARTS = re.compile(r"\s*nix\s+(?:--?[\w-]+(?:\s+[\w-]+)?\s+)*repl\b[^|;&\n]*$")
_ENDS_OF_ERROR = re.compile(r"(?:^|\n)error:")


def starts(command: str) -> bool:
    """Tell whether a shell command is a `nix repl` that stays open."""
    return _STARTS.match(command) is not None


def start(exchange: Exchange, asked: Asked, stage: Stage) -> Outcome:
    """Start the repl; what it prints as a greeting is not compared, an error is."""
    completed = stage.open_repl(exchange.input, timeout=asked.timeout)
    if completed.ended is Ended.EXITED and completed.exit_code == 0:
        return Right()
    return judge(exchange, completed, asked, stage)


def execute(exchange: Exchange, asked: Asked, stage: Stage) -> Outcome:
    """Type an expression; a value is compared as a value where its text differs.

    Where nothing is shown, any answer but an error is right.
    """
    if not exchange.input:
        return Right()
    timeout = asked.timeout
    opened = stage.repl_is_open or stage.open_repl("nix repl", timeout=timeout).exit_code == 0
    if not opened:
        return wrong(exchange, "`nix repl` does not start")
    completed = stage.type_in_repl(exchange.input, timeout=timeout)
    bindings = stage.bindings
    outcome = judge(exchange, completed, asked, stage)
    if isinstance(outcome, Wrong) and completed.ended is Ended.EXITED:
        shown = exchange.expected
        is_value = shown and not _ENDS_OF_ERROR.search(shown + "\n" + completed.output)
        if is_value and equal(shown, completed.output):
            stage.bindings = bindings
            return Right(masks=("value: the same value in another layout",))
    return outcome
