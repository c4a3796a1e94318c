"""How pytest collects tutorials, and what it says at the end: hooks only."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from doctest_nix.attempt import named
from doctest_nix.config import HOST, Config, Network
from doctest_nix.errors import ConfigError, DoctestNixError, SandboxError, Slug
from doctest_nix.formats import FORMATS
from doctest_nix.items import STATE, DocumentFile, StepItem, typed
from doctest_nix.matrix import editions
from doctest_nix.options import IMAGE, OPTIONS, Option, settings
from doctest_nix.report import json as json_report
from doctest_nix.report.fates import summary, verified
from doctest_nix.report.matrix import table
from doctest_nix.report.neutral import neutral
from doctest_nix.runs import State, shown
from doctest_nix.verdict import Fate

if TYPE_CHECKING:
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
    config.stash[STATE] = State(configs, lambda line: _tell(config, line), ordered=ordered)
    if warm:
        for runs in config.stash[STATE].runs:
            runs.warm()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Give back every sandbox, whatever ended the run."""
    state = config.stash.get(STATE, None)
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
        node.config.stash[STATE].foreign += json_report.loads(found)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Write the machine's report, and tell "the tutorial is wrong" from "we are broken"."""
    config = session.config
    state = config.stash[STATE]
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
    state = config.stash[STATE]
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


def _tell(config: pytest.Config, line: str) -> None:
    """Show a line at once, while pytest captures what is printed."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    capture = config.pluginmanager.get_plugin("capturemanager")
    if reporter is None or capture is None:
        return
    with capture.global_and_fixture_disabled():
        reporter.ensure_newline()
        reporter.write_line(neutral(f"nix: {line}"))


def _given(config: pytest.Config, option: Option) -> list[str]:
    """Return an option's values: the command line's, else the configuration's."""
    configured: str | list[str] = config.getini(option.setting)
    if isinstance(configured, str):
        configured = [configured] if configured else []
    return typed(config, option) or configured


def _settings(config: pytest.Config, *, leave_out: str = "") -> tuple[Config, ...]:
    """Return the run's settings: those given, else ours; always ours for one option.

    They are several where several images are given.
    """

    def given(option: Option) -> list[str]:
        return _given(config, option) if option.name != leave_out else []

    flakes = config.getoption("--nix-flakes") or config.getini("nix_flakes")
    strict = config.getoption("--nix-strict") or config.getini("nix_strict")
    one = settings(given, root=config.rootpath, flakes=flakes, strict=strict)
    images = typed(config, IMAGE) or config.getini("nix_matrix") or [one.image]
    return editions(one, images) if len(images) > 1 or HOST in images else (one,)
