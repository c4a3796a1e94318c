"""Where a document runs: the contract that every sandbox backend keeps."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from doctest_nix.attempt import Attempt
from doctest_nix.config import Config, Limit, Network

#: The user's home in every sandbox; it holds dot files and `WORKDIR` alone.
HOME = PurePosixPath("/home/user")

#: The reader's address, where the page tells git none.
READER = "reader@example.com"

#: Where a document's session starts: a directory that is empty, whatever Nix writes to `HOME`.
WORKDIR = HOME / "tutorial"

#: The device of virtual machines, in the sandbox where the run provides them.
KVM = "/dev/kvm"

#: Where the package set that a run provides is seen in the sandbox.
NIXPKGS = PurePosixPath("/nixpkgs")

#: Where the sandbox's loopback has the proxy of `Network.SUBSTITUTERS`.
PROXY_PORT = 3128


class Ended(StrEnum):
    """How a command came to its end; RUNNING has not, and was left so on purpose.

    FLOODED printed more than a command may, and was stopped like one that reached its TIMEOUT.
    """

    EXITED = "exited"
    TIMEOUT = "timeout"
    FLOODED = "flooded"
    GONE = "gone"
    UNFINISHED = "unfinished"
    RUNNING = "running"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """A command that ended: what a terminal shows of it, and its status.

    ``output`` is rendered (no control sequences), without final newline; ``truncated`` counts
    the bytes of it that were dropped because the output was too long to keep.  ``exit_code`` is
    None unless ``ended`` is EXITED.  ``full_screen`` says that the program drew on the screen that
    editors and pagers use, ``asks`` that it was ended because it waited for input.
    """

    output: str
    exit_code: int | None
    seconds: float
    ended: Ended
    truncated: int = 0
    full_screen: bool = False
    asks: bool = False


class Stream(Protocol):
    """The byte stream of a terminal: what its programs print, and what is typed."""

    def read(self, timeout: float) -> bytes:
        """Return what has arrived, waiting up to ``timeout`` seconds for the first byte.

        ``b""`` is the end: the terminal's last program is gone.  Raises TimeoutError where
        nothing arrived in time.
        """
        ...

    def write(self, data: bytes) -> None:
        """Type all of ``data``; raises OSError where the terminal is gone."""
        ...

    def close(self) -> None:
        """Hang up.  Idempotent; never raises."""
        ...


class Sandbox(Protocol):
    """One throwaway machine, for one document.

    It has `HOME`, `WORKDIR` (empty), a ``/nix`` of its own, the provided package set at
    `NIXPKGS`, no network unless the run provides one, and the variables of `environment`,
    nothing of the host's.
    """

    #: Whether it has what its page fetched when it was warmed.
    warmed: bool

    def start(self) -> None:
        """Make it ready.  Called once; raises SandboxError, and then leaves nothing behind."""
        ...

    def attach(self, argv: Sequence[str], env: Mapping[str, str]) -> Stream:
        """Run ``argv`` in `WORKDIR` on a new terminal of its own, with ``env`` added.

        The program leads its own session on that terminal, echo is off, the size is
        ``Config.columns`` by 50.  Several terminals may be open at once; they share processes,
        network and files.  Raises SandboxError.
        """
        ...

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float) -> Completed:
        """Run ``argv`` in `WORKDIR` without a terminal, beside the terminals that are open.

        It sees their files and processes.  Output is stdout and stderr in one, decoded as UTF-8
        with ``surrogateescape``, not rendered.  A program still running after ``timeout``
        seconds is killed (``Ended.TIMEOUT``).  Raises SandboxError where the sandbox is gone.
        """
        ...

    def channel(self, argv: Sequence[str]) -> Stream:
        """Run ``argv`` in the root directory without a terminal, stdout and stderr in one stream.

        It must read a line before it prints.  Raises SandboxError.
        """
        ...

    def put(self, path: PurePosixPath, data: bytes) -> None:
        """Write a file, making its directories; a relative path is below `WORKDIR`.

        Symbolic links in ``path`` are the sandbox's own and never lead to the host's files.
        Raises SandboxError where the sandbox is gone, OSError where it refuses.
        """
        ...

    def get(self, path: PurePosixPath) -> bytes:
        """Return a file's bytes; a relative path is below `WORKDIR`.

        Raises FileNotFoundError or another OSError where it cannot be read, SandboxError where
        the sandbox is gone.
        """
        ...

    def exceeded(self, said: str = "") -> Limit | None:
        """Return the limit that something in it ran into since the last call, None for none.

        The kernel's own count tells where it keeps one; else ``said``, the output of a command
        that went wrong.  A sandbox that is gone answers too.  Never raises.
        """
        ...

    def attempts(self) -> tuple[Attempt, ...]:
        """Return what programs in it tried to reach through the run's proxy, each once, in order.

        Where the network is none or full there is no proxy, and nothing is known.
        """
        ...

    def stop(self) -> None:
        """End everything that runs in it and remove it.  Idempotent; never raises."""
        ...


class Shelf(Protocol):
    """A store in which no page runs, and that later runs start from once it is kept."""

    def valid(self) -> bytes:
        """Return the paths that every sandbox starts with, a line each.  Raises OSError."""
        ...

    def take(self, archive: IO[bytes], page: str) -> Sequence[str]:
        """Take of a page's archive what may be trusted; ``page`` is the key.

        Returns the store paths that are new.  Raises OSError.
        """
        ...

    def keep(self, pages: Iterable[str]) -> Kept:
        """Make it what later runs start from, for pages with these keys.  Raises SandboxError."""
        ...

    def save(self, path: Path) -> None:
        """Write what was kept to a file that another machine can load.

        Raises SandboxError, OSError.
        """
        ...

    def discard(self) -> None:
        """Give back what is not kept.  Idempotent; never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A warm store: how the engine or the file system names it, and its bytes."""

    name: str
    size: int


class Provider(Protocol):
    """A backend in use: made once a run, it makes a `Sandbox` for each document."""

    #: One line for the report's head: backend, image or Nix version.
    description: str

    #: The keys of pages whose packages and fetches are in every sandbox.
    warmed: frozenset[str]

    #: Whether a sandbox takes so long to start that the next page's starts while a page runs.
    starts_ahead: bool

    def create(self, page: str = "") -> Sandbox:
        """Return a new sandbox, not started, for the page with that key."""
        ...

    def shelf(self) -> Shelf:
        """Return a clean store to collect in what pages fetch.  Raises SandboxError."""
        ...

    def close(self) -> None:
        """Give back what the run held.  Idempotent; never raises."""
        ...


def environment(config: Config) -> dict[str, str]:
    """Return the variables that every program in a sandbox has, ``PATH`` apart."""
    nix = "build-users-group =\nsandbox = false\n"
    if config.network is Network.NONE:
        # Without it, Nix tries each download five times, with pauses: 4.5 s.
        # What was fetched once stays good: nobody can ask for a newer one.
        nix += "substituters =\ndownload-attempts = 1\ntarball-ttl = 4294967295\n"
    else:
        nix += f"substituters = {' '.join(config.substituters)}\n"
        nix += f"trusted-public-keys = {' '.join(config.trusted_keys)}\n"
    if config.flakes:
        nix += "experimental-features = nix-command flakes\n"
    variables = {
        "HOME": str(HOME),
        "USER": "root",
        "LOGNAME": "root",
        "SHELL": "/bin/bash",
        "TERM": "xterm",
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "PAGER": "cat",
        "GIT_PAGER": "cat",
        # Git commits for a reader whom it knows; what the page configures goes before it.
        "EMAIL": READER,
        "NO_COLOR": "1",
        "NIX_CONFIG": nix,
    }
    if config.network is Network.SUBSTITUTERS:
        proxy = f"http://127.0.0.1:{PROXY_PORT}"
        ways = dict.fromkeys(("http_proxy", "https_proxy", "all_proxy"), proxy)
        ways["no_proxy"] = "localhost,127.0.0.1,::1"
        variables |= ways | {name.upper(): value for name, value in ways.items()}
    if config.nixpkgs is not None:
        variables["NIX_PATH"] = f"nixpkgs={NIXPKGS}"
    return variables
