"""How an archive's members get below a directory, and nowhere else.

As tarfile's own filters do it, which Python has from 3.11.4 on only: Debian 12 has 3.11.2.
"""

from __future__ import annotations

import copy
import os
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path


def unpack(
    archive: tarfile.TarFile,
    place: Path,
    admit: Callable[[tarfile.TarInfo], tarfile.TarInfo | None],
) -> None:
    """Unpack what ``admit`` returns of a copy of each member; None leaves it out.

    Modes lose what gives others rights.  Symbolic links may lead anywhere, but nothing is written
    through one that leads out.  Raises ValueError for a member that would stand outside of
    ``place`` and for devices, tarfile.TarError and OSError; then a part is unpacked.
    """

    def members() -> Iterator[tarfile.TarInfo]:
        root = os.path.realpath(place)
        for member in archive:
            admitted = admit(copy.copy(member))
            if admitted is None:
                continue
            if not (admitted.isreg() or admitted.isdir() or admitted.issym() or admitted.islnk()):
                raise ValueError(f"{member.name} is no file, directory or link")
            admitted.name = admitted.name.lstrip("/")
            admitted.mode = (admitted.mode or 0) & 0o755
            # Asked as late as this: an earlier member may have made a link of a directory.
            for name in (admitted.name, *([admitted.linkname] if admitted.islnk() else ())):
                if os.path.commonpath([root, os.path.realpath(Path(root, name))]) != root:
                    raise ValueError(f"{member.name} would be outside the destination")
            yield admitted

    # Newer versions have a filter of their own by default, stricter than packages are.
    archive.extraction_filter = lambda member, _: member
    archive.extractall(place, members())  # noqa: S202  # they are checked
