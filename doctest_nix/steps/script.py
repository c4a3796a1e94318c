"""Commands in a block of shell code that shows no prompt.

A page says of them neither that they are typed nor that they are read: they may be a session, a
script, or an example.  They are typed as a reader would, for later blocks may build on what they
do.  Where one goes wrong, that is no evidence against the page, and the block counts as parsed.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from doctest_nix import scripts
from doctest_nix.document import Block
from doctest_nix.stage import Stage
from doctest_nix.steps import Context, free, session, syntax
from doctest_nix.steps.needs import of_command
from doctest_nix.steps.session import SessionStep
from doctest_nix.steps.syntax import SyntaxStep
from doctest_nix.steps.transcript import SHELLS
from doctest_nix.steps.unprompted import script
from doctest_nix.verdict import Fate, Verdict

#: What only a script does, or a warning shows: it would end the reader's shell, or its machine.
_NOT_TYPED = re.compile(
    r"(?:^|[;&|]|\b(?:then|do|else)\s)\s*"
    r"(?:(?:exit|logout|exec|return|trap|killall|pkill|reboot|set\s+-\w*e)\b"
    r"|kill\s(?:.*\s)?-1\b|rm\s(?:.*\s)?(?:/|~|\$HOME|\"\$HOME\")/?\*?(?=\s|$)|:\(\)\s*\{)",
    re.MULTILINE,
)

#: After a command that went wrong only so many seconds later, no more are typed on the page: where
#: each waits for what is not there, the others would have no time left.
_LONG = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScriptStep:
    """A block of commands, each typed until one goes wrong.

    ``read`` is the step where it is only parsed, ``session`` that where all of it is typed.
    """

    read: SyntaxStep
    session: SessionStep
    kind: str = "session"
    depends: bool = False
    changes: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return self.read.blocks

    @property
    def detail(self) -> str:
        """How many commands there are."""
        return f"{self.session.detail}, or a script"

    def announce(self, stage: Stage) -> None:
        """Tell the stage what it will be asked, so that one question serves many steps."""
        self.read.announce(stage)

    def execute(self, stage: Stage) -> Verdict:
        """Type the commands; where that is not for a reader to do, or goes wrong, parse them.

        The name of a program that is a slip of a known one is the page's mistake all the same.
        """
        parsed = self.read.execute(stage)
        self.session.move(stage)
        if parsed.fate is not Fate.PASSED or not self._can_be_typed(stage):
            return parsed
        directory = stage.directory
        seconds = parsed.seconds
        verdict = parsed
        for number, step in enumerate(_one_by_one(self.session)):
            verdict = step.execute(stage)
            seconds += verdict.seconds
            if verdict.by_itself:
                return replace(verdict, seconds=seconds)
            if verdict.fate not in (Fate.PASSED, Fate.STALE):
                stage.has_given_up = verdict.seconds > _LONG
                _return_to(str(directory), stage)
                return replace(parsed, seconds=seconds, in_part=number > 0)
        return replace(verdict, seconds=seconds)

    def _can_be_typed(self, stage: Stage) -> bool:
        """Tell whether the run has all that the text asks for, variables of a script included."""
        commands = [exchange.input for exchange in self.session.exchanges]
        return (
            not stage.has_given_up
            and not any(_NOT_TYPED.search(command) for command in commands)
            and not any(free.placeholder(command) for command in commands)
            and all(stage.tries(unmet.need) for c in commands for unmet in of_command(c))
            and free.variable("\n".join(commands), stage) is None
        )


def from_block(block: Block, context: Context) -> ScriptStep | SessionStep | None:
    """Return the step for a block of shell code that is commands alone, and no script's file.

    It is a session as if it had prompts where its output stands in a block straight after it, or
    a comment says with which status it ends, in which terminal, or that it goes on.
    """
    read = syntax.from_block(block, context)
    if read is None or read.detail not in SHELLS or block.text.startswith("#!"):
        return None
    if scripts.shown(block.text) != block.text:
        return None  # a part is left out
    found = script(block)
    if not found:
        return None
    whole = session.of(found, block, context)
    said = context.annotations
    is_told = said.status is not None or said.session is not None or said.background
    if is_told or whole.output_block is not None:
        return whole
    return ScriptStep(read=read, session=whole)


def _one_by_one(session: SessionStep) -> Iterator[SessionStep]:
    """Yield a step for each command, after the moves; what the page says later is of the last."""
    *most, last = session.exchanges
    for exchange in most:
        yield replace(session, exchanges=(exchange,), moves=(), goes_on=False, fails=False)
    yield replace(session, exchanges=(last,), moves=())


def _return_to(directory: str, stage: Stage) -> None:
    """Stand where the reader stood before, in another session where this one was ended."""
    if stage.session.ended_by is not None:
        stage.take_another_session()
    stage.type(f"cd {shlex.quote(directory)}", timeout=stage.config.timeout)
