"""Which lines elsewhere in the project name a page that is called otherwise now?"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from converters.migration import Mention
from converters.repository import Repository
from converters.scope import Scope

#: Files that cannot name a page usefully, or that are too large to be written by hand.
_LARGEST = 1_000_000


def mentions(scope: Scope, converted: Mapping[str, tuple[str, str]]) -> Iterator[Mention]:
    """Yield lines of the project's files that name a converted page by its old name.

    ``converted`` maps the pages' old paths to their new ones, relative to the site's source
    directory, and their new texts, which are looked through too.
    """
    root, source = scope.root, scope.source
    old = {(source / path).resolve() for path in converted}
    names = {path.name for path in old}
    if not names:
        return
    suffixes = sorted({path.suffix for path in old})
    pattern = re.compile(r"[\w./-]*?(?:" + "|".join(map(re.escape, suffixes)) + r")\b")
    for file, text in _texts(scope, old, converted):
        if not any(suffix in text for suffix in suffixes):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if not any(suffix in line for suffix in suffixes):
                continue
            words = [word for word in pattern.findall(line) if word.split("/")[-1] in names]
            if any(_names(word, file, source, root, old) for word in words):
                yield Mention(
                    path=file.relative_to(root).as_posix(), line=number, text=line.strip()[:200]
                )


def _texts(
    scope: Scope, old: AbstractSet[Path], converted: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[Path, str]]:
    for target, text in sorted(converted.values()):
        yield scope.source / target, text
    for file in _text_files(scope.root):
        if file not in old and file != scope.conf:
            try:
                yield file, file.read_text("utf-8")
            except (UnicodeDecodeError, OSError):
                continue


def _names(word: str, file: Path, source: Path, root: Path, old: AbstractSet[Path]) -> bool:
    # A bare name means a neighbour, a path may start at the site or at the project.
    places = (file.parent, source, root) if "/" in word else (file.parent,)
    return any((place / word.lstrip("/")).resolve() in old for place in places)


def _text_files(root: Path) -> Iterator[Path]:
    """Yield the project's own files: those that git tracks, else all but hidden directories'."""
    repository = Repository.of(root)
    if repository is not None:
        paths = [repository.root / name for name in sorted(repository.tracked([]))]
    else:
        paths = []
        for directory, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith((".", "_build")))
            paths += [Path(directory, name) for name in sorted(files)]
    for path in paths:
        own = path.is_relative_to(root) and path.is_file() and not path.is_symlink()
        if own and path.stat().st_size < _LARGEST:
            yield path
