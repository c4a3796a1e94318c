"""The `doctest-nix` command: what is asked for, and which part of the tool answers."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from doctest_nix import __version__
from doctest_nix.config import Config
from doctest_nix.errors import DoctestNixError, DocumentError
from doctest_nix.formats import FORMATS, load
from doctest_nix.plan import plan
from doctest_nix.plugin import run_pytest
from doctest_nix.report.listing import listing
from doctest_nix.report.neutral import neutral_lines
from doctest_nix.sandbox import warm_folder, warm_image
from doctest_nix.sandbox.image import SUITES, build

_CONVERT = "convert"


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the arguments say; return the exit status: 0, 1 for a fault, 2 for a misuse."""
    words = sys.argv[1:] if argv is None else list(argv)
    if words[:1] == [_CONVERT]:
        return _convert(words[1:])
    parser = _parser()
    arguments, passed_on = parser.parse_known_args(words)
    arguments.passed_on = passed_on
    if passed_on and arguments.do not in (_warm, _lock):
        parser.error(f"unrecognized arguments: {' '.join(passed_on)}")
    try:
        status: int = arguments.do(arguments)
    except DoctestNixError as error:
        print(neutral_lines(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="doctest-nix",
        description="Run the code blocks of Nix tutorials, unmodified, in throwaway containers."
        " The tests themselves run with `pytest docs/`.",
    )
    parser.add_argument("--version", action="version", version=f"doctest-nix {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    listing = commands.add_parser("list", help="say what would be done with each block")
    listing.add_argument("paths", nargs="+", type=Path, metavar="DOCS")
    listing.set_defaults(do=_list)

    warm = commands.add_parser(
        "warm",
        help="run pages once with network, so that later runs need none",
        description="Run pages once with network, and keep what they fetched: later runs of pytest"
        " start with it. Options of pytest's, like --nix-image or -k, are passed on.",
    )
    warm.add_argument("paths", nargs="*", metavar="DOCS")
    warm.add_argument("--save", type=Path, metavar="FILE", help="write what is kept to FILE too")
    warm.add_argument("--load", type=Path, metavar="FILE", help="take what --save wrote, first")
    warm.set_defaults(do=_warm)

    lock = commands.add_parser(
        "lock",
        help="pin image and package set in pytest's configuration",
        description="Write the image by its digest and the package set by its commit or hash into"
        " pytest's configuration. Options of pytest's, like --nix-image, say what to pin.",
    )
    lock.add_argument(
        "--nixpkgs",
        metavar="WHICH",
        help="a channel like nixos-unstable, a commit, or a tarball (default: what is configured)",
    )
    lock.set_defaults(do=_lock)

    image = commands.add_parser("image", help="make container images")
    actions = image.add_subparsers(title="actions", required=True, metavar="ACTION")
    making = actions.add_parser("build", help="make an image from Debian's packages, no registry")
    making.add_argument(
        "--suite", choices=list(SUITES), default="trixie", help="default: %(default)s"
    )
    making.add_argument("--tag", help="the image's name (default: doctest-nix:SUITE)")
    making.set_defaults(do=_build)
    # It has a parser of its own, with which Sphinx is imported.
    commands.add_parser(_CONVERT, help="convert RST pages to MyST, proven to render the same")
    return parser


def _convert(words: Sequence[str]) -> int:
    """Run the converter, which needs what is not installed by default."""
    try:
        from converters.__main__ import main as convert  # noqa: PLC0415 - Sphinx is slow, and optional
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("sphinx", "myst_parser"):
            raise
        print(
            f"doctest-nix convert needs Sphinx and MyST-Parser; there is no module {error.name!r}.",
            "Install them with: pip install 'doctest-nix[convert]'",
            sep="\n",
            file=sys.stderr,
        )
        return 2
    return convert(words)


def _list(arguments: argparse.Namespace) -> int:
    """Print a line a block; a document that cannot be understood is told of, and makes it 1."""
    status = 0
    for path in _documents(arguments.paths):
        try:
            planned = plan(load(path, root=_root(path)), Config())
        except DocumentError as error:
            print(neutral_lines(str(error)), file=sys.stderr)
            status = 1
            continue
        for line in listing(planned):
            print(line)
    return status


def _root(path: Path) -> Path:
    """Return the directory out of which the document may include nothing."""
    return Path.cwd() if path.resolve().is_relative_to(Path.cwd()) else path.parent


def _documents(paths: Sequence[Path]) -> list[Path]:
    """Return the documents among and below ``paths``, sorted."""
    found: set[Path] = set()
    for path in paths:
        inside = path.rglob("*") if path.is_dir() else [path]
        found |= {file for file in inside if file.suffix.lower() in FORMATS or file == path}
    return sorted(found)


def _warm(arguments: argparse.Namespace) -> int:
    """Load what was saved, and run the pages for what they fetch."""
    if not arguments.paths and arguments.load is None:
        print("Name pages to run, or a file to --load.", file=sys.stderr)
        return 2
    if arguments.load is not None:
        kind = warm_folder if warm_folder.is_saved(arguments.load) else warm_image
        for name in kind.load(arguments.load):
            print(f"loaded: {name}")
    if not arguments.paths:
        return 0
    options = ["--nix-warm", *arguments.passed_on]
    if arguments.save is not None:
        options.append(f"--nix-warm-save={arguments.save}")
    return run_pytest([*arguments.paths, *options])


def _lock(arguments: argparse.Namespace) -> int:
    """Pin what is configured."""
    options = ["--nix-lock", *arguments.passed_on]
    if arguments.nixpkgs is not None:
        options.append(f"--nix-lock-nixpkgs={arguments.nixpkgs}")
    return run_pytest(options)


def _build(arguments: argparse.Namespace) -> int:
    """Make an image and say how to use it."""
    tag = arguments.tag or f"doctest-nix:{arguments.suite}"
    build(arguments.suite, tag, lambda line: print(line, flush=True))
    print(f"Use it with: pytest docs/ --nix-image={tag}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
