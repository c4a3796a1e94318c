"""What can be done with a block: the contract of a step kind, and the kinds in their order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from doctest_nix.annotations import Annotations
from doctest_nix.document import Block, Comment, Document, Element
from doctest_nix.stage import Stage
from doctest_nix.verdict import Verdict


class Step(Protocol):
    """One thing to do, planned; a pure value until it is executed."""

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks that it covers, in source order; the first names it."""
        ...

    @property
    def kind(self) -> str:
        """The kind's name in reports."""
        ...

    @property
    def detail(self) -> str:
        """What more a list of steps says of it: the file, the number of commands, the reason."""
        ...

    @property
    def depends(self) -> bool:
        """Whether it builds on what earlier steps did; it is then blocked where one failed."""
        ...

    @property
    def changes(self) -> bool:
        """Whether later steps build on what it does; it is then executed before them."""
        ...

    def execute(self, stage: Stage) -> Verdict:
        """Do it.  What the tutorial does wrong is a verdict; raises SandboxError for ours."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a block stands: the document, its place among the elements, what was planned before.

    ``said`` has what the page says of each block.  ``planned`` is the plan's own list, which grows
    after the block is planned: a copy for each block would cost time with the square of the
    document's length.
    """

    document: Document
    index: int
    said: Mapping[Block, Annotations]
    planned: Sequence[Step]

    @property
    def annotations(self) -> Annotations:
        """What the page says of the block."""
        block = self.document.elements[self.index]
        return self.said[block] if isinstance(block, Block) else Annotations()

    @property
    def before(self) -> Element | None:
        """The element just before the block."""
        return self.at(-1)

    @property
    def after(self) -> Element | None:
        """The element just after the block."""
        return self.at(1)

    def at(self, distance: int) -> Element | None:
        """The element so many after the block, before it for a negative number."""
        place = self.index + distance
        elements = self.document.elements
        return elements[place] if 0 <= place < len(elements) else None

    def next_block(self) -> Block | None:
        """Return the block straight after this one: only comments may stand between."""
        elements = self.document.elements
        following = self.index + 1
        while following < len(elements) and isinstance(elements[following], Comment):
            following += 1
        found = elements[following] if following < len(elements) else None
        return found if isinstance(found, Block) else None


#: Returns the step that a block is, None where it is none of the kind.
FromBlock = Callable[[Block, Context], Step | None]
