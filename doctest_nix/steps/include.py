"""Blocks that show a file which could not be read."""

from __future__ import annotations

from dataclasses import dataclass

from doctest_nix.document import Block
from doctest_nix.errors import Slug
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.verdict import Fate, Mismatch, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class IncludeStep:
    """A block without its text: the page is wrong, or the file is not for this run to read."""

    block: Block
    kind: str = "include"
    depends: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    @property
    def detail(self) -> str:
        """Why there is no text."""
        problem = self.block.fault.partition(" [doctest-nix.")[0]
        return problem if self._is_wrong else f"needs file: {problem}"

    @property
    def changes(self) -> bool:
        """Whether later steps may build on what the block would have been."""
        return not self._is_wrong

    def execute(self, stage: Stage) -> Verdict:
        """Return the verdict that says so."""
        if not self._is_wrong:
            return Verdict(fate=Fate.SKIPPED, reason=self.detail)
        mismatch = Mismatch(location=self.block.location, problem=self.block.fault)
        return Verdict(fate=Fate.FAILED, reason=self.detail, mismatch=mismatch)

    @property
    def _is_wrong(self) -> bool:
        return self.block.fault.endswith(f"[doctest-nix.{Slug.INCLUDE}]")


def from_block(block: Block, context: Context) -> IncludeStep | None:
    """Return the step for a block whose text could not be had."""
    return IncludeStep(block=block) if block.fault else None
