"""What of the host a bubblewrap sandbox shows, so that the host's Nix runs in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import NIXPKGS

_STORE = Path("/nix/store")

_TOOLS = ("bwrap", "unshare", "nsenter", "prlimit", "setpriv", "setsid", "mount", "sh")
_DATABASE = Path("/nix/var/nix/db")

#: Where Nix's own installer puts it, for shells that its profile script has not reached.
_PROFILES = "/nix/var/nix/profiles/default/bin:/run/current-system/sw/bin"

_SYSTEM_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"

#: The account that stands in for root: a sandbox of the host's root would own the host's files
#: and escape the limit of processes, which the kernel does not apply to the real user 0.
_NOBODY = 65534

#: CAP_SETGID and CAP_SETUID, by their bits.
_SETTING = 1 << 6 | 1 << 7

#: Read-only pieces of /etc that programs of /usr need; none of them says who or where we are.
_ETC = ("alternatives", "ld.so.cache", "ld.so.conf", "ld.so.conf.d", "protocols", "services", "ssl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """This machine, as sandboxes use it.

    ``programs`` are paths by name, here and, those of util-linux, in the sandbox.  ``mounts`` are
    bwrap's arguments, and ``path`` is ``PATH`` inside.  ``account`` is the user and group that
    sandboxes run as on the host, None for our own.  ``overlay`` tells that Nix lives in the
    host's /nix/store, which the sandbox then shows below a throwaway layer; ``sizes``, that bwrap
    can bound a memory file system (from 0.7).
    """

    programs: Mapping[str, str]
    mounts: tuple[str, ...]
    path: str
    account: int | None
    overlay: bool
    sizes: bool

    def as_account(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs ``argv`` as ``account``."""
        if self.account is None:
            return list(argv)
        ids = (f"--reuid={self.account}", f"--regid={self.account}", "--clear-groups")
        return [self.programs["setpriv"], *ids, "--", *argv]


def look(search: str | None = None) -> Host:
    """Find bubblewrap, Nix and what they need on ``search``, by default ``PATH``.

    Raises SandboxError: BUBBLEWRAP_MISSING, NIX_MISSING.
    """
    places = f"{search or os.environ.get('PATH', os.defpath)}:{_PROFILES}"
    found = {name: _found(name, places) for name in _TOOLS}
    # NixOS has a `mount` before that one, which is nothing without the powers of its owner.
    found["mount"] = _found("mount", f"{found['nsenter'].parent}:{places}")
    nix = shutil.which("nix-instantiate", path=places)
    if nix is None:
        raise _no_nix()
    # A profile would bring whatever its owner installed: only Nix itself, and on NixOS the
    # system's own programs, as /usr is elsewhere.
    nix_folder, system_folder = Path(nix).resolve().parent, found["setsid"].parent.resolve()
    stored = [str(folder) for folder in (nix_folder, system_folder) if _is_stored(folder)]
    return Host(
        # A profile's path leads nowhere in the sandbox, the store's does.
        programs={
            name: str(path.resolve() if _is_stored(path.resolve()) else path)
            for name, path in found.items()
        },
        mounts=tuple(_mounts(places)),
        path=":".join([*stored, _SYSTEM_PATH]),
        account=account(),
        overlay=_is_stored(nix_folder),
        sizes=_knows_sizes(found["bwrap"]),
    )


def own_version() -> str:
    """Return the version of the host's Nix, like ``2.8.0``.  Raises SandboxError(NIX_MISSING)."""
    nix = shutil.which("nix-instantiate", path=f"{os.environ.get('PATH', os.defpath)}:{_PROFILES}")
    if nix is None:
        raise _no_nix()
    said = subprocess.run([nix, "--version"], capture_output=True, text=True, check=False).stdout
    return said.split()[-1]


def package_set(nixpkgs: Path, host: Host, closing: contextlib.ExitStack) -> Path:
    """Return where the sandbox's account can read ``nixpkgs``: itself, or a copy.

    ``closing`` removes the copy.  Raises OSError where we cannot read it either.
    """
    source = nixpkgs.resolve()
    if host.account is None:
        return source
    search = 'cd "$1" && find . ! -type l ! -readable -print -quit'
    unreadable = subprocess.run(
        host.as_account([host.programs["sh"], "-c", search, "sh", str(source)]),
        capture_output=True,
        check=False,
        cwd="/",
    )
    if unreadable.returncode == 0 and not unreadable.stdout:
        return source
    copies = Path(closing.enter_context(tempfile.TemporaryDirectory(prefix="doctest-nix-")))
    copy = copies / NIXPKGS.name
    shutil.copytree(source, copy, symlinks=True)
    for place in (copies, copy, *copy.rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode | (0o555 if place.is_dir() else 0o444))
    return copy


def database(folder: Path = _DATABASE) -> BinaryIO:
    """Return a copy of Nix's database in a file without name, whole though Nix may be writing.

    Raises SandboxError(SANDBOX_START).
    """
    source, log = folder / "db.sqlite", folder / "db.sqlite-wal"
    # A reader of a database in use needs its log; where there is none, it would make one, in the
    # host's /nix or in vain, unless told that nobody writes.
    modes = ["mode=ro&immutable=1"]
    if log.exists() and log.stat().st_size:
        modes.insert(0, "mode=ro")
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch, source.name)
        for mode in modes:
            try:
                with (
                    contextlib.closing(sqlite3.connect(f"file:{source}?{mode}", uri=True)) as old,
                    contextlib.closing(sqlite3.connect(copy)) as new,
                ):
                    old.backup(new)
            except sqlite3.Error as error:
                trouble = error
            else:
                return copy.open("rb")
    raise SandboxError(
        Slug.SANDBOX_START,
        f"Nix's database {source} cannot be read: {trouble}.",
        remedy="Check that you may read the file, or use --nix-sandbox=docker.",
    )


def _found(name: str, places: str) -> Path:
    path = shutil.which(name, path=places)
    if path is None:
        package = "bubblewrap" if name == "bwrap" else "util-linux"
        raise SandboxError(
            Slug.BUBBLEWRAP_MISSING,
            f"The bubblewrap sandbox needs the program {name}, and it is not on PATH.",
            remedy=f"Install it: apt install {package}, or nix profile install nixpkgs#{package}.",
        )
    return Path(path)


def _is_stored(path: Path) -> bool:
    return path.is_relative_to(_STORE)


def _knows_sizes(bwrap: Path) -> bool:
    asked = subprocess.run([bwrap, "--help"], capture_output=True, check=False)
    return b"--size" in asked.stdout + asked.stderr


def _mounts(places: str) -> Iterator[str]:
    """Yield what shows the programs of the host: /usr without /usr/local, and a little of /etc."""
    yield from ("--ro-bind", "/usr", "/usr")
    if Path("/usr/local").is_dir():
        yield from ("--tmpfs", "/usr/local", "--remount-ro", "/usr/local")
    for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
        path = Path("/", name)
        if path.is_symlink():
            yield from ("--symlink", os.readlink(path), str(path))
        elif name == "bin" and _is_stored((path / "sh").resolve()):
            # NixOS has nothing there but sh; $SHELL is bash in every sandbox.
            for shell in ("sh", "bash"):
                where = shutil.which(shell, path=f"{path}:{places}") or path / "sh"
                yield from ("--symlink", str(Path(where).resolve()), str(path / shell))
        elif path.is_dir():
            yield from ("--ro-bind", str(path), str(path))
    for name in _ETC:
        yield from ("--ro-bind-try", f"/etc/{name}", f"/etc/{name}")


def account() -> int | None:
    """Return the account for sandboxes of root; None where we are not root, or cannot change.

    That is so in a user namespace that has no such user, and without the capabilities.
    """
    status = Path("/proc/self/status").read_text()
    powers = int(status.partition("CapEff:")[2].split()[0], 16)
    if os.geteuid() != 0 or powers & _SETTING != _SETTING:
        return None
    for kind in ("uid", "gid"):
        lines = Path(f"/proc/self/{kind}_map").read_text().splitlines()
        ranges = [[int(number) for number in line.split()] for line in lines]
        if not any(first <= _NOBODY < first + count for first, _, count in ranges):
            return None
    return _NOBODY


def _no_nix() -> SandboxError:
    return SandboxError(
        Slug.NIX_MISSING,
        "The bubblewrap sandbox uses the host's Nix, and nix-instantiate is not on PATH.",
        remedy="Install Nix: apt install nix-bin, or https://nixos.org/download.",
    )
