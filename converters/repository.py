"""What does git know of the files that a migration moves?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from converters.commands import run
from doctest_nix.errors import DoctestNixError, Slug

_SECONDS = 60.0


class WriteError(DoctestNixError):
    """The migration cannot be written; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A git work tree: its root and where git keeps its own files."""

    root: Path
    directory: Path

    @classmethod
    def of(cls, path: Path) -> Repository | None:
        """Return the work tree that ``path`` is in, None where there is none or no git."""
        try:
            ran = run(
                ["git", "rev-parse", "--show-toplevel", "--absolute-git-dir"],
                path,
                timeout=_SECONDS,
            )
        except OSError:
            return None
        lines = ran.output.splitlines()
        if ran.status or len(lines) != 2:
            return None
        return cls(root=Path(lines[0]), directory=Path(lines[1]))

    def changes(self) -> tuple[str, ...]:
        """Return what differs from the last commit, a line each, as ``git status`` puts it."""
        ran = self._git("status", "--porcelain", "--untracked-files=normal")
        return tuple(ran.splitlines())

    def tracked(self, paths: Iterable[str]) -> frozenset[str]:
        """Return those of ``paths``, relative to the root, that git tracks."""
        listed = self._git("ls-files", "-z", "--", *paths)
        return frozenset(name for name in listed.split("\0") if name)

    def stage_renames(self, renames: Mapping[str, str]) -> None:
        """Rename files in the index alone: each new path has the old one's content.

        The index is replaced in one step; raises WriteError and leaves it where git refuses.
        """
        entries = self._git("ls-files", "-s", "-z", "--", *renames).split("\0")
        lines: list[str] = []
        for entry in entries:
            if entry:
                head, path = entry.split("\t", 1)
                mode, blob, _stage = head.split()
                lines.append(f"0 {'0' * len(blob)}\t{path}")
                lines.append(f"{mode} {blob}\t{renames[path]}")
        self._git("update-index", "-z", "--index-info", stdin="\0".join(lines) + "\0")

    def unstage(self, paths: Iterable[str]) -> None:
        """Bring the index of ``paths`` back to the last commit."""
        self._git("reset", "-q", "--", *paths)

    def _git(self, *arguments: str, stdin: str = "") -> str:
        ran = run(
            ["git", "--literal-pathspecs", *arguments], self.root, timeout=_SECONDS, stdin=stdin
        )
        if ran.status:
            raise WriteError(Slug.WRITE, f"git {arguments[0]} failed", remedy=ran.errors.strip())
        return ran.output
