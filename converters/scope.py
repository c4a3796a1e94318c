"""What is asked for: which site, which conf.py, which of its pages."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from converters.mirror import root_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is to be converted: a site's directory, its conf.py, and which of its pages.

    ``conf`` is None where there is none: the site is read with neutral settings.  ``within`` is
    the directory or file that was asked for.
    """

    root: Path
    source: Path
    conf: Path | None
    within: Path

    def covers(self, path: Path) -> bool:
        """Tell whether the page at ``path`` was asked for."""
        return path == self.within or self.within in path.parents


#: Where a project keeps its conf.py, seen from the directory that one would name.
_PLACES = ("", "source", "docs", "doc", "docs/source", "doc/source", "doc/en")


def scope_of(path: Path) -> Scope:
    """Find the site of ``path``: the conf.py in it, in a usual place below it, or above it."""
    within = path.resolve()
    start = within if within.is_dir() else within.parent
    root = root_of(start)
    places = [start / place for place in _PLACES] if within.is_dir() else []
    above = [start, *start.parents][: len(start.parts) - len(root.parts) + 1]
    for directory in (*places, *above):
        if (directory / "conf.py").is_file():
            inside = within if directory in (within, *within.parents) else directory
            return Scope(root=root, source=directory, conf=directory / "conf.py", within=inside)
    return Scope(root=root, source=start, conf=None, within=within)
