"""What would rst-to-myst write?  It runs in an environment of its own: it needs an old Sphinx."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from converters.commands import run
from converters.pen import Mark
from converters.separate import ProjectError
from doctest_nix.errors import Slug

#: What the engine is called where one is chosen.
NAME = "rst-to-myst"

#: The last release, of 2023; another one is another converter.
VERSION = "0.4.0"

_INSTALL_SECONDS = 600.0
_PAGE_SECONDS = 30.0
_CONVERTED = re.compile(
    r"^(?P<old>.+) -> .+\nCONVERTED \(extensions: \[(?P<names>.*)\]\)$", re.MULTILINE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Converted:
    """A page as rst-to-myst writes it, and the MyST extensions that it says it needs."""

    text: str
    extensions: frozenset[str]


def environment() -> Path:
    """Return the directory of rst-to-myst's own environment, in the user's cache."""
    cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(cache) / "doctest-nix" / f"rst-to-myst-{VERSION}"


def program() -> Path:
    """Return rst-to-myst's command, installed on first use; raises ProjectError."""
    home = environment()
    command = home / "bin" / "rst2myst"
    if command.is_file():
        return command
    home.parent.mkdir(parents=True, exist_ok=True)
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(home)],
        [str(home / "bin" / "pip"), "install", "--quiet", f"rst-to-myst[sphinx]=={VERSION}"],
    )
    for step in steps:
        ran = run(step, home.parent, timeout=_INSTALL_SECONDS)
        if ran.status:
            raise ProjectError(
                Slug.PROJECT, f"rst-to-myst {VERSION} cannot be installed", remedy=ran.errors
            )
    return command


def convert(pages: Mapping[str, str], *, default_role: str = "") -> dict[str, Converted]:
    """Return what rst-to-myst makes of each page, by path; those that it fails on are missing."""
    command = program()
    with tempfile.TemporaryDirectory(prefix="doctest-nix-") as folder:
        root = Path(folder)
        for path, text in pages.items():
            file = (root / path).with_suffix(".rst")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8", newline="\n")
        names = {str(Path(path).with_suffix(".rst")): path for path in pages}
        role = ["--default-role", default_role] if default_role else []
        ran = run(
            [str(command), "convert", *role, *names],
            root,
            timeout=60 + _PAGE_SECONDS * len(pages),
        )
        found: dict[str, Converted] = {}
        for match in _CONVERTED.finditer(ran.output):
            target = (root / match["old"]).with_suffix(".md")
            if target.is_file() and match["old"] in names:
                extensions = frozenset(re.findall(r"'([\w-]+)'", match["names"]))
                text = target.read_text("utf-8")
                found[names[match["old"]]] = Converted(text=text, extensions=extensions)
        return found


def kept(text: str) -> Iterator[Mark]:
    """Yield a mark for each block that stayed RST; their places in the source are lost."""
    for number, line in enumerate(text.splitlines(), 1):
        if re.match(r"\s*`{3,}\{eval-rst\}", line):
            yield Mark(
                key=(),
                line=number,
                end_line=number,
                source_line=0,
                source_end=0,
                construct="block",
                way="eval-rst",
                choice=0,
                choices=1,
            )
