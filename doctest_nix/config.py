"""What a run is asked to do, validated once."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import assert_never

#: A release of the official image, pinned so that a run today and one next year are the same.
DEFAULT_IMAGE = "nixos/nix:2.28.3"

#: The binary cache that Nix itself starts with, and the key that signs its packages.
DEFAULT_SUBSTITUTERS = ("https://cache.nixos.org",)
DEFAULT_KEYS = ("cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=",)

#: Where Nix expressions fetch from: the project's own hosts, and the forges that flakes name.
#: An asterisk stands for any subdomain.
DEFAULT_FETCH_HOSTS = tuple(
    "channels.nixos.org releases.nixos.org tarballs.nixos.org nixos.org"
    " github.com api.github.com codeload.github.com *.githubusercontent.com"
    " gitlab.com codeberg.org git.sr.ht".split()
)


#: What stands for an image where the machine's own Nix is meant, in bubblewrap.
HOST = "host"


class Backend(StrEnum):
    """Which sandbox a run uses; AUTO takes Docker where engine and image are there."""

    AUTO = "auto"
    DOCKER = "docker"
    BUBBLEWRAP = "bubblewrap"


class Need(StrEnum):
    """Something that a run provides or does not."""

    NETWORK = "network"
    NIXPKGS = "nixpkgs"
    FLAKES = "flakes"
    ROOT = "root"
    KVM = "kvm"
    NIXOS = "nixos"
    GUI = "gui"
    DOCKER = "docker"
    CREDENTIALS = "credentials"
    SECOND_HOST = "second-host"
    INTERACTIVE = "interactive"
    PROGRAM = "program"
    FILE = "file"
    SHELL = "shell"
    VALUE = "value"
    MACHINE = "machine"
    RELEASE = "release"


class Network(StrEnum):
    """What a sandbox can reach: nothing, the named caches and fetch hosts, or all the host can."""

    NONE = "none"
    SUBSTITUTERS = "substituters"
    FULL = "full"


class Limit(StrEnum):
    """A limit that a page can run into, by the name that it has in the options."""

    MEMORY = "memory"
    DISK = "disk"
    OUTPUT = "output"
    PROCESSES = "processes"


#: A command that prints as many times what is kept of its output is stopped.
FLOOD = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a sandbox may use: bytes of memory, disk and output, processes, CPUs.

    ``output`` is what is kept of a command's output; at `FLOOD` times as much it is stopped.
    """

    memory: int = 4 * 1024**3
    disk: int = 8 * 1024**3
    output: int = 4 * 1024**2
    processes: int = 512
    cpus: float = 2.0

    def of(self, limit: Limit) -> str:
        """Return a limit as a reader says it: ``4 GiB of memory``."""
        match limit:
            case Limit.MEMORY:
                return f"{_size(self.memory)} of memory"
            case Limit.DISK:
                return f"{_size(self.disk)} on disk"
            case Limit.OUTPUT:
                return f"{_size(FLOOD * self.output)} of output"
            case Limit.PROCESSES:
                return f"{self.processes} processes"
            case _:
                assert_never(limit)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tarball:
    """A package set that is fetched: ``url``, and the SHA-256 of the file where it is known.

    ``commit`` is nixpkgs' own, ``""`` where the tarball is another.
    """

    url: str
    sha256: str = ""
    commit: str = ""

    @property
    def pinned(self) -> bool:
        """Whether it is the same today and in a year."""
        return bool(self.commit or self.sha256)

    def __str__(self) -> str:
        """Return it as reports show it."""
        return self.commit or self.url


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of a run.

    ``nixpkgs`` is a host path that becomes ``<nixpkgs>`` in the sandbox, None where the run
    provides none; ``tarball`` is one that must be fetched to have such a path;
    ``flakes`` says whether Nix's new commands and flakes are enabled;
    ``provides`` what else there is, by the word of whoever asks for the run.  ``tabs`` are words
    in the names of tabs that are read, the first that a set of tabs has.
    ``min_verified`` is the share of blocks, in percent, that must have passed or be stale, None for
    any; ``strict`` says that a stale block fails.  ``runtime`` names an OCI runtime of the
    engine's, None for its own choice.
    ``timeout`` bounds a command and ``document_timeout`` a document, in seconds.  ``columns`` is
    the width of the terminal.  ``substituters`` are the URLs of binary caches, ``trusted_keys`` the
    public keys that must have signed what comes from them, and ``fetch_hosts`` the hosts (``name``,
    ``name:port`` or ``*.domain``) that `Network.SUBSTITUTERS` lets pages fetch from besides.
    """

    backend: Backend = Backend.AUTO
    image: str = DEFAULT_IMAGE
    runtime: str | None = None
    nixpkgs: Path | None = None
    tarball: Tarball | None = None
    network: Network = Network.NONE
    flakes: bool = False
    provides: frozenset[Need] = frozenset()
    tabs: tuple[str, ...] = ("Linux",)
    min_verified: float | None = None
    strict: bool = False
    timeout: float = 60.0
    document_timeout: float = 900.0
    columns: int = 1000
    substituters: tuple[str, ...] = DEFAULT_SUBSTITUTERS
    trusted_keys: tuple[str, ...] = DEFAULT_KEYS
    fetch_hosts: tuple[str, ...] = DEFAULT_FETCH_HOSTS
    limits: Limits = Limits()

    @property
    def pinned(self) -> bool:
        """Whether programs have the very versions that a page shows, or the page is wrong."""
        return self.tarball is not None and self.tarball.pinned

    def tries(self, need: Need) -> bool:
        """Tell whether a step with ``need`` is tried: the run provides it, at least in part."""
        return self.meets(need) or (need is Need.NETWORK and self.network is Network.SUBSTITUTERS)

    def meets(self, need: Need) -> bool:
        """Tell whether the run provides ``need`` in full, so that its lack is no excuse."""
        if need in self.provides:
            return True
        match need:
            case Need.NIXPKGS:
                # With a network, the image's own channel or a fetched tarball can serve.
                provided = self.nixpkgs is not None or self.tarball is not None
                return provided or self.network is not Network.NONE
            case Need.NETWORK:
                return self.network is Network.FULL
            case Need.FLAKES:
                return self.flakes
            case _:
                return False


def _size(amount: int) -> str:
    """Return bytes in the largest unit that leaves a number above 1."""
    size, units = float(amount), iter(("bytes", "KiB", "MiB", "GiB"))
    unit = next(units)
    while size >= 1024 and unit != "GiB":
        size, unit = size / 1024, next(units)
    return f"{size:.4g} {unit}"
