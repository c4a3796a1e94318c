"""A document and its steps as pytest's items: how verdicts are shown."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr
from _pytest._io import TerminalWriter

from doctest_nix.document import Location
from doctest_nix.errors import DocumentError
from doctest_nix.matrix import image
from doctest_nix.options import IMAGE, OPTIONS, Option
from doctest_nix.report.neutral import neutral, neutral_path
from doctest_nix.report.terminal import failure
from doctest_nix.runs import NOT_RUN, Page, State, shown
from doctest_nix.verdict import Fate, Verdict

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo

    from doctest_nix.steps import Step

# ruff: noqa: PLC0415
# What parses and runs documents takes 0.1 s to import: only a run that has documents pays.

#: Where pytest's configuration holds what the run holds.
STATE = pytest.StashKey[State]()


class DocumentFile(pytest.File):
    """A tutorial: its items are its steps."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item a step; where the document cannot be understood, one that says so."""
        from doctest_nix.fingerprint import fingerprint
        from doctest_nix.formats import load
        from doctest_nix.plan import plan

        state = self.config.stash[STATE]
        state.name_versions()
        try:
            document = load(self.path, root=self.config.rootpath)
            planned = plan(document, state.config)
        except DocumentError as error:
            for runs in state.runs:
                runs.pages.append(Page(path=self.path, runs=runs, error=error))
            yield MalformedItem.from_parent(self, name=f"{error.slug}:{error.line}", error=error)
            return
        key = fingerprint(document)
        for runs in state.runs:
            page = Page(path=self.path, runs=runs, key=key, planned=planned)
            runs.pages.append(page)
            for index, step in enumerate(planned.steps):
                name = _name(step) + (f"[{runs.version}]" if runs.version else "")
                yield StepItem.from_parent(self, name=name, page=page, step=step, index=index)


class StepItem(pytest.Item):
    """A view of one step: it asks the document's run for the verdict and shows it."""

    def __init__(
        self,
        *,
        page: Page,
        step: Step,
        index: int,
        **keywords: Any,  # pytest's own
    ) -> None:
        """Stand for step ``index`` of the page's plan."""
        super().__init__(**keywords)
        self.page = page
        self.step = step
        self.index = index
        self.verdict = Verdict(fate=Fate.SKIPPED, reason=NOT_RUN)

    def setup(self) -> None:
        """Execute the step and those before it; our own trouble is an error, not a failure."""
        self.page.pending.discard(self.index)
        try:
            self.verdict = self.page.run().verdict(self.index)
        except KeyboardInterrupt:
            # A new one, whose traceback is this line's alone.  CPython 3.11 takes a signal on
            # entry to a function too, where a frame may have no line, and pytest (9.2) crashes
            # when it shows such a frame.
            place = self.step.blocks[0].location
            raise KeyboardInterrupt(f"{shown(place.path)}:{place.line} was running") from None
        match self.verdict.fate:
            case Fate.BROKEN:
                raise _Broken(self.verdict)
            case Fate.BLOCKED | Fate.SKIPPED:
                reason = neutral(self.verdict.reason)
                raise pytest.skip.Exception(reason, _use_item_location=True)
            case _:
                pass

    def teardown(self) -> None:
        """End the page's sandbox as soon as its last step is done, in whatever order."""
        if not self.page.pending:
            self.page.run().close()

    def runtest(self) -> None:
        """Judge the step."""
        strict = self.page.runs.config.strict
        if self.verdict.fate is Fate.FAILED or (strict and self.verdict.fate is Fate.STALE):
            raise _Wrong(self.verdict)
        if self.verdict.fate is Fate.STALE:
            location = self.step.blocks[0].location
            place = f"{shown(location.path)}:{location.line}"
            self.warn(StaleWarning(neutral(f"{place}: {self.verdict.reason}")))

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Tell the mistake of the page, never our own call stack."""
        match excinfo.value:
            case _Broken() as error:
                return _Told((str(error.verdict.reason),), self.path, 0, error.verdict.reason)
            case _Wrong(verdict=Verdict(mismatch=mismatch)) if mismatch is not None:
                told = replace(mismatch, location=_relative(mismatch.location))
                lines = failure(told, reproduce=self._repeated())
                return _Told(lines, self.path, mismatch.location.line, mismatch.problem)
            case _:
                return super()._repr_failure_py(excinfo, style)

    #: What pytest asks where the set-up failed.
    _repr_failure_py = repr_failure

    def _repeated(self) -> str:
        """Return the command that has the same verdict: of several images, the one of this item."""
        version, nodeid = self.page.runs.version, self.nodeid
        given = [(option.flag, value) for option in OPTIONS for value in typed(self.config, option)]
        if version:
            nodeid = nodeid.removesuffix(f"[{version}]")
            given = [(flag, value) for flag, value in given if flag != IMAGE.flag]
            given.append((IMAGE.flag, image(self.page.runs.config)))
        flakes = ["--nix-flakes"] if self.config.getoption("--nix-flakes") else []
        words = [nodeid, *flakes, *(f"{flag}={value}" for flag, value in given)]
        return shlex.join(["pytest", *words])

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the block's place and the item's name."""
        return neutral_path(self.path), self.step.blocks[0].location.line - 1, self.name


class MalformedItem(pytest.Item):
    """A document that cannot be understood: it fails with the reason, the others go on."""

    def __init__(self, *, error: DocumentError, **keywords: Any) -> None:  # pytest's own
        """Stand for ``error``."""
        super().__init__(**keywords)
        self.error = error

    def runtest(self) -> None:
        """Fail."""
        raise self.error

    def repr_failure(self, excinfo: ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Tell the error's own words."""
        lines = str(self.error).replace(str(self.path), str(shown(self.path))).split("\n")
        return _Told(tuple(lines), self.path, self.error.line, self.error.problem)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Return the error's place and the item's name."""
        return neutral_path(self.path), self.error.line - 1, self.name


class StaleWarning(UserWarning):
    """A block that is right in substance, but shows something that has changed since."""


class _Wrong(Exception):  # noqa: N818  a verdict, not an error
    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict


class _Broken(_Wrong):
    pass


class _Told(TerminalRepr):
    """Lines that are shown as they are, the two sides of a diff coloured."""

    def __init__(self, lines: tuple[str, ...], path: Path, line: int, problem: str) -> None:
        self.lines = tuple(neutral(part) for line in lines for part in line.split("\n"))
        summary = neutral(problem.partition("\n")[0])
        self.reprcrash = ReprFileLocation(neutral(str(path)), line, summary)

    def __str__(self) -> str:
        return "\n".join(self.lines)

    def toterminal(self, tw: TerminalWriter) -> None:
        for line in self.lines:
            sign = line[4:6] if line.startswith("    ") else ""
            tw.line(line, red=sign == "- ", green=sign == "+ ")


def typed(config: pytest.Config, option: Option) -> list[str]:
    """Return the values of an option on the command line."""
    values: list[str] = config.getoption(option.flag)
    return values


def _name(step: Step) -> str:
    block = step.blocks[0]
    title = block.section[-1] if block.section else block.location.path.stem
    slug = re.sub(r"[^\w.]+", "-", title.lower()).strip("-")
    return f"{slug}:{block.location.line}"


def _relative(location: Location) -> Location:
    return replace(location, path=shown(location.path))
