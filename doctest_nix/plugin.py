"""How pytest collects tutorials and shows their verdicts: hooks only."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
from _pytest._code.code import ReprFileLocation, TerminalRepr
from _pytest._io import TerminalWriter

from doctest_nix.attempt import named
from doctest_nix.config import HOST, Config, Network
from doctest_nix.document import Location
from doctest_nix.errors import ConfigError, DoctestNixError, DocumentError, SandboxError, Slug
from doctest_nix.formats import FORMATS
from doctest_nix.matrix import editions, image, names
from doctest_nix.options import IMAGE, OPTIONS, Option, settings
from doctest_nix.report import json as json_report
from doctest_nix.report.fates import DocumentReport, merged, summary, verified
from doctest_nix.report.matrix import table
from doctest_nix.report.neutral import neutral, neutral_path
from doctest_nix.report.terminal import failure
from doctest_nix.runs import NOT_RUN, Page, Runs, shown
from doctest_nix.verdict import Fate, Verdict

if TYPE_CHECKING:
    from _pytest._code.code import ExceptionInfo

    from doctest_nix.steps import Step
    from doctest_nix.warming import Warming

# ruff: noqa: PLC0415
# What parses and runs documents takes 0.1 s to import: only a run that has documents pays.

#: The exit status of a run in which no tutorial is wrong but the tool could not work.
BROKEN_STATUS: Final = 8


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the command line's options and the configuration's."""
    group = parser.getgroup("nix", "doctest-nix: tutorials in throwaway Nix containers")
    group.addoption("--nix", action="store_true", help="collect documents wherever pytest looks")
    for option in OPTIONS:
        group.addoption(
            option.flag, metavar=option.metavar, help=option.help, action="append", default=[]
        )
        if option.several:
            parser.addini(option.setting, option.help, type="linelist")
        else:
            parser.addini(option.setting, option.help)
    group.addoption(
        "--nix-flakes", action="store_true", help="enable flakes and the new commands of Nix"
    )
    group.addoption("--nix-json", metavar="PATH", help="write every block's fate to PATH")
    group.addoption("--nix-warm", action="store_true", help=argparse.SUPPRESS)
    group.addoption("--nix-lock", action="store_true", help=argparse.SUPPRESS)
    group.addoption("--nix-lock-nixpkgs", metavar="WHICH", help=argparse.SUPPRESS)
    group.addoption("--nix-warm-save", metavar="PATH", help=argparse.SUPPRESS)
    group.addoption("--nix-strict", action="store_true", help="a stale block fails")
    parser.addini("nix_matrix", "images, one a line: each document with each", type="linelist")
    parser.addini("nix_flakes", "enable flakes and the new commands of Nix", type="bool")
    parser.addini("nix_strict", "a stale block fails", type="bool")


def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Pin what the configuration names, where that is asked for in place of a run."""
    if not config.getoption("--nix-lock"):
        return None
    from doctest_nix.lock import pins, write

    def tell(line: str) -> None:
        print(line, flush=True)  # noqa: T201  # the command that asks for it has no reporter

    try:
        which = config.getoption("--nix-lock-nixpkgs")
        # What is to be pinned may be a channel, which a run refuses.
        configured = [_given(config, option) for option in OPTIONS if option.name == "nixpkgs"]
        named = which or (configured[0][-1] if configured[0] else None)
        found = pins(_settings(config, leave_out="nixpkgs")[0], named, config.rootpath, tell)
        settings = list(found)
        if config.inipath is None:
            raise ConfigError(
                Slug.OPTION,
                f"There is no configuration of pytest's in {config.rootpath}.",
                remedy="Make one: add [tool.pytest.ini_options] to pyproject.toml.",
            )
        write(config.inipath, settings)
    except DoctestNixError as error:
        raise pytest.UsageError(str(error)) from error
    for name, value in settings:
        tell(f"{shown(config.inipath)}: {name} = {value}")
    return 0


def pytest_configure(config: pytest.Config) -> None:
    """Validate the options once."""
    try:
        configs = _settings(config)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from error
    warm = config.getoption("--nix-warm")
    if warm and len(configs) > 1 and config.getoption("--nix-warm-save"):
        raise pytest.UsageError(
            "--save takes what one image was warmed with: name it with --nix-image"
        )
    if warm:
        configs = tuple(
            replace(each, network=Network.FULL) if each.network is Network.NONE else each
            for each in configs
        )
    # A worker of xdist is given its pages one by one.
    ordered = not hasattr(config, "workerinput")
    config.stash[_STATE] = State(configs, lambda line: _tell(config, line), ordered=ordered)
    if warm:
        for runs in config.stash[_STATE].runs:
            runs.warm()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give back every sandbox, whatever ended the run."""
    state = config.stash.get(_STATE, None)
    if state is not None:
        state.close()


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> DocumentFile | None:
    """Collect documents below what was named on the command line or in `testpaths`."""
    config = parent.config
    if file_path.suffix.lower() not in FORMATS:
        return None
    unnamed = config.args_source is pytest.Config.ArgsSource.INVOCATION_DIR
    if unnamed and not config.getoption("--nix"):
        return None
    root = config.rootpath
    called = (
        file_path.relative_to(root) if file_path.is_relative_to(root) else file_path
    ).as_posix()
    if called == (printed := neutral(called)):
        return DocumentFile.from_parent(parent, path=file_path)
    # pytest starts lines with the name, whatever that is.
    name = neutral(file_path.name)
    return DocumentFile.from_parent(parent, path=file_path, name=name, nodeid=printed)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Note which steps were selected."""
    for item in session.items:
        if isinstance(item, StepItem):
            item.page.pending.add(item.index)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:  # xdist's own types
    """Keep the steps of a document on one worker, so that none is executed twice."""
    if config.getoption("dist", None) != "load":
        return None
    from xdist.scheduler import LoadScopeScheduling  # optional

    class DocumentScheduling(LoadScopeScheduling):  # type: ignore[misc]  # xdist is untyped
        def _split_scope(self, nodeid: str) -> str:
            path, _, _ = nodeid.partition("::")
            return path if Path(path).suffix.lower() in FORMATS else nodeid

    return DocumentScheduling(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any, error: object) -> None:  # xdist's own type
    """Take the fates that an xdist worker found."""
    found = getattr(node, "workeroutput", {}).get("doctest_nix")
    if found:
        node.config.stash[_STATE].foreign += json_report.loads(found)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the machine's report, and tell "the tutorial is wrong" from "we are broken"."""
    config = session.config
    state = config.stash[_STATE]
    documents = state.reports()
    output = getattr(config, "workeroutput", None)
    if output is not None:
        output["doctest_nix"] = json_report.dumps(documents)
        return
    if path := config.getoption("--nix-json"):
        Path(path).write_text(json_report.dumps(documents) + "\n", encoding="utf-8")
    fates = {block.fate for document in documents for block in document.blocks}
    wrong = Fate.FAILED in fates or any(document.error for document in documents)
    minimum = state.config.min_verified
    if minimum is not None and verified(documents) < minimum and exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if Fate.BROKEN in fates and not wrong and exitstatus == pytest.ExitCode.TESTS_FAILED:
        session.exitstatus = BROKEN_STATUS
    for runs in state.runs:
        if runs.warming is not None and not _finish(runs.warming, config):
            session.exitstatus = BROKEN_STATUS


def _finish(warming: Warming, config: pytest.Config) -> bool:
    """Keep what the pages fetched, and say where; tell whether all of it could be kept."""
    where = config.getoption("--nix-warm-save")
    try:
        kept = warming.finish(Path(where) if where else None)
    except (OSError, SandboxError) as error:
        warming.complaints.append(str(error))
    else:
        _tell(config, f"warm: {kept}" if kept else "no page ran: nothing is kept")
    for complaint in warming.complaints:
        _tell(config, complaint)
    return not warming.complaints


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Close with a line in which every block is counted."""
    state = config.stash[_STATE]
    documents = state.reports()
    if not documents:
        return
    if config.get_verbosity() > 0:
        for document in documents:
            for block in document.blocks:
                for mask in block.masks:
                    terminalreporter.write_line(f"{document.path}:{block.line}: {mask}")
    for document in documents:
        refused = [attempt for attempt in document.network if not attempt.allowed]
        shown = document.network if config.get_verbosity() > 0 else refused
        if shown:
            line = f"nix: {document.path} tried to reach {named(shown)}"
            terminalreporter.write_line(neutral(line))
    environments = dict.fromkeys(d.environment for d in documents if d.environment)
    where = f" [{'; '.join(environments)}]" if environments else ""
    terminalreporter.ensure_newline()
    for line in table(documents):
        terminalreporter.write_line(neutral(f"nix: {line}"))
    terminalreporter.write_line(neutral(f"nix: {summary(documents)}{where}"))
    minimum = state.config.min_verified
    if minimum is not None and verified(documents) < minimum:
        terminalreporter.write_line(
            f"nix: {verified(documents):.1f} % of the blocks are verified, below the"
            f" {minimum:g} % of --nix-min-verified",
            red=True,
        )


def run_pytest(arguments: Sequence[str]) -> int:
    """Run pytest in this process, and return its exit status.  Pages run one after the other."""
    alone = ["-n0"] if find_spec("xdist") else []
    # It would tell each time that this very package is imported already.
    quiet = ["-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"]
    return int(pytest.main([*arguments, *quiet, *alone]))


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


_STATE = pytest.StashKey[State]()


class DocumentFile(pytest.File):
    """A tutorial: its items are its steps."""

    def collect(self) -> Iterator[pytest.Item]:
        """Yield an item a step; where the document cannot be understood, one that says so."""
        from doctest_nix.fingerprint import fingerprint
        from doctest_nix.formats import load
        from doctest_nix.plan import plan

        state = self.config.stash[_STATE]
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
        given = [
            (option.flag, value) for option in OPTIONS for value in _typed(self.config, option)
        ]
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


def _tell(config: pytest.Config, line: str) -> None:
    """Show a line at once, while pytest captures what is printed."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or capture is None:
        return
    with capture.global_and_fixture_disabled():
        reporter.ensure_newline()
        reporter.write_line(neutral(f"nix: {line}"))


def _name(step: Step) -> str:
    block = step.blocks[0]
    title = block.section[-1] if block.section else block.location.path.stem
    slug = re.sub(r"[^\w.]+", "-", title.lower()).strip("-")
    return f"{slug}:{block.location.line}"


def _relative(location: Location) -> Location:
    return replace(location, path=shown(location.path))


def _typed(config: pytest.Config, option: Option) -> list[str]:
    """Return the values of an option on the command line."""
    values: list[str] = config.getoption(option.flag)
    return values


def _given(config: pytest.Config, option: Option) -> list[str]:
    """Return an option's values: the command line's, else the configuration's."""
    configured: str | list[str] = config.getini(option.setting)
    if isinstance(configured, str):
        configured = [configured] if configured else []
    return _typed(config, option) or configured


def _settings(config: pytest.Config, *, leave_out: str = "") -> tuple[Config, ...]:
    """Return the run's settings: those given, else ours; always ours for one option.

    They are several where several images are given.
    """

    def given(option: Option) -> list[str]:
        return _given(config, option) if option.name != leave_out else []

    flakes = config.getoption("--nix-flakes") or config.getini("nix_flakes")
    strict = config.getoption("--nix-strict") or config.getini("nix_strict")
    one = settings(given, root=config.rootpath, flakes=flakes, strict=strict)
    images = _typed(config, IMAGE) or config.getini("nix_matrix") or [one.image]
    return editions(one, images) if len(images) > 1 or HOST in images else (one,)
