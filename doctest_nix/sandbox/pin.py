"""Which package set is it?"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path


def fingerprint(nixpkgs: Path | None) -> str:
    """Return a digest of the package set's files: their names and sizes, not what they say.

    Forty thousand names take 0.3 seconds, and reading them ten times that.  ``""`` where there is
    none.
    """
    if nixpkgs is None:
        return ""
    lines: list[str] = []
    waiting = [str(nixpkgs)]
    while waiting:
        with os.scandir(waiting.pop()) as entries:
            for entry in entries:
                name = os.path.relpath(entry.path, nixpkgs)
                if name == ".git":
                    continue
                if entry.is_dir(follow_symlinks=False):
                    waiting.append(entry.path)
                else:
                    lines.append(f"{name} {entry.stat(follow_symlinks=False).st_size}")
    text = "\n".join(sorted(lines))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
