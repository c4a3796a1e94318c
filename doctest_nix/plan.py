"""What will be done with each block of a document: the step that it is, or why it is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from doctest_nix.annotations import Annotations, annotate
from doctest_nix.config import Config, Need
from doctest_nix.document import Block, Document
from doctest_nix.stage import Stage
from doctest_nix.steps import (
    Context,
    FromBlock,
    Step,
    expression,
    file,
    include,
    module,
    patch,
    script,
    session,
    syntax,
)
from doctest_nix.steps.transcript import SESSION_LANGUAGES, SHELLS
from doctest_nix.tabs import unchosen
from doctest_nix.verdict import Fate, Verdict

#: The step kinds; the first that claims a block has it.
STEP_KINDS: tuple[FromBlock, ...] = (
    include.from_block,
    module.from_block,
    expression.from_block,
    session.from_block,
    patch.from_block,
    file.from_block,
    script.from_block,
    syntax.from_block,
)


_FENCE = re.compile(r"^\s*(?:```|~~~)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipStep:
    """A block that the page or the run leaves out, with the reason.

    ``changes`` where the run lacks what the block needs: later steps may build on it.  Where that
    is the network, what the page fetches may have been warmed; ``instead`` is then executed.
    """

    block: Block
    reason: str
    changes: bool = False
    kind: str = "skip"
    depends: bool = False
    instead: Step | None = None

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    @property
    def detail(self) -> str:
        """The reason."""
        return self.reason

    def execute(self, stage: Stage) -> Verdict:
        """Return the verdict that says so."""
        if self.instead is not None and stage.tries(Need.NETWORK):
            return self.instead.execute(stage)
        return Verdict(fate=Fate.SKIPPED, reason=self.reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A block with nothing to check, and why."""

    block: Block
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of a document in source order, and the blocks that are no step.

    ``said`` has for each step what the page says of its first block.
    Every block of the document is in exactly one of them.
    """

    document: Document
    steps: tuple[Step, ...]
    said: tuple[Annotations, ...]
    ignored: tuple[Ignored, ...]


def plan(document: Document, config: Config) -> Plan:
    """Return the plan of a document.  Raises DocumentError for what its comments say wrong.

    ``config`` tells which of the needs that the page names are met, and which tabs are read.  What
    stands in another tab is no context for the blocks that are.
    """
    said = annotate(document)
    other_tab = unchosen(document, config.tabs)
    read = tuple(e for n, e in enumerate(document.elements) if n not in other_tab)
    shown = replace(document, elements=read)
    steps: list[Step] = []
    ignored: list[Ignored] = []
    claimed: set[Block] = set()
    index = -1
    for number, block in enumerate(document.elements):
        index += number not in other_tab
        if not isinstance(block, Block) or block in claimed:
            continue
        if number in other_tab:
            steps.append(SkipStep(block=block, reason=f"other tab: {other_tab[number]}"))
            continue
        context = Context(document=shown, index=index, said=said, planned=steps)
        step = _left_out(block, context, config) or _step(block, context)
        if step is None:
            ignored.append(Ignored(block=block, reason=_reason(block)))
        else:
            steps.append(step)
            claimed.update(step.blocks)
    return Plan(
        document=document,
        steps=tuple(steps),
        said=tuple(said[step.blocks[0]] for step in steps),
        ignored=tuple(ignored),
    )


def _left_out(block: Block, context: Context, config: Config) -> SkipStep | None:
    """Return the step for a block that the page says to leave out, or out of this run."""
    annotations = context.annotations
    if annotations.skip is not None:
        return SkipStep(block=block, reason=annotations.skip)
    lacking = [need for need in annotations.needs if not config.tries(need)]
    if not lacking:
        return None
    skip = SkipStep(block=block, reason=f"needs {lacking[0]}: the page says so", changes=True)
    step = _step(block, context) if lacking == [Need.NETWORK] else None
    if step is None or step.blocks != (block,):
        return skip
    return replace(skip, kind=step.kind, depends=step.depends, instead=step)


def _step(block: Block, context: Context) -> Step | None:
    kinds = (include.from_block, file.from_block) if _shown_source(block) else STEP_KINDS
    for from_block in kinds:
        if (step := from_block(block, context)) is not None:
            return step
    return None


def _shown_source(block: Block) -> str:
    """Return the format of which a block shows the source, ``""`` for none: its code is not run."""
    language = block.language.lower()
    if language in {"md", "markdown", "rst", "myst", "html"}:
        return language
    return "markdown" if not language and _FENCE.search(block.text) else ""


def _reason(block: Block) -> str:
    """Return why a block of no kind is left out."""
    language = syntax.language_of(block)
    if source := _shown_source(block):
        return f"shows {source} source"
    if syntax.is_printed(block):
        return "shows messages of Nix, or commands of its repl"
    if language in SESSION_LANGUAGES:
        return "no prompt and no command"
    if language in file.DIFFS:
        return patch.why_not(block)
    if language in SHELLS:
        return syntax.OUTPUTS_AMONG_COMMANDS
    if language:
        return f"no checker for {language}"
    return "no language, no prompt"
