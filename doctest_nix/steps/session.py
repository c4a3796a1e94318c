"""Transcripts: each command is typed into the session, its output and status judged."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import assert_never

from doctest_nix.annotations import Annotations
from doctest_nix.document import Block
from doctest_nix.stage import Stage
from doctest_nix.steps import Context, repl
from doctest_nix.steps.judge import (
    Asked,
    Lacking,
    Outcome,
    Right,
    Stale,
    Wrong,
    judge,
    short,
    wrong,
)
from doctest_nix.steps.needs import of_command
from doctest_nix.steps.transcript import Exchange, Prompt, exchanges
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStep:
    """The exchanges of one transcript, in order; the first that is wrong ends it."""

    block: Block
    exchanges: tuple[Exchange, ...]
    annotations: Annotations
    depends: bool = True
    changes: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    @property
    def kind(self) -> str:
        """``repl`` where only `nix repl` is typed into, else ``session``."""
        in_repl = all(exchange.prompt is Prompt.REPL for exchange in self.exchanges)
        return "repl" if in_repl else "session"

    def execute(self, stage: Stage) -> Verdict:
        """Type each command and compare what it prints with what is shown."""
        begin = time.monotonic()
        masks: list[str] = []
        stale: Mismatch | None = None
        for exchange in self.exchanges:
            last = exchange is self.exchanges[-1]
            asked = Asked.of(self.annotations, stage.config, last=last)
            outcome = _execute(exchange, asked, stage)
            match outcome:
                case Right():
                    masks += outcome.masks
                case Stale():
                    masks += outcome.masks
                    stale = stale or outcome.mismatch
                case Wrong(mismatch=mismatch):
                    return Verdict(
                        fate=Fate.FAILED,
                        reason=mismatch.problem,
                        seconds=time.monotonic() - begin,
                        mismatch=mismatch,
                        masks=tuple(masks),
                    )
                case Lacking(unmet=unmet):
                    return Verdict(
                        fate=Fate.SKIPPED,
                        reason=str(unmet),
                        seconds=time.monotonic() - begin,
                    )
                case _:
                    assert_never(outcome)
        return Verdict(
            fate=Fate.PASSED if stale is None else Fate.STALE,
            checked=Checked.RUN,
            reason="" if stale is None else stale.problem,
            seconds=time.monotonic() - begin,
            mismatch=stale,
            masks=tuple(masks),
        )


def from_block(block: Block, context: Context) -> SessionStep | None:
    """Return the step for a block with a prompt in it, whatever its language."""
    found = exchanges(block)
    return (
        SessionStep(block=block, exchanges=found, annotations=context.annotations)
        if found
        else None
    )


def _execute(exchange: Exchange, asked: Asked, stage: Stage) -> Outcome:
    """Type one command where its prompt says, and judge it."""
    for unmet in of_command(exchange.input):
        if not stage.config.meets(unmet.need):
            return Lacking(unmet=unmet)
    timeout = asked.timeout
    match exchange.prompt:
        case Prompt.REPL:
            return repl.execute(exchange, asked, stage)
        case Prompt.NESTED:
            trouble = stage.show_nested_prompt(timeout=timeout)
            if trouble is not None:
                return judge(exchange, trouble, asked, stage)
        case Prompt.SHELL | Prompt.ROOT:
            stage.show_outer_prompt(timeout=timeout)
        case _:
            assert_never(exchange.prompt)
    if not exchange.input:
        return Right()
    if repl.starts(exchange.input):
        return repl.start(exchange, asked, stage)
    ended_by = stage.ended_by
    completed = stage.type(exchange.input, timeout=timeout)
    if ended_by is not None:
        return wrong(exchange, f"there is no session any more: `{short(ended_by)}` ended it")
    return judge(exchange, completed, asked, stage)
