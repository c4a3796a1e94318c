"""Blocks that are files: the reader saves them under the name that the page gives."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import PurePosixPath

from doctest_nix.config import Need
from doctest_nix.document import Block, Document
from doctest_nix.fragment import replaced
from doctest_nix.stage import Stage
from doctest_nix.steps import Context
from doctest_nix.steps.names import Named, Source, file_named, is_inside
from doctest_nix.steps.syntax import CHECKERS, check, language_of
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict

#: Languages of diffs.
DIFFS = frozenset({"diff", "patch", "udiff"})


#: Suffixes of files in no language that has a parser here, whatever colours the page gives them.
_TEXTS = frozenset({".txt", ".in", ".cfg", ".ini", ".conf"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FileStep:
    """A block that is saved as the file ``named``, relative to the session's directory.

    ``document`` is the page that it stands on.
    """

    block: Block
    named: Named
    document: Document
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

    def announce(self, stage: Stage) -> None:
        """Tell the stage what it will be asked, so that one question serves many steps."""
        if self.named.source is not Source.ANNOTATED and self._is_nix:
            stage.whole.announce([self.block.text])

    def execute(self, stage: Stage) -> Verdict:
        """Write the file, if the block is one: whole, or a part of one that is there.

        What is neither is only parsed.  A file that is wrong in its own language is the page's
        mistake, unless the page shows the error.
        """
        name = self.named.name
        if not is_inside(name) and not stage.config.meets(Need.ROOT):
            if (language := language_of(self.block)) in CHECKERS:
                return check(self.block, stage, language=language)
            return Verdict(
                fate=Fate.SKIPPED,
                reason=f"needs root: {name} is outside the working directory",
            )
        begin = time.monotonic()
        masks: tuple[str, ...] = ()
        path = name
        try:
            if self._is_at_a_place:
                path = stage.find(name)
            content = self._content(path, stage)
            if self._must_be_whole and not stage.whole.ask(self.block.text):
                path = stage.find(name)
                spliced = self._spliced(path, stage)
                if spliced is None:
                    language = language_of(self.block)
                    language = language if language in CHECKERS else "nix"
                    verdict = check(self.block, stage, language=language)
                    by_prose = self.named.source is Source.PROSE
                    if by_prose or verdict.fate is Fate.PASSED or not self._shows_syntax_error():
                        stage.shown_in_part.add(PurePosixPath(name).name)
                        return verdict
                else:
                    content, masks = spliced, ("file: a part of it is replaced",)
            stage.write(path, content)
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
        if self._is_checked:
            verdict = check(self.block, stage, language=language_of(self.block))
            if verdict.fate is Fate.FAILED and not self._shows_syntax_error():
                return verdict
        seconds = time.monotonic() - begin
        return Verdict(fate=Fate.PASSED, checked=Checked.APPLIED, seconds=seconds, masks=masks)

    @property
    def _is_at_a_place(self) -> bool:
        """Whether the block goes into a file that is there."""
        return self.named.appends or self.named.insert_after is not None

    @property
    def _is_nix(self) -> bool:
        return language_of(self.block) == "nix" or self.named.name.endswith(".nix")

    @property
    def _must_be_whole(self) -> bool:
        """Whether the block is a Nix file, by its name and not by an annotation."""
        is_annotated = self.named.source is Source.ANNOTATED
        return self._is_nix and not is_annotated and not self._is_at_a_place

    @property
    def _is_checked(self) -> bool:
        """Whether the block is a file in another language that has a parser at hand."""
        is_annotated = self.named.source is Source.ANNOTATED
        by_prose = self.named.source is Source.PROSE
        is_text = not by_prose and PurePosixPath(self.named.name).suffix in _TEXTS
        is_known = language_of(self.block) in CHECKERS and not is_text
        return is_known and not (self._is_nix or self._is_at_a_place or is_annotated)

    def _spliced(self, path: str, stage: Stage) -> str | None:
        """Return the file that is there with the block's attributes in it, None where none is."""
        present = stage.read(path)
        text = None if present is None else replaced(present, self.block.text)
        return text if text is not None and stage.whole.ask(text) else None

    def _shows_syntax_error(self) -> bool:
        """Tell whether the page means the file to be wrong."""
        return any("syntax error" in block.text for block in self.document.blocks)

    def _content(self, path: str, stage: Stage) -> str:
        """Return the new text of the file at ``path``.

        Raises LookupError where it has no one place for the block.
        """
        text = self.block.text + "\n"
        if self.named.appends:
            return (stage.read(path) or "") + text
        if self.named.insert_after is None:
            return text
        lines = (stage.read(path) or "").splitlines(keepends=True)
        places = [n for n, line in enumerate(lines) if self.named.insert_after in line]
        if len(places) != 1:
            raise LookupError(f"{len(places)} of its lines have {self.named.insert_after!r}")
        lines.insert(places[0] + 1, text)
        return "".join(lines)


def from_block(block: Block, context: Context) -> FileStep | None:
    """Return the step for a block that the page names as a file; a diff must be named as one."""
    named = file_named(block, context)
    if named is None or (block.language.lower() in DIFFS and not is_diff(named.name)):
        return None
    if named.source is Source.PROSE and _is_other(block, named.name):
        return None
    return FileStep(block=block, named=named, document=context.document)


def is_diff(name: str) -> bool:
    """Tell whether a file's name is that of a diff."""
    return name.endswith((".diff", ".patch"))


def _is_other(block: Block, name: str) -> bool:
    """Tell whether a block's language is not that of a Nix file of which only prose speaks."""
    return name.endswith(".nix") and block.language.lower() not in {"", "nix", "text"}
