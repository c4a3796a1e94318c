"""``doctest-nix convert``: what is asked for, and what is told of it."""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from enum import StrEnum
from pathlib import Path

from converters import apply, report
from converters.migration import Migration
from converters.pen import PAGE_RST
from converters.project import plan
from doctest_nix.errors import DoctestNixError


class Engine(StrEnum):
    """Which converter writes the candidates."""

    OWN = "own"
    RST_TO_MYST = "rst-to-myst"


def main(argv: Sequence[str]) -> int:
    """Do what the arguments say; return 0, 1 where there is something to convert or a fault."""
    arguments = _parser().parse_args(argv)
    try:
        with _stopped_by(signal.SIGTERM, signal.SIGHUP):
            return _convert(arguments)
    except DoctestNixError as error:
        trace = getattr(error, "trace", "")
        if arguments.trace and trace:
            print(trace.rstrip(), file=sys.stderr)
        print(str(error).replace(f"{Path.cwd()}/", ""), file=sys.stderr)
        return 1
    except (KeyboardInterrupt, _Stopped) as stop:
        print("Stopped; nothing was changed.", file=sys.stderr)
        return 128 + (stop.number if isinstance(stop, _Stopped) else signal.SIGINT)


class _Stopped(BaseException):
    """A signal asked the run to end; what it holds is given back on the way out."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


@contextmanager
def _stopped_by(*signals: signal.Signals) -> Iterator[None]:
    """Raise `_Stopped` on ``signals``: left to themselves they would leave our folder behind.

    Those that are ignored stay so, as ``nohup`` wants it.
    """

    def stop(number: int, _frame: object) -> None:
        raise _Stopped(number)

    heard = [number for number in signals if signal.getsignal(number) != signal.SIG_IGN]
    before = {number: signal.signal(number, stop) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="doctest-nix convert",
        description="Convert RST pages of a Sphinx site to MyST and prove that each renders the"
        " same.  Without --write, print what would change.  The project's conf.py is run, in"
        " another process and on a copy of the project.",
    )
    parser.add_argument("path", type=Path, help="a site's directory, or one page")
    doing = parser.add_mutually_exclusive_group()
    doing.add_argument("--write", action="store_true", help="write it; needs a clean work tree")
    doing.add_argument(
        "--check", action="store_true", help="print no diff; fail where a page can be converted"
    )
    parser.add_argument(
        "--engine",
        type=Engine,
        choices=list(Engine),
        default=Engine.OWN,
        help="who writes the candidates; all are proven alike (default: %(default)s)",
    )
    parser.add_argument(
        "--page-rst",
        action="store_true",
        help="convert pages too that need RST of their own: conf.py then names an extension of"
        " doctest-nix",
    )
    parser.add_argument("--report", type=Path, metavar="FILE", help="write a report in Markdown")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument(
        "--trace", action="store_true", help="show the stack of an error in the project's code"
    )
    parser.add_argument(
        "--timeout",
        type=float,
        default=900.0,
        metavar="SECONDS",
        help="for each reading of the site (default: %(default)g)",
    )
    parser.add_argument(
        "--jobs", type=int, default=2, help="processes that read the site (default: %(default)s)"
    )
    return parser


def _convert(arguments: argparse.Namespace) -> int:
    path: Path = arguments.path
    if not path.exists():
        print(f"{path}: there is no such file or directory", file=sys.stderr)
        return 2
    if apply.recover(path if path.is_dir() else path.parent):
        print("An interrupted run was undone first.", file=sys.stderr)
    with _workplace() as work, _progress() as progress:
        migration = plan(
            path,
            work,
            engine=arguments.engine.value,
            timeout=arguments.timeout,
            jobs=arguments.jobs,
            progress=progress,
            page_rst=arguments.page_rst,
        )
    _report(arguments, migration)
    if arguments.write:
        return _write(migration)
    if not arguments.check:
        for line in report.diff(migration):
            print(line)
    print(report.summary(migration), file=sys.stderr)
    pending = bool(migration.converted)
    return 1 if arguments.check and pending else 0


def _report(arguments: argparse.Namespace, migration: Migration) -> None:
    if arguments.report is not None:
        arguments.report.write_text(report.markdown(migration), "utf-8")
    if arguments.json is not None:
        arguments.json.write_text(report.as_json(migration), "utf-8")
    for page in migration.left:
        place = _shown(migration.source / page.path)
        line = f":{page.line}" if page.line else ""
        print(f"{place}{line}: left as RST: {page.reason}", file=sys.stderr)
    if any(page.unsaid for page in migration.left) and not arguments.page_rst:
        print("--page-rst may convert more pages, with an extension in conf.py.", file=sys.stderr)
    if migration.uses_page_rst:
        print(
            f"conf.py names {PAGE_RST}: install doctest-nix[sphinx] where the site is built.",
            file=sys.stderr,
        )
    if migration.wanted:
        print("There is no conf.py; the site's needs:", migration.wanted, sep="\n", file=sys.stderr)
    for mention in migration.mentions:
        place = _shown(migration.root / mention.path)
        print(f"{place}:{mention.line}: names a converted page: {mention.text}", file=sys.stderr)


def _shown(path: Path) -> str:
    """Return ``path`` as one would type it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _write(migration: Migration) -> int:
    if not migration.converted:
        print(report.summary(migration), file=sys.stderr)
        return 0
    following = apply.write(migration)
    with suppress(KeyboardInterrupt, _Stopped):  # which is too late now: all is written
        print(report.summary(migration), file=sys.stderr)
        for line in following:
            print(line, file=sys.stderr)
    return 0


@contextmanager
def _workplace() -> Iterator[Path]:
    directory = Path(tempfile.mkdtemp(prefix="doctest-nix-convert-")).resolve()
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda what, done, total: None
        return
    width = 24

    def show(what: str, done: int, total: int) -> None:
        filled = width * done // max(1, total)
        bar = "█" * filled + "░" * (width - filled)
        print(f"\r\x1b[K{bar} {what} {done}/{total}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
