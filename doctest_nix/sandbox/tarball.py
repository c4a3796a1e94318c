"""How does a package set that is named by its tarball get here?"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from doctest_nix.config import Tarball
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import cache
from doctest_nix.sandbox.unpacking import unpack

_KIND = "nixpkgs"

#: Seconds that a server may say nothing for, and seconds between two lines about a download.
_PATIENCE = 60.0
_INTERVAL = 1.0


def provide(tarball: Tarball, progress: Callable[[str], None]) -> Path:
    """Return the folder with the files of ``tarball``, fetched at the first call ever.

    ``progress`` is told about once a second how much is here.  Raises SandboxError(NIXPKGS).
    """
    place = cache.folder(_KIND)
    if tarball.pinned and (known := place / _name(tarball.sha256 or tarball.commit)).is_dir():
        return known
    try:
        making = cache.making(place)
        try:
            with tempfile.TemporaryFile() as file:
                found = _download(tarball.url, file, progress)
                if tarball.sha256 and tarball.sha256 != found:
                    raise _trouble(
                        tarball, f"its SHA-256 is sha256-{found}, not sha256-{tarball.sha256}"
                    )
                known = place / _name(found if tarball.sha256 else tarball.commit or found)
                if not known.is_dir():
                    _unpack(file, making)
                    cache.put(making, known)
            return known
        finally:
            cache.remove(making)
    except (OSError, ValueError, tarfile.TarError) as error:
        raise _trouble(tarball, error) from error


def digest(tarball: Tarball, progress: Callable[[str], None]) -> str:
    """Return the SHA-256 of the file, in base 64.  Raises SandboxError(NIXPKGS)."""
    try:
        with tempfile.TemporaryFile() as file:
            return _download(tarball.url, file, progress)
    except (OSError, ValueError) as error:
        raise _trouble(tarball, error) from error


def commit_of(channel: str, url: str) -> str:
    """Return the commit that a channel is at; ``url`` says so.  Raises SandboxError(NIXPKGS)."""
    try:
        with _opened(url) as answer:
            said: str = answer.read(100).decode("ascii").strip()
    except (OSError, ValueError) as error:
        raise SandboxError(
            Slug.NIXPKGS, f"The channel {channel} cannot be asked for its commit at {url}: {error}."
        ) from error
    return said


@contextlib.contextmanager
def _opened(url: str) -> Iterator[IO[bytes]]:
    """Yield what is at ``url``, which is the user's or our own.  Raises OSError, ValueError."""
    try:
        with urllib.request.urlopen(url, timeout=_PATIENCE) as answer:  # noqa: S310  # see above
            yield answer
    except urllib.error.HTTPError as refusal:
        refusal.close()  # it holds the connection
        raise


def _name(identity: str) -> str:
    return hashlib.sha256(identity.encode()).hexdigest()[:24]


def _download(url: str, file: IO[bytes], progress: Callable[[str], None]) -> str:
    sha256 = hashlib.sha256()
    last = time.monotonic()
    with _opened(url) as answer:
        while data := answer.read(1 << 20):
            sha256.update(data)
            file.write(data)
            if time.monotonic() - last >= _INTERVAL:
                last = time.monotonic()
                progress(f"{url}: {file.tell() / 1e6:.0f} MB")
    file.seek(0)
    return base64.b64encode(sha256.digest()).decode()


def _unpack(file: IO[bytes], place: Path) -> None:
    """Unpack what stands in the tarball's one folder."""

    def inner(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
        parts = PurePosixPath(member.name).parts
        if len(parts) < 2:
            return None
        member.name = "/".join(parts[1:])
        if member.islnk():
            member.linkname = "/".join(PurePosixPath(member.linkname).parts[1:])
        # The sandbox's user may be another than ours, and must read it.
        member.mode = 0o755 if member.isdir() or (member.mode or 0) & 0o100 else 0o644
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        return member

    with tarfile.open(fileobj=file) as archive:
        unpack(archive, place, inner)
    if not any(place.iterdir()):
        raise ValueError("it has no folder with files")


def _trouble(tarball: Tarball, why: object) -> SandboxError:
    return SandboxError(
        Slug.NIXPKGS,
        f"The package set {tarball} cannot be had: {str(why).rstrip('.')}.",
        remedy=f"Check the address {tarball.url}, or give a directory: --nix-nixpkgs=PATH",
    )
