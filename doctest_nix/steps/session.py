"""Transcripts of a shell session: each command is typed, its output and status compared."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from typing import assert_never

from doctest_nix.document import Block, Location
from doctest_nix.expectation import Comparison, Level, compare
from doctest_nix.sandbox import HOME, Completed, Ended
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.steps.transcript import Exchange, Prompt, exchanges
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict

#: Lines by which a page shows that a command fails: the status then may be any.
_SHOWS_FAILURE = re.compile(
    r"\berror\b|\bfatal\b|not installed|not found|no such file|cannot |can't |failed|denied"
    r"|traceback|invalid|unknown|usage:",
    re.IGNORECASE,
)

#: Commands whose status 1 is an answer, not an error.
_ANSWERS = re.compile(r"(?:^|[|;&]\s*)(?:diff|cmp|e?grep|test|\[)\s[^|;&]*$")
_LEAVES = re.compile(r"\s*(?:exit|logout)(?:\s+\d+)?\s*;?\s*(?:#.*)?$")
_WAITS_FOR_INPUT = re.compile(r"[^\n]*(?:\[[yYnN]/[yYnN]\]|\?|:|password.*)\s*$", re.IGNORECASE)
_FULL_SCREEN = re.compile(r"\s*(?:sudo\s+)?(?:vim?|nvim|nano|emacs|less|more|man|top|htop)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStep:
    """The exchanges of one transcript, in order; the first that is wrong ends it."""

    block: Block
    exchanges: tuple[Exchange, ...]
    kind: str = "session"
    stateful: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    def execute(self, stage: Stage) -> Verdict:
        """Type each command and compare what it prints with what is shown."""
        begin = time.monotonic()
        masks: list[str] = []
        stale: Mismatch | None = None
        for exchange in self.exchanges:
            mismatch, comparison = _run(exchange, stage)
            if comparison is not None:
                masks += comparison.masks
            if mismatch is None:
                continue
            if comparison is not None and comparison.level is Level.STALE:
                stale = stale or mismatch
                continue
            return Verdict(
                fate=Fate.FAILED,
                reason=mismatch.problem,
                seconds=time.monotonic() - begin,
                mismatch=mismatch,
                masks=tuple(masks),
            )
        return Verdict(
            fate=Fate.PASSED if stale is None else Fate.STALE,
            checked=Checked.RUN,
            reason="" if stale is None else stale.problem,
            seconds=time.monotonic() - begin,
            mismatch=stale,
            masks=tuple(masks),
        )


def from_block(block: Block, context: Context) -> SessionStep | None:
    """Return the step for a block with a shell's prompt in it, whatever its language."""
    found = exchanges(block)
    if not found or any(exchange.prompt is Prompt.REPL for exchange in found):
        return None
    return SessionStep(block=block, exchanges=found)


def _run(exchange: Exchange, stage: Stage) -> tuple[Mismatch | None, Comparison | None]:
    """Type one command; what is wrong with it, and how its output compared where it ended."""
    timeout = stage.config.timeout
    match exchange.prompt:
        case Prompt.NESTED:
            trouble = stage.show_nested_prompt(timeout=timeout)
            if trouble is not None:
                return _ended_badly(exchange, trouble, stage), None
        case Prompt.SHELL | Prompt.ROOT:
            stage.show_outer_prompt(timeout=timeout)
        case Prompt.REPL:  # pragma: no cover  from_block leaves these to another kind
            raise ValueError(exchange)
        case _:
            assert_never(exchange.prompt)
    if not exchange.input:
        return None, None
    earlier_end = stage.ended_by
    completed = stage.type(exchange.input, timeout=timeout)
    if earlier_end is not None:
        problem = f"there is no session any more: `{_short(earlier_end)}` ended it"
        return _mismatch(exchange, problem), None
    leaves = _LEAVES.match(exchange.input) is not None
    if completed.ended is not Ended.EXITED and not (leaves and completed.ended is Ended.GONE):
        return _ended_badly(exchange, completed, stage), None
    comparison = None
    if exchange.expected:
        comparison, stage.bindings = compare(
            exchange.expected,
            completed.output,
            bindings=stage.bindings,
            home=str(HOME),
            directory=stage.directory,
            pinned=False,
            command=exchange.input,
        )
        if comparison.level is Level.MISMATCH:
            return _mismatch(
                exchange, "the output is not what the page shows", completed, comparison
            ), comparison
    if completed.exit_code not in (0, None) and not leaves and not _may_fail(exchange, completed):
        problem = f"the command failed with status {completed.exit_code}"
        shown = tuple(f"+ {line}" for line in completed.output.split("\n")[-40:] if line)
        mismatch = _mismatch(exchange, problem, completed)
        return replace(mismatch, diff=shown), None
    if comparison is not None and comparison.level is Level.STALE:
        return _mismatch(exchange, comparison.reason, completed, comparison), comparison
    return None, comparison


def _may_fail(exchange: Exchange, completed: Completed) -> bool:
    """Tell whether the page shows, or the command means, that the status is not 0."""
    if _SHOWS_FAILURE.search(exchange.expected):
        return True
    return completed.exit_code == 1 and _ANSWERS.search(exchange.input) is not None


def _ended_badly(exchange: Exchange, completed: Completed, stage: Stage) -> Mismatch:
    hint = ""
    match completed.ended:
        case Ended.TIMEOUT:
            problem = f"the command did not end within {stage.config.timeout:g} s"
            last = completed.output.rsplit("\n", 1)[-1]
            if _FULL_SCREEN.match(exchange.input):
                hint = "A full-screen program waits for keys: this needs a person."
            elif last and _WAITS_FOR_INPUT.fullmatch(last):
                hint = f"It seems to wait for an answer to: {last.strip()}"
            else:
                hint = "It may wait for input, or run for ever like a server."
        case Ended.GONE:
            problem = "the session is gone: the command ended its shell"
        case Ended.UNFINISHED:
            problem = "the command is not complete: the shell waits for more lines"
            hint = "Look for a quote or a bracket that is not closed."
        case Ended.EXITED:
            problem = f"the nested shell was not entered again: status {completed.exit_code}"
        case _:
            assert_never(completed.ended)
    shown = tuple(f"+ {line}" for line in completed.output.split("\n")[-40:] if line)
    return replace(_mismatch(exchange, problem, completed), diff=shown, hint=hint)


def _mismatch(
    exchange: Exchange,
    problem: str,
    completed: Completed | None = None,
    comparison: Comparison | None = None,
) -> Mismatch:
    return Mismatch(
        location=_command_location(exchange),
        problem=problem,
        command=exchange.input,
        diff=comparison.diff if comparison is not None else (),
        exit_code=completed.exit_code if completed is not None else None,
    )


def _command_location(exchange: Exchange) -> Location:
    lines = exchange.input.count("\n")
    return replace(exchange.location, end_line=exchange.location.line + lines)


def _short(command: str) -> str:
    first, _, more = command.partition("\n")
    return first + (" …" if more else "")
