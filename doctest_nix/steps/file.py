"""Blocks that are files: the reader saves them under the name that the page gives."""

from __future__ import annotations

import time
from dataclasses import dataclass

from doctest_nix.document import Block
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.steps.names import Named, Source, file_named, is_inside
from doctest_nix.steps.syntax import CHECKERS, check, language_of
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStep:
    """A block that is saved as the file ``named``, relative to the session's directory."""

    block: Block
    named: Named
    kind: str = "file"
    depends: bool = True
    changes: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    @property
    def detail(self) -> str:
        """The file, and where in it the block goes."""
        named = self.named
        if named.appends:
            return f"{named.name}, at its end"
        if named.insert_after is not None:
            return f"{named.name}, below {named.insert_after!r}"
        return f"{named.name}, if it is whole" if named.source is Source.PROSE else named.name

    def execute(self, stage: Stage) -> Verdict:
        """Write the file; one that only prose names must be a whole file, else it is parsed."""
        name = self.named.name
        if not is_inside(name):
            if (language := language_of(self.block)) in CHECKERS:
                return check(self.block, stage, language=language)
            return Verdict(
                fate=Fate.SKIPPED,
                reason=f"needs root: {name} is outside the working directory",
            )
        begin = time.monotonic()
        if self.named.source is Source.PROSE and not self._is_whole(stage):
            language = language_of(self.block)
            return check(self.block, stage, language=language if language in CHECKERS else "nix")
        try:
            stage.write(name, self._content(stage))
        except (OSError, LookupError) as error:
            problem = (
                f"{name} cannot be written: {getattr(error, 'strerror', None) or error.args[-1]}"
            )
            return Verdict(
                fate=Fate.FAILED,
                reason=problem,
                seconds=time.monotonic() - begin,
                mismatch=Mismatch(location=self.block.location, problem=problem),
            )
        return Verdict(fate=Fate.PASSED, checked=Checked.APPLIED, seconds=time.monotonic() - begin)

    def _content(self, stage: Stage) -> str:
        """Return the file's new text; raises LookupError where it has no one place for it."""
        text = self.block.text + "\n"
        if self.named.appends:
            return (stage.read(self.named.name) or "") + text
        if self.named.insert_after is None:
            return text
        lines = (stage.read(self.named.name) or "").splitlines(keepends=True)
        places = [n for n, line in enumerate(lines) if self.named.insert_after in line]
        if len(places) != 1:
            raise LookupError(f"{len(places)} of its lines have {self.named.insert_after!r}")
        lines.insert(places[0] + 1, text)
        return "".join(lines)

    def _is_whole(self, stage: Stage) -> bool:
        if self.block.language.lower() == "nix" or self.named.name.endswith(".nix"):
            return stage.whole.ask(self.block.text)
        return True


def from_block(block: Block, context: Context) -> FileStep | None:
    """Return the step for a block that the page names as a file."""
    if block.language.lower() == "diff":
        return None
    named = file_named(block, context)
    if named is None or (named.source is Source.PROSE and _is_other(block, named.name)):
        return None
    return FileStep(block=block, named=named)


def _is_other(block: Block, name: str) -> bool:
    """Tell whether a block's language is not that of a Nix file of which only prose speaks."""
    return name.endswith(".nix") and block.language.lower() not in {"", "nix", "text"}
