"""Blocks that are files: their name stands in the caption, the info string or the first line."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from pathlib import PurePosixPath

from doctest_nix.document import Block
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict

#: A file name: a last part with an ending, or a name that is a file by convention.
_NAME = re.compile(
    r"(?:[\w@+.-]+/)*(?:[\w@+-][\w@+.-]*\.[A-Za-z][\w]{0,9}|\.[a-z][\w.-]+"
    r"|Makefile|Dockerfile|Vagrantfile|Procfile|Gemfile|Cargo\.lock)"
)
_COMMENT = re.compile(r"^\s*(?:#|//|--|;|%|/\*|<!--)\s*(?P<name>\S+?)\s*(?:\*/|-->)?\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStep:
    """A block that the reader saves under ``name``, relative to the working directory."""

    block: Block
    name: str
    kind: str = "file"
    depends: bool = False
    changes: bool = True

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The block."""
        return (self.block,)

    def execute(self, stage: Stage) -> Verdict:
        """Write the file."""
        if not _is_inside(self.name):
            return Verdict(
                fate=Fate.SKIPPED,
                reason=f"needs root: {self.name} is outside the working directory",
            )
        begin = time.monotonic()
        try:
            stage.write(self.name, self.block.text + "\n")
        except OSError as error:
            problem = f"{self.name} cannot be written: {error.strerror or error}"
            return Verdict(
                fate=Fate.FAILED,
                reason=problem,
                seconds=time.monotonic() - begin,
                mismatch=Mismatch(location=self.block.location, problem=problem),
            )
        return Verdict(fate=Fate.PASSED, checked=Checked.APPLIED, seconds=time.monotonic() - begin)


def from_block(block: Block, context: Context) -> FileStep | None:
    """Return the step for a block that names its file.

    The caption is believed first, then a second word of the info string, then a comment that
    is the whole first line (and stays in the file).
    """
    if block.language.lower() == "diff":
        return None
    name = file_name(block)
    return FileStep(block=block, name=name) if name is not None else None


def file_name(block: Block) -> str | None:
    """Return the file name that the block itself states, None where it states none."""
    caption = (block.caption or "").strip().strip("`").removeprefix("./")
    if caption and _is_name(caption):
        return caption
    for word in block.info.split():
        if _is_name(word):
            return word
    first = block.text.partition("\n")[0]
    if (found := _COMMENT.match(first)) and _is_name(found["name"].removeprefix("./")):
        return found["name"].removeprefix("./")
    return None


def _is_name(text: str) -> bool:
    return _NAME.fullmatch(text.removeprefix("~/").lstrip("/")) is not None


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.parts[:1] != ("~",)
