"""Where on this machine is what later runs use again?"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from contextlib import suppress
from pathlib import Path

from doctest_nix.sandbox.host import account


def folder(kind: str) -> Path:
    """Return the folder for one kind of things: the user's, or one that root's sandboxes read."""
    named = os.environ.get("XDG_CACHE_HOME")
    usual = Path("/var/cache") if account() is not None else Path.home() / ".cache"
    return Path(named or usual) / "doctest-nix" / kind


def making(place: Path) -> Path:
    """Return a new folder in ``place``, which `put` moves or `remove` removes.  Raises OSError."""
    place.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(dir=place, prefix=".making-"))
    made.chmod(0o755)
    return made


def put(made: Path, place: Path) -> Path:
    """Move a folder to its place; what stood there goes once nobody can find it any more."""
    if place.exists():
        old = Path(tempfile.mkdtemp(dir=place.parent, prefix=".old-"))
        place.rename(old / place.name)
        made.rename(place)
        remove(old)
    else:
        made.rename(place)
    return place


def remove(place: Path) -> None:
    """Remove a folder with all that is read-only in it; never raises."""
    with suppress(OSError):
        for root, _, _ in os.walk(place):
            os.chmod(root, stat.S_IRWXU)
    shutil.rmtree(place, ignore_errors=True)
