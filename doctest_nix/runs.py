"""What a run of many documents holds, for each Nix: the provider of sandboxes, a run a document."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from doctest_nix.config import Config
from doctest_nix.errors import DocumentError, SandboxError
from doctest_nix.matrix import names
from doctest_nix.report.fates import DocumentReport, document_report, merged
from doctest_nix.report.neutral import neutral_lines, neutral_path
from doctest_nix.verdict import Verdict

if TYPE_CHECKING:
    from doctest_nix.ahead import Ahead
    from doctest_nix.attempt import Attempt
    from doctest_nix.plan import Plan
    from doctest_nix.run import DocumentRun
    from doctest_nix.sandbox import Provider, Sandbox
    from doctest_nix.warming import Warming

# ruff: noqa: PLC0415
# What parses and runs documents takes 0.1 s to import: only a run that has documents pays.

#: The reason of steps that `-k`, `-x` or `--collect-only` left out.
NOT_RUN: Final = "not selected"


@dataclass(slots=True, kw_only=True, eq=False)
class Page:
    """A document as one Nix is to run it.

    ``key`` tells it from an edited one.  ``planned`` is None where ``error`` says why.
    ``pending`` has the steps that were selected and are not judged yet.
    """

    path: Path
    runs: Runs
    key: str = ""
    planned: Plan | None = None
    error: DocumentError | None = None
    pending: set[int] = field(default_factory=set)

    def run(self) -> DocumentRun:
        """Return its run."""
        return self.runs.of(self)

    @property
    def acts(self) -> bool:
        """Whether something of it is surely done in a sandbox."""
        return self.planned is not None and any(step.changes for step in self.planned.steps)

    def report(self) -> DocumentReport:
        """Return its rows as far as they are known."""
        path, version = shown(self.path), self.runs.version
        if self.planned is None:
            error = neutral_lines(str(self.error))
            return DocumentReport(path=path, version=version, blocks=(), error=error)
        verdicts = self.runs.verdicts(self)
        return DocumentReport(
            path=path,
            version=version,
            blocks=document_report(self.planned, verdicts, not_run=NOT_RUN).blocks,
            network=self.runs.attempts(self),
            environment=self.runs.description if verdicts else "",
        )


class Runs:
    """The settings, one provider, one `DocumentRun` a page."""

    def __init__(
        self, config: Config, progress: Callable[[str], None], *, ordered: bool = True
    ) -> None:
        """Hold nothing yet; ``progress`` is told how far a long work is, like a pull.

        ``ordered`` says that the pages run one after the other, in their order.
        """
        self.config = config
        #: The Nix that it is about, as reports name it; ``""`` where a run has no other.
        self.version = ""
        self.pages: list[Page] = []
        self.warming: Warming | None = None
        self._progress = progress
        self._provider: Provider | SandboxError | None = None
        self._runs: dict[Path, DocumentRun] = {}
        self._ordered = ordered
        self._ahead: Ahead | None = None

    def warm(self) -> None:
        """Collect what the pages fetch, for later runs."""
        from doctest_nix.warming import Warming

        self.warming = Warming(self.provider, self._progress)

    def provider(self) -> Provider:
        """Return the run's provider, made at the first call.  Raises SandboxError."""
        if self._provider is None:
            from doctest_nix.sandbox.select import provider

            keys = None if self.warming else [page.key for page in self.pages if page.planned]
            try:
                self._provider = provider(self.config, self._progress, keys)
            except SandboxError as error:
                self._provider = error
        if isinstance(self._provider, SandboxError):
            raise self._provider
        return self._provider

    def of(self, page: Page) -> DocumentRun:
        """Return the run of a page that is planned."""
        if page.path not in self._runs:
            from doctest_nix.run import DocumentRun

            def leave(sandbox: Sandbox) -> None:
                if self.warming is not None:
                    self.warming.collect(sandbox, page.key, shown(page.path))

            if page.planned is None:
                raise ValueError(f"{page.path} has no plan")
            self._runs[page.path] = DocumentRun(
                page.planned, self.config, lambda: self._sandbox(page), leave
            )
        return self._runs[page.path]

    def close(self) -> None:
        """End everything.  Idempotent."""
        for run in self._runs.values():
            run.close()
        if self._ahead is not None:
            self._ahead.close()
        if self.warming is not None:
            self.warming.close()
        if self._provider is not None and not isinstance(self._provider, SandboxError):
            self._provider.close()
            self._provider = None

    def reports(self) -> list[DocumentReport]:
        """Return the rows of every page."""
        return [page.report() for page in self.pages]

    def verdicts(self, page: Page) -> dict[int, Verdict]:
        """Return what is known of a page's steps."""
        run = self._runs.get(page.path)
        return run.verdicts() if run is not None else {}

    def attempts(self, page: Page) -> tuple[Attempt, ...]:
        """Return what a page tried to reach, as far as that is known."""
        run = self._runs.get(page.path)
        return run.attempts() if run is not None else ()

    def _sandbox(self, page: Page) -> Sandbox:
        """Return a page's sandbox, started; that of the next page starts meanwhile."""
        if self._ahead is None:
            from doctest_nix.ahead import Ahead

            self._ahead = Ahead()
        sandbox = self._ahead.take(page.path, lambda: self.provider().create(page.key))
        if self._ordered and self.provider().starts_ahead:
            following = self.pages[self.pages.index(page) + 1 :]
            coming = next((each for each in following if each.pending and each.acts), None)
            if coming is not None:
                self._ahead.begin(coming.path, lambda: self.provider().create(coming.key))
        return sandbox

    @property
    def description(self) -> str:
        """What the run uses, ``""`` before it uses anything."""
        made = self._provider
        return "" if made is None or isinstance(made, SandboxError) else made.description


class State:
    """What a pytest run holds: a `Runs` for each Nix, and what xdist's workers found."""

    def __init__(
        self, configs: Sequence[Config], progress: Callable[[str], None], *, ordered: bool
    ) -> None:
        """Hold a run for each of ``configs``; the versions of several are asked for when needed.

        ``ordered`` says that all pages run here, in the order in which they are collected.
        """
        self.runs = tuple(Runs(config, progress, ordered=ordered) for config in configs)
        self.foreign: tuple[DocumentReport, ...] = ()
        self._progress = progress
        self._is_named = len(configs) == 1

    @property
    def config(self) -> Config:
        """The settings that all of its runs have."""
        return self.runs[0].config

    def name_versions(self) -> None:
        """Give each of several runs the name of its Nix.  Idempotent."""
        if not self._is_named:
            from doctest_nix.sandbox.select import nix_version

            self._is_named = True
            configs = [runs.config for runs in self.runs]
            found = names(configs, lambda config: nix_version(config, self._progress))
            for runs, name in zip(self.runs, found, strict=True):
                runs.version = name

    def reports(self) -> tuple[DocumentReport, ...]:
        """Return every document's rows, xdist's workers' included."""
        own = [report for runs in self.runs for report in runs.reports()]
        return merged([*own, *self.foreign], not_run=NOT_RUN)

    def close(self) -> None:
        """End everything.  Idempotent."""
        for runs in self.runs:
            runs.close()


def shown(path: Path) -> Path:
    """Return the path as a reader of the report would type it."""
    with contextlib.suppress(ValueError):
        path = path.relative_to(Path.cwd())
    return neutral_path(path)
