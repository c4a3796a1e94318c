"""A copy of a project to try things on: links to every file, real directories on the way.

Extensions may write beside the sources, and conf.py may look anywhere in the project; neither
reaches the original's directories through a mirror.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

#: What no build reads and what may be large.
_LEFT_OUT = frozenset({"node_modules", "__pycache__", ".tox", ".nox", ".venv", ".mypy_cache"})


#: What stands at the top of a project, an unpacked release among them.
_MARKS = (
    "pyproject.toml", "setup.py", "setup.cfg", "tox.ini", ".readthedocs.yaml", ".readthedocs.yml",
    "flake.nix", "default.nix", "Cargo.toml", "package.json", "go.mod", "CMakeLists.txt",
)  # fmt: skip


def root_of(source: Path) -> Path:
    """Return the project's root, in which conf.py may look for files.

    It is the directory with ``.git``, ``source`` or one above it; without one, as where a release
    was unpacked, the nearest with a file that stands at the top of projects; else ``source``.
    """
    above = (source, *source.parents)
    for directory in above:
        if (directory / ".git").exists():
            return directory
    marked = (d for d in above if any((d / name).is_file() for name in _MARKS))
    return next(marked, source)


def mirror(
    root: Path,
    source: Path,
    target: Path,
    *,
    only: frozenset[Path] | None = None,
    left_out: Iterable[Path] = (),
) -> Path:
    """Mirror ``root`` at ``target`` and return the mirror of ``source``, which is below ``root``.

    Directories on the way to ``source`` and below it are real, everything else is a link.
    ``only`` are the files directly in ``source`` that are mirrored, None for all and those below;
    ``left_out`` are paths that are not.
    """
    skipped = frozenset(left_out)
    target.mkdir(parents=True)
    directory, copy = root, target
    for part in source.relative_to(root).parts:
        for entry in os.scandir(directory):
            if entry.name != part and entry.name not in _LEFT_OUT:
                (copy / entry.name).symlink_to(entry.path)
        directory, copy = directory / part, copy / part
        copy.mkdir()
    _fill(directory, copy, skipped, only)
    return copy


def _fill(
    directory: Path, copy: Path, skipped: frozenset[Path], only: frozenset[Path] | None
) -> None:
    for entry in sorted(os.scandir(directory), key=lambda found: found.name):
        path = Path(entry.path)
        if path in skipped or entry.name in _LEFT_OUT:
            continue
        if entry.is_dir(follow_symlinks=False):
            if entry.name == ".git" or only is not None:
                (copy / entry.name).symlink_to(path)
            else:
                (copy / entry.name).mkdir()
                _fill(path, copy / entry.name, skipped, None)
        elif only is None or path in only or path.suffix not in {".rst", ".md", ".txt"}:
            (copy / entry.name).symlink_to(os.path.realpath(path))


def replace_files(copy: Path, gone: Iterable[str], new: Mapping[str, str]) -> None:
    """Remove files from a mirror and write new ones; paths are relative to ``copy``.

    The originals behind the mirror's links stay as they are.
    """
    for name in gone:
        (copy / name).unlink()
    for name, text in new.items():
        path = copy / name
        if path.is_symlink() or path.exists():
            path.unlink()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8", newline="\n")


def remove(directory: Path) -> None:
    """Remove a mirror; what its links lead to stays."""
    shutil.rmtree(directory, ignore_errors=True)
