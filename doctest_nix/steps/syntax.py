"""Nix that is shown to be read: it must parse."""

from __future__ import annotations

import time
from dataclasses import dataclass

from doctest_nix.document import Block
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntaxStep:
    """A nix block that is neither run nor written: its syntax is checked."""

    block: Block
    kind: str = "syntax"
    depends: bool = False
    changes: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    @property
    def nix(self) -> str:
        """The text that is checked."""
        return self.block.text

    def execute(self, stage: Stage) -> Verdict:
        """Parse it in the forms of `doctest_nix.syntax.FORMS`."""
        begin = time.monotonic()
        error = stage.syntax.ask(self.nix)
        seconds = time.monotonic() - begin
        if error is None:
            return Verdict(fate=Fate.PASSED, checked=Checked.PARSED, seconds=seconds)
        problem = f"this is not Nix: {error}"
        return Verdict(
            fate=Fate.FAILED,
            reason=problem,
            seconds=seconds,
            mismatch=Mismatch(location=self.block.location, problem=problem),
        )


def from_block(block: Block, context: Context) -> SyntaxStep | None:
    """Return the step for a block of language nix."""
    return SyntaxStep(block=block) if block.language.lower() == "nix" else None
