"""Transcripts: each command is typed into the session, its output and status judged."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import assert_never

from doctest_nix.annotations import Annotations
from doctest_nix.config import Need
from doctest_nix.document import Block
from doctest_nix.sandbox import Completed
from doctest_nix.stage import Stage
from doctest_nix.steps import Context, repl, unprompted
from doctest_nix.steps.given import NO_SHELL, with_real_hashes
from doctest_nix.steps.judge import (
    Asked,
    Lacking,
    Outcome,
    Right,
    Stale,
    Wrong,
    judge,
    looks_right,
    short,
    shows_status,
    wrong,
)
from doctest_nix.steps.moves import Move, after, before, fails, goes_on, moves
from doctest_nix.steps.names import stated_name
from doctest_nix.steps.needs import of_command
from doctest_nix.steps.running import interrupt, is_interrupted, leave_running
from doctest_nix.steps.transcript import Exchange, Prompt, exchanges, shown_output
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionStep:
    """The exchanges of one transcript, in order; the first that is wrong ends it.

    ``output_block`` is a block of its own that shows the last one's output.  ``moves`` is what the
    page tells the reader to do before; ``goes_on`` says that the page goes on while the last
    command runs, ``fails`` that the page tells that it fails.
    """

    block: Block
    output_block: Block | None
    exchanges: tuple[Exchange, ...]
    annotations: Annotations
    moves: tuple[Move, ...] = ()
    goes_on: bool = False
    fails: bool = False
    depends: bool = True
    changes: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block, and that of its output."""
        return (self.block,) if self.output_block is None else (self.block, self.output_block)

    @property
    def kind(self) -> str:
        """``repl`` where only `nix repl` is typed into, else ``session``."""
        in_repl = all(exchange.prompt is Prompt.REPL for exchange in self.exchanges)
        return "repl" if in_repl else "session"

    @property
    def detail(self) -> str:
        """How many commands there are, and whether no prompt is shown."""
        number = len(self.exchanges)
        commands = "1 command" if number == 1 else f"{number} commands"
        return f"{commands}, no prompt" if self.exchanges[0].prompt is Prompt.NONE else commands

    def execute(self, stage: Stage) -> Verdict:
        """Type each command and compare what it prints with what is shown.

        What needs a reader at the keyboard is left out; what follows is typed all the same, for
        the blocks after it, and only a slip in it is a mistake.
        """
        begin = time.monotonic()
        lacking: Lacking | None = None
        masks: list[str] = []
        stale: Mismatch | None = None
        self.move(stage)
        position = 0
        while position < len(self.exchanges):
            outcome, taken = self._execute(position, stage)
            position += taken
            match outcome:
                case Right():
                    masks += outcome.masks
                case Stale():
                    masks += outcome.masks
                    stale = stale or outcome.mismatch
                case Wrong(by_itself=False) if lacking is not None:
                    break
                case Wrong(mismatch=mismatch, by_itself=by_itself):
                    return Verdict(
                        fate=Fate.FAILED,
                        reason=mismatch.problem,
                        seconds=time.monotonic() - begin,
                        mismatch=mismatch,
                        masks=tuple(masks),
                        by_itself=by_itself,
                    )
                case Lacking(unmet=unmet):
                    lacking = lacking or outcome
                    if unmet.need is not Need.INTERACTIVE:
                        break
                case _:
                    assert_never(outcome)
        if lacking is not None:
            return Verdict(
                fate=Fate.SKIPPED,
                reason=str(lacking.unmet),
                seconds=time.monotonic() - begin,
            )
        return Verdict(
            fate=Fate.PASSED if stale is None else Fate.STALE,
            checked=Checked.RUN,
            reason="" if stale is None else stale.problem,
            seconds=time.monotonic() - begin,
            mismatch=stale,
            masks=tuple(masks),
        )

    def move(self, stage: Stage) -> None:
        """Do what the page tells the reader to do before."""
        for move in self.moves:
            _make(move, stage)

    def _execute(self, position: int, stage: Stage) -> tuple[Outcome, int]:
        """Type and judge the exchange at ``position``; return how many it turned out to be."""
        exchange = self.exchanges[position]
        last = position + 1 == len(self.exchanges)
        asked = replace(
            Asked.of(self.annotations, stage.config, last=last),
            status_follows=shows_status(self.exchanges[position + 1 : position + 2]),
            fails=self.fails and last,
        )
        left = stage.seconds_left
        if left < asked.timeout:
            limit = stage.config.document_timeout
            asked = replace(asked, timeout=left, limit=f"the document's {limit:g} s")
        exchange = replace(exchange, input=with_real_hashes(exchange.input, stage.bindings))
        outcome = _prepare(exchange, asked, stage)
        if outcome is not None:
            return outcome, 1
        if is_interrupted(exchange):
            return interrupt(exchange, asked, stage), 1
        if self.goes_on and last:
            return leave_running(exchange, asked, stage, until=self.annotations.until), 1
        completed = stage.type(exchange.input, timeout=asked.timeout)
        following = (self.exchanges[n] for n in range(position + 1, len(self.exchanges)))
        exchange, taken = _with_what_was_printed(exchange, following, completed, stage)
        return judge(exchange, completed, asked, stage), 1 + taken


def from_block(block: Block, context: Context) -> SessionStep | None:
    """Return the step for a block with a prompt in it, whatever its language.

    Or for one in a session's language that is commands without prompts, and no file.
    """
    found = exchanges(block)
    if not found and context.annotations.file is None and stated_name(block) is None:
        found = unprompted.commands(block)
    return of(found, block, context) if found else None


def of(found: tuple[Exchange, ...], block: Block, context: Context) -> SessionStep:
    """Return the step of ``found``, the exchanges of ``block``, as the page goes on after it.

    A block straight after it may be the output of its last command.
    """
    annotations = context.annotations
    output_block = context.next_block()
    if output_block is not None and unprompted.is_output_of(output_block, block, found[-1]):
        with_output = annotations.with_output(context.said[output_block])
    else:
        with_output = None
    if output_block is not None and with_output is not None:
        annotations = with_output
        found = (*found[:-1], replace(found[-1], expected=shown_output(output_block)))
    else:
        output_block = None
    told = before(context.document, context.index)
    follows = after(context.document, context.index)
    return SessionStep(
        block=block,
        output_block=output_block,
        exchanges=found,
        annotations=annotations,
        moves=moves(told),
        goes_on=annotations.background or goes_on(found[-1].expected, follows),
        fails=fails((*told[-2:], *follows[:1])),
    )


def _make(move: Move, stage: Stage) -> None:
    match move:
        case Move.OTHER:
            stage.take_another_session()
        case Move.FIRST:
            stage.return_to_first_session()
        case Move.INTERRUPT:
            stage.press_interrupt()
        case Move.LEAVE:
            stage.leave()
        case _:
            assert_never(move)


def _prepare(exchange: Exchange, asked: Asked, stage: Stage) -> Outcome | None:
    """Be where the prompt says; return an outcome where there is nothing more to type."""
    for unmet in of_command(exchange.input):
        if not stage.tries(unmet.need):
            return Lacking(unmet=unmet)
    match exchange.prompt:
        case Prompt.REPL:
            return repl.execute(exchange, asked, stage)
        case Prompt.NESTED:
            trouble = stage.show_nested_prompt(timeout=asked.timeout)
            if trouble is not None:
                return judge(exchange, trouble, asked, stage)
            if not stage.session.is_nested and not exchange.expected:
                # Outside of its shell, a command that shows nothing would prove nothing.
                return Lacking(unmet=NO_SHELL)
        case Prompt.SHELL | Prompt.ROOT:
            stage.session.show_outer_prompt(timeout=asked.timeout)
        case Prompt.NONE:
            pass
        case _:
            assert_never(exchange.prompt)
    if not exchange.input:
        return Right()
    if repl.starts(exchange.input):
        return repl.start(exchange, asked, stage)
    if stage.session.ended_by is not None:
        ended_by = short(stage.session.ended_by)
        return wrong(exchange, f"there is no session any more: `{ended_by}` ended it")
    return None


def _with_what_was_printed(
    exchange: Exchange, following: Iterable[Exchange], completed: Completed, stage: Stage
) -> tuple[Exchange, int]:
    """Take for output what looks like commands below it, where it was printed in that place.

    A line of output that begins with `$ ` cannot be told from a command on the page.  Returns the
    exchange with the output that it then has, and how many of ``following`` are part of it.
    """
    printed: list[str] = []
    taken = 0
    for candidate in following:
        line = candidate.text.partition("\n")[0].rstrip()
        if line not in completed.output:
            break
        printed = printed or [line.rstrip() for line in completed.output.split("\n")]
        if not any(
            looks_right(exchange.expected, "\n".join(printed[:place]), exchange, stage)
            for place, found in enumerate(printed)
            if found == line
        ):
            break
        blank = "\n" * (candidate.location.line - exchange.location.end_line)
        exchange = replace(
            exchange,
            location=replace(exchange.location, end_line=candidate.location.end_line),
            expected=(exchange.expected + blank if exchange.expected else "") + candidate.text,
            text=exchange.text + blank + candidate.text,
        )
        taken += 1
    return exchange, taken
