"""What will be done with each block of a document: the step that it is, or why it is left out."""

from __future__ import annotations

from dataclasses import dataclass

from doctest_nix.annotations import annotate
from doctest_nix.config import Config
from doctest_nix.document import Block, Document
from doctest_nix.stage import Stage
from doctest_nix.steps import Context, FromBlock, Step, expression, file, patch, session, syntax
from doctest_nix.verdict import Fate, Verdict

#: The step kinds; the first that claims a block has it.
STEP_KINDS: tuple[FromBlock, ...] = (
    expression.from_block,
    session.from_block,
    patch.from_block,
    file.from_block,
    syntax.from_block,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipStep:
    """A block that the page or the run leaves out, with the reason.

    ``changes`` where the run lacks what the block needs: later steps may build on it.
    """

    block: Block
    reason: str
    changes: bool = False
    kind: str = "skip"
    depends: bool = False

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    def execute(self, stage: Stage) -> Verdict:
        """Return the verdict that says so."""
        return Verdict(fate=Fate.SKIPPED, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A block with nothing to check, and why."""

    block: Block
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of a document in source order, and the blocks that are no step.

    ``setup`` has for each step the commands to type before it.
    Every block of the document is in exactly one of them.
    """

    document: Document
    steps: tuple[Step, ...]
    setup: tuple[tuple[str, ...], ...]
    ignored: tuple[Ignored, ...]


def plan(document: Document, config: Config) -> Plan:
    """Return the plan of a document.  Raises DocumentError for what its comments say wrong.

    ``config`` tells which of the needs that the page names are met.
    """
    said = annotate(document)
    steps: list[Step] = []
    ignored: list[Ignored] = []
    for index, block in enumerate(document.elements):
        if not isinstance(block, Block) or any(block in step.blocks for step in steps[-1:]):
            continue
        annotations = said[block]
        lacking = [need for need in annotations.needs if not config.meets(need)]
        if annotations.skip is not None:
            steps.append(SkipStep(block=block, reason=annotations.skip))
            continue
        if lacking:
            reason = f"needs {lacking[0]}: the page says so"
            steps.append(SkipStep(block=block, reason=reason, changes=True))
            continue
        context = Context(document=document, index=index, annotations=annotations, planned=steps)
        for from_block in STEP_KINDS:
            if (step := from_block(block, context)) is not None:
                steps.append(step)
                break
        else:
            ignored.append(Ignored(block=block, reason=_reason(block)))
    return Plan(
        document=document,
        steps=tuple(steps),
        setup=tuple(said[step.blocks[0]].setup for step in steps),
        ignored=tuple(ignored),
    )


def _reason(block: Block) -> str:
    """Return why a block of no kind is left out."""
    language = block.language.lower()
    if language in {"md", "markdown", "rst", "myst", "html"}:
        return f"shows {language} source"
    if syntax.is_script(block):
        return "no checker for shell scripts"
    if language:
        return f"no checker for {language}"
    return "no language, no prompt"
