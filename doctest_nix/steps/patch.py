"""Diffs: the reader changes a file that the page showed before."""

from __future__ import annotations

import time
from dataclasses import dataclass

from doctest_nix import patching
from doctest_nix.config import Need
from doctest_nix.document import Block
from doctest_nix.patching import Applied, NotAPatchError, Patch, Refused, Rung, Why
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.steps.file import DIFFS, FileStep, is_diff
from doctest_nix.steps.names import Source, file_named, is_inside
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict

#: What a reader still recognises as the very same lines.
_EXACT = frozenset({Rung.EXACT, Rung.WHITE_SPACE})


@dataclass(frozen=True, slots=True, kw_only=True)
class PatchStep:
    """A diff of the file ``target``; ``stated`` where the block itself names it."""

    block: Block
    patch: Patch
    target: str | None
    stated: bool
    kind: str = "patch"
    depends: bool = True
    changes: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    @property
    def detail(self) -> str:
        """The file that it changes."""
        return self.target or "no file is named"

    def execute(self, stage: Stage) -> Verdict:
        """Apply the diff where it fits, and say by which rung."""
        begin = time.monotonic()
        name = self.target
        if name is None:
            return _skipped("needs file: the page does not say which file this changes")
        if not is_inside(name) and not stage.config.meets(Need.ROOT):
            return _skipped(f"needs root: {name} is outside the working directory")
        path = stage.find(name)
        original = stage.read(path)
        if original is None:
            created = patching.create(self.patch)
            if created is None:
                return _skipped(f"needs file: {name}, which the page does not show")
            stage.write(path, created)
            return self._applied(Rung.EXACT, begin)
        outcome = patching.apply(self.patch, original)
        match outcome:
            case Applied():
                stage.write(path, outcome.text)
                return self._applied(outcome.rung, begin)
            case Refused(why=Why.ALREADY):
                return self._applied(Rung.EXACT, begin, f"patch: {outcome.reason}")
            case Refused(why=Why.NO_CONTEXT, reason=reason):
                return _skipped(f"needs value: where the lines go: {reason}")
            case Refused() if not self.stated and outcome.found * 2 < outcome.of:
                return _skipped("needs file: the page does not say which file this changes")
            case Refused():
                problem = f"the diff does not fit {name}: {outcome.reason}"
                return Verdict(
                    fate=Fate.FAILED,
                    reason=problem,
                    seconds=time.monotonic() - begin,
                    mismatch=Mismatch(
                        location=self.block.location, problem=problem, diff=outcome.differs
                    ),
                )

    def _applied(self, rung: Rung, begin: float, mask: str = "") -> Verdict:
        seconds = time.monotonic() - begin
        if rung in _EXACT:
            masks = (mask,) if mask else (f"patch: {rung}",) if rung is not Rung.EXACT else ()
            return Verdict(fate=Fate.PASSED, checked=Checked.APPLIED, seconds=seconds, masks=masks)
        problem = f"the diff fits {self.target} only by its {rung}"
        return Verdict(
            fate=Fate.STALE,
            checked=Checked.APPLIED,
            reason=problem,
            seconds=seconds,
            mismatch=Mismatch(location=self.block.location, problem=problem),
            masks=(f"patch: {rung}",),
        )


def from_block(block: Block, context: Context) -> PatchStep | None:
    """Return the step for a diff of one file.

    The target is the caption's, the ``+++`` header's, the file named in the sentence before,
    else the file that the page wrote last.  One that the page has its reader save as `x.patch` is
    a file.
    """
    if block.language.lower() not in DIFFS:
        return None
    try:
        patch = patching.parse(block.text)
    except NotAPatchError:
        return None
    named = file_named(block, context)
    if named is not None and is_diff(named.name):
        return None
    stated = named is not None and named.source is not Source.PROSE
    if stated or (named is not None and patch.target is None):
        target = named.name if named is not None else None
    else:
        target = patch.target or _written_last(context)
    return PatchStep(
        block=block, patch=patch, target=target, stated=stated or patch.target is not None
    )


def why_not(block: Block) -> str:
    """Return why a block in a diff's language is no diff of one file."""
    try:
        patching.parse(block.text)
    except NotAPatchError as error:
        return str(error)
    return ""


def _written_last(context: Context) -> str | None:
    for step in reversed(context.planned):
        match step:
            case FileStep(named=named):
                return named.name
            case PatchStep(target=target):
                return target
            case _:
                pass
    return None


def _skipped(reason: str) -> Verdict:
    return Verdict(fate=Fate.SKIPPED, reason=reason)
