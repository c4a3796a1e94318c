"""Which warm store does a bubblewrap sandbox start from, and how is one made, saved and loaded?

A warm store is a folder: `nix`, which sandboxes show below a layer in memory, and `warm.json`,
which says of which package set and which pages it is.  Nobody writes to it once it is kept.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tarfile
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from doctest_nix.config import Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import Kept, Sandbox, Stream, cache, store
from doctest_nix.sandbox.courier import Courier
from doctest_nix.sandbox.host import account
from doctest_nix.sandbox.pin import fingerprint
from doctest_nix.sandbox.unpacking import unpack

_KIND = "warm"
_ABOUT = "warm.json"
_NIX = "nix"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmFolder:
    """A warm store: where it is, of which package set, for which pages, and when it was made."""

    path: Path
    nixpkgs: str
    pages: frozenset[str]
    made: float

    @property
    def nix(self) -> Path:
        """What sandboxes show as /nix, below a layer."""
        return self.path / _NIX

    @classmethod
    def read(cls, path: Path) -> WarmFolder:
        """Return the store at ``path``.  Raises OSError, ValueError, KeyError."""
        about = path / _ABOUT
        said = json.loads(about.read_text(encoding="utf-8"))
        return cls(
            path=path,
            nixpkgs=str(said["nixpkgs"]),
            pages=frozenset(map(str, said["pages"])),
            made=about.stat().st_mtime,
        )


def find(config: Config, pages: Collection[str]) -> WarmFolder | None:
    """Return the warm store of the run's package set that has the most of its pages.

    Of several the newest; None where there is none.
    """
    fitting: list[WarmFolder] = []
    for about in cache.folder(_KIND).glob(f"*/{_ABOUT}"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            fitting.append(WarmFolder.read(about.parent))
    if not fitting:
        return None
    wanted = fingerprint(config.nixpkgs)
    return max(
        (each for each in fitting if each.nixpkgs == wanted),
        key=lambda warm: (len(warm.pages & set(pages)), warm.made),
        default=None,
    )


class FolderShelf:
    """A sandbox in which no page runs, and whose /nix becomes a warm store."""

    def __init__(self, config: Config, sandbox: Callable[[Path], Sandbox]) -> None:
        """Start what ``sandbox`` returns for a folder that is its /nix.  Raises SandboxError."""
        self._config = config
        self._kept: Path | None = None
        self._variables = {**store.trust(config), "HOME": str(store.DESK)}
        try:
            self._making = cache.making(cache.folder(_KIND))
            nix = self._making / _NIX
            nix.mkdir(mode=0o755)
            user = account()
            if user is not None:
                os.chown(nix, user, user)
        except OSError as error:
            raise _trouble(f"No warm store can be made in {cache.folder(_KIND)}", error) from error
        self._sandbox = sandbox(nix)
        try:
            self._sandbox.start()
        except BaseException:
            self.discard()
            raise

    def valid(self) -> bytes:
        """Return the paths that every sandbox has, a line each: none."""
        with contextlib.closing(Courier(self._channel, longest=1 << 26)) as courier:
            return store.valid(courier)

    def take(self, archive: IO[bytes], page: str) -> tuple[str, ...]:
        """Take what may be trusted of a page's archive.  Raises OSError."""
        return store.take(self._channel, archive, page)

    def keep(self, pages: Iterable[str]) -> Kept:
        """Make the folder the warm store of ``pages``; one of the very same name makes way."""
        about = {"nixpkgs": fingerprint(self._config.nixpkgs), "pages": sorted(pages)}
        name = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]
        try:
            with contextlib.closing(Courier(self._channel, longest=1 << 16)) as courier:
                store.tidy(courier)
            self._sandbox.stop()
            text = json.dumps(about)
            self._making.joinpath(_ABOUT).write_text(text, encoding="utf-8")
            self._kept = cache.put(self._making, cache.folder(_KIND) / name)
        except (OSError, SandboxError) as error:
            raise _trouble("The warm store cannot be made", error) from error
        return Kept(name=str(self._kept), size=_size(self._kept))

    def save(self, path: Path) -> None:
        """Write the store to a file, compressed where ``path`` ends in ``.gz``."""
        if self._kept is None:
            raise ValueError("nothing is kept yet")
        mode = "w:gz" if path.suffix == ".gz" else "w"
        with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]  # both are known
            archive.add(self._kept / _ABOUT, _ABOUT)
            archive.add(self._kept / _NIX, _NIX)

    def discard(self) -> None:
        """End the sandbox and remove what is not kept.  Idempotent; never raises."""
        self._sandbox.stop()
        cache.remove(self._making)

    def _channel(self, argv: Sequence[str]) -> Stream:
        variables = [f"{name}={value}" for name, value in self._variables.items()]
        return self._sandbox.channel(["env", *variables, *argv])


def load(path: Path) -> tuple[str, ...]:
    """Make a file that `FolderShelf.save` wrote a warm store; return what it is.

    Raises SandboxError, OSError.
    """
    making = cache.making(cache.folder(_KIND))
    try:
        user = account()
        owner = os.getuid() if user is None else user

        def admitted(member: tarfile.TarInfo) -> tarfile.TarInfo:
            # Links of packages lead to /nix, which is not the host's.
            member.uid = member.gid = owner
            member.uname = member.gname = ""
            return member

        with tarfile.open(path) as archive:
            unpack(archive, making, admitted)
        warm = WarmFolder.read(making)
        about = {"nixpkgs": warm.nixpkgs, "pages": sorted(warm.pages)}
        name = hashlib.sha256(json.dumps(about).encode()).hexdigest()[:24]
        kept = cache.put(making, cache.folder(_KIND) / name)
    except (tarfile.TarError, ValueError, KeyError) as error:
        raise _trouble(f"{path} cannot be loaded", error) from error
    finally:
        cache.remove(making)
    return (f"{kept}, pages: {len(warm.pages)}",)


def is_saved(path: Path) -> bool:
    """Tell whether a file is what `FolderShelf.save` writes.  Raises OSError."""
    with contextlib.suppress(tarfile.TarError), tarfile.open(path) as archive:
        first = archive.next()
        return first is not None and first.name == _ABOUT
    return False


def _size(place: Path) -> int:
    return sum(
        Path(root, name).lstat().st_size for root, _, names in os.walk(place) for name in names
    )


def _trouble(what: str, error: object) -> SandboxError:
    return SandboxError(Slug.WARM, f"{what}: {error}.")
