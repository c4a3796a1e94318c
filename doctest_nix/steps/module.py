"""Modules of NixOS, where the page says that a block is one: their options must exist."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

from doctest_nix import modules
from doctest_nix.config import Need
from doctest_nix.document import Block
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.steps.file import FileStep
from doctest_nix.steps.file import from_block as file_from_block
from doctest_nix.steps.given import is_unshown
from doctest_nix.steps.needs import Unmet, of_output
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict

_NO_NIXOS = re.compile(r"nixos/lib/eval-config\.nix'? (?:was not found|does not exist)")
_MISSING_FILE = re.compile(
    r"(?:getting status of|opening file|path) '([^'\n]+)'[^\n]*(?:No such file|does not exist)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleStep:
    """A block that is a module; ``file`` where the page names it too, which is then written."""

    block: Block
    file: FileStep | None
    kind: str = "module"
    depends: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    @property
    def detail(self) -> str:
        """The file, where it is one."""
        return "NixOS" if self.file is None else f"NixOS; file {self.file.detail}"

    @property
    def changes(self) -> bool:
        """Whether a file is written."""
        return self.file is not None

    def execute(self, stage: Stage) -> Verdict:
        """Write the file, then evaluate NixOS with the module in it."""
        begin = time.monotonic()
        if self.file is not None:
            written = self.file.execute(stage)
            if written.fate is not Fate.PASSED:
                return written
        if not stage.config.meets(Need.NIXPKGS):
            return _lacking(Unmet(need=Need.NIXPKGS, sign="the options of NixOS"))
        text = self.block.text
        messages = modules.complaint(
            stage.sandbox(), text, is_whole=stage.whole.ask(text), directory=stage.directory
        )
        seconds = time.monotonic() - begin
        if messages is None:
            return Verdict(fate=Fate.PASSED, checked=Checked.EVALUATED, seconds=seconds)
        unmet = _lacks(messages, stage)
        if unmet is not None:
            return replace(_lacking(unmet), seconds=seconds)
        problem = f"this is no module of NixOS: {modules.reason(messages)}"
        mismatch = Mismatch(location=self.block.location, problem=problem)
        return Verdict(fate=Fate.FAILED, reason=problem, seconds=seconds, mismatch=mismatch)


def from_block(block: Block, context: Context) -> ModuleStep | None:
    """Return the step for a block that a comment says is a module."""
    if not context.annotations.module:
        return None
    return ModuleStep(block=block, file=file_from_block(block, context))


def _lacks(messages: str, stage: Stage) -> Unmet | None:
    """Return what the evaluation needs that is neither the page's nor the run's."""
    if _NO_NIXOS.search(messages):
        return Unmet(need=Need.NIXPKGS, sign="one with NixOS")
    found = _MISSING_FILE.search(messages)
    if found is not None and is_unshown(path := PurePosixPath(found[1]), stage):
        return Unmet(need=Need.FILE, sign=f"{path.name}, which the page did not make")
    unmet = of_output(messages)
    return None if unmet is None or stage.config.meets(unmet.need) else unmet


def _lacking(unmet: Unmet) -> Verdict:
    return Verdict(fate=Fate.SKIPPED, reason=str(unmet))
