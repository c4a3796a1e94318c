"""How what a page fetched gets from its sandbox into a store that other sandboxes start from.

The page is not trusted.  It hands over an archive; `take` lets plain files with known names
through, and in a sandbox where no page ever ran, Nix itself takes from it what a trusted key has
signed, and what its own content names (sources, fixed outputs).  What the page built itself is not
taken: a later run builds it again, as its text says.  Fetch caches cannot be checked so, and each
page has its own.
"""

from __future__ import annotations

import contextlib
import re
import tarfile
import tempfile
from pathlib import PurePosixPath
from typing import IO

from doctest_nix.config import Config
from doctest_nix.sandbox import HOME, Completed, Ended, Sandbox
from doctest_nix.sandbox.courier import GO, Courier, Open

#: Where Nix keeps what it fetched, in every sandbox; and where a warm store has those of pages.
FETCHED = HOME / ".cache/nix"
PAGES = PurePosixPath("/nix/var/doctest-nix/pages")

#: Where archives are packed and unpacked.
DESK = PurePosixPath("/doctest-nix")

#: Seconds to pack or to unpack: a gigabyte takes ten.
_PATIENCE = 1800.0

_NIX = "nix --extra-experimental-features nix-command"

#: Prints the valid paths, sorted.
_LIST = f"{_NIX} path-info --all 2>/dev/null | grep ^/nix/store/ | LC_ALL=C sort"

#: Copies the paths that are not among those of its input, with all that they refer to, into a
#: binary cache at $1.  Derivations are text that each evaluation writes again.
_PACK = f"""\
set -e
mkdir -p "$1"
cat >"$1/known"
{_LIST} | LC_ALL=C comm -13 "$1/known" - | {{ grep -v '\\.drv$' || true; }} >"$1/new"
if [ -s "$1/new" ]; then
  {_NIX} copy --to "file://$1/packages?compression=none" $(cat "$1/new")
fi
mkdir -p "$1/packages" "{FETCHED}"
"""

#: Sends the binary cache and the fetch cache.
_SEND = f"""\
read -r _
exec tar -cf - -C "$1" packages -C "{FETCHED.parent}" "{FETCHED.name}" 2>/dev/null
"""

#: Unpacks an archive of $2 bytes into $1, lets Nix take what it trusts, and keeps the fetch cache
#: as that of page $3.  Prints the paths that are new.
_TAKE = f"""\
exec 2>&1
read -r _
trap 'rm -rf "$1"' EXIT
mkdir -p "$1" {PAGES}
head -c "$2" | tar -xf - -C "$1" || exit
{_LIST} >"$1/before"
paths=$(sed -n 's/^StorePath: //p' "$1"/packages/*.narinfo 2>/dev/null)
HOME=$1 NIX_CONFIG="$NIX_CONFIG
substituters = file://$1/packages"
export HOME NIX_CONFIG
[ -z "$paths" ] || nix-store --realise --keep-going $paths >"$1/said" 2>&1
{_LIST} | LC_ALL=C comm -13 "$1/before" - | grep -v '\\.drv$' | sed 's/^/took /'
rm -rf "{PAGES}/$3"
mv "$1/{FETCHED.name}" "{PAGES}/$3" && rmdir "{PAGES}/$3" 2>/dev/null
echo done
"""

#: The names that an archive may have: those of a binary cache, and of a fetch cache.
_NAMES = re.compile(
    r"packages/(?:nix-cache-info|[0-9a-z]{32}\.narinfo|nar/[\w.+-]+\.nar)"
    rf"|{FETCHED.name}/.+"
)


def given(page: str) -> str:
    """Return the shell commands that give a sandbox the fetch cache of a page; ``""`` has none."""
    if not page:
        return ""
    linked = f"mkdir -p {FETCHED.parent} && ln -s {PAGES}/{page} {FETCHED}"
    return f"[ ! -d {PAGES}/{page} ] || {{ {linked}; }}"


def valid(courier: Courier) -> bytes:
    """Return the valid paths of a sandbox, a line each, sorted.  Raises OSError."""
    done = courier.run(["sh", "-c", _LIST], stdin=b"", timeout=_PATIENCE)
    return _good(done).encode()


def pack(sandbox: Sandbox, known: bytes, archive: IO[bytes]) -> int:
    """Write into ``archive`` what a page fetched, from its sandbox; return the bytes of it.

    ``known`` are the valid paths that every sandbox starts with.  Raises OSError, also for what a
    page did to its sandbox, and SandboxError.
    """
    desk = str(DESK)
    _good(sandbox.run(["sh", "-c", _PACK, "sh", desk], stdin=known, timeout=_PATIENCE))
    with contextlib.closing(sandbox.channel(["sh", "-c", _SEND, "sh", desk])) as stream:
        stream.write(GO)
        while data := stream.read(_PATIENCE):
            archive.write(data)
    return archive.tell()


def take(open_: Open, archive: IO[bytes], page: str) -> tuple[str, ...]:
    """Put into a clean store what may be trusted of a page's ``archive``; ``page`` is its key.

    Returns the store paths that are new.  ``open_`` starts programs there, with the variables of
    `trust`.  Raises OSError.
    """
    archive.seek(0)
    with tempfile.TemporaryFile() as plain:
        _copy_plain(archive, plain)
        size = plain.tell()
        plain.seek(0)
        argv = ["sh", "-c", _TAKE, "sh", str(DESK), str(size), page]
        with contextlib.closing(open_(argv)) as stream:
            stream.write(GO)
            while data := plain.read(1 << 20):
                stream.write(data)
            said = bytearray()
            while data := stream.read(_PATIENCE):
                said += data
    lines = said.decode(errors="replace").splitlines()
    if lines[-1:] != ["done"]:
        raise OSError("\n".join(lines[-5:]) or "the store says nothing")
    return tuple(line[5:] for line in lines if line.startswith("took "))


def _copy_plain(archive: IO[bytes], result: IO[bytes]) -> None:
    """Write an archive of the plain files and folders in ``archive`` that may be there.

    Raises OSError where it is none, or not whole.
    """
    try:
        with (
            tarfile.open(fileobj=archive, mode="r|") as source,
            tarfile.open(fileobj=result, mode="w", format=tarfile.GNU_FORMAT) as sink,
        ):
            for member in source:
                parts = PurePosixPath(member.name).parts
                if ".." in parts or not _NAMES.fullmatch(member.name):
                    continue
                plain = tarfile.TarInfo(member.name)
                plain.mtime = member.mtime
                plain.mode = 0o755 if member.mode & 0o100 else 0o644
                if member.isdir():
                    # Git takes no folder for a repository in which the empty ones are missing.
                    plain.type = tarfile.DIRTYPE
                    sink.addfile(plain)
                elif member.isreg():
                    plain.size = member.size
                    sink.addfile(plain, source.extractfile(member))
    except tarfile.TarError as error:
        raise OSError(f"the archive cannot be read: {error}") from error


def trust(config: Config) -> dict[str, str]:
    """Return the variables of a Nix that takes what the run's trusted keys have signed."""
    return {
        "NIX_CONFIG": "build-users-group =\nsandbox = false\nrequire-sigs = true\n"
        "max-jobs = 0\nfallback = false\n"
        f"trusted-public-keys = {' '.join(config.trusted_keys)}\n"
    }


def tidy(courier: Courier) -> None:
    """Remove what Nix left beside the store.  Raises OSError."""
    script = f"rm -rf {DESK} /nix/var/nix/temproots /nix/var/log"
    _good(courier.run(["sh", "-c", script], stdin=b"", timeout=_PATIENCE))


def _good(done: Completed) -> str:
    if done.ended is not Ended.EXITED or done.exit_code != 0:
        raise OSError(done.output.strip()[-500:] or f"it ended with status {done.exit_code}")
    return done.output
