"""A document's sandbox with no engine: the host's Nix in namespaces that bubblewrap makes.

What it promises: namespaces of their own for files, processes, network, users, IPC and host name;
no capability, and no way to get one; the host's programs read-only; nothing of its homes, its
/etc and its processes; one memory file system for all that is written.  It ends with us.

What it limits: the size of all files, which are memory (from bubblewrap 0.7), and, where we may
make control groups, memory, processor time and processes of all programs together.  Where we may
not, it limits the memory of each process, and the number of processes (from Linux 5.14); its
description then says what has no limit.

Its root is one user without powers: files cannot be given to others, which tar tries as root when
an archive has other owners.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from doctest_nix.attempt import Attempt
from doctest_nix.config import Config, Limit, Need, Network
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import (
    HOME,
    KVM,
    NIXPKGS,
    WORKDIR,
    Completed,
    Ended,
    Sandbox,
    Shelf,
    Stream,
    cgroup,
    environment,
    signs,
)
from doctest_nix.sandbox.cgroup import Group, Groups
from doctest_nix.sandbox.courier import Courier
from doctest_nix.sandbox.host import Host, database, look, package_set
from doctest_nix.sandbox.namespaces import Layer, Namespaces, files_size, start
from doctest_nix.sandbox.store import given
from doctest_nix.sandbox.warm_folder import FolderShelf, WarmFolder, find
from doctest_nix.sandbox.way_out import WayOut

#: Seconds that a sandbox outlives its document's own limit, if nobody stops it before.
_SLACK = 120

#: The few files of /etc that are neither the host's nor absent.
_ETC = f"""\
printf 'root:x:0:0:root:{HOME}:/bin/bash\\nnobody:x:65534:65534::/:/bin/false\\n' >/etc/passwd
printf 'root:x:0:\\nnogroup:x:65534:\\n' >/etc/group
printf '127.0.0.1 localhost sandbox\\n::1 localhost\\n' >/etc/hosts
printf 'passwd: files\\ngroup: files\\nhosts: files dns\\n' >/etc/nsswitch.conf
"""

_NAMESPACES = (
    *("--unshare-ipc", "--unshare-pid", "--unshare-uts", "--unshare-cgroup-try"),
    *("--cap-drop", "ALL", "--hostname", "sandbox", "--clearenv"),
)


class BubblewrapProvider:
    """Sandboxes of the host's own Nix."""

    starts_ahead = False

    def __init__(
        self, config: Config, search: str | None = None, *, pages: Collection[str] | None = None
    ) -> None:
        """Find bubblewrap and Nix on ``search`` (``PATH``), and start a sandbox to be sure.

        ``pages`` are the keys of the run's pages: there may be a warm store for them.  None says
        to start from an empty one.  Raises SandboxError: BUBBLEWRAP_MISSING,
        NIX_MISSING, SANDBOX_START.
        """
        self._host = look(search)
        self._groups = cgroup.find(config.limits)
        self._config = config
        self.warmed: frozenset[str] = frozenset()
        # The kernel ends the sandboxes with the *thread* that made them: this one stays.
        self._spawner = ThreadPoolExecutor(1, "doctest-nix-bubblewrap")
        self._closing = ExitStack()
        self._nixpkgs: Path | None = None
        self._database: BinaryIO | None = None
        self._made: list[BubblewrapSandbox] = []
        self._warm: Path | None = None
        try:
            if pages is not None and not self._host.overlay:
                self._use(find(config, pages))
            if config.nixpkgs is not None:
                self._nixpkgs = package_set(config.nixpkgs, self._host, self._closing)
            if self._host.overlay:
                self._database = self._closing.enter_context(database())
            unlimited = " and ".join(self._groups.unlimited())
            warning = f", no limit of {unlimited}" if unlimited else ""
            version, warmth = self._try(pages or ())
            self.description = f"bubblewrap, Nix {version}{warning}{warmth}"
        except OSError as error:
            self.close()
            raise _not_started(error) from error
        except BaseException:
            self.close()
            raise

    def create(self, page: str = "") -> Sandbox:
        """Return a sandbox to be."""
        sandbox = BubblewrapSandbox(
            self._config,
            self._host,
            groups=self._groups,
            spawner=self._spawner,
            nixpkgs=self._nixpkgs,
            database=self._database,
            warm=self._warm,
            page=page if page in self.warmed else "",
        )
        self._made.append(sandbox)
        return sandbox

    def shelf(self) -> Shelf:
        """Return a folder that becomes a warm store."""
        if self._host.overlay:
            raise SandboxError(
                Slug.WARM,
                "Nix lives in the host's own /nix/store, and a warm store cannot stand beside it.",
                remedy="What the host's store has is there without. For more use containers:"
                " --nix-sandbox=docker",
            )
        return FolderShelf(self._config, self._collector)

    def close(self) -> None:
        """Stop what is left, and end the thread that made it."""
        for sandbox in self._made:
            sandbox.stop()
        self._spawner.shutdown()
        with suppress(OSError):
            self._closing.close()

    def _use(self, warm: WarmFolder | None) -> None:
        """Start from ``warm`` from now on."""
        self._warm = warm.nix if warm else None
        self.warmed = warm.pages if warm else frozenset()

    def _collector(self, nix: Path) -> BubblewrapSandbox:
        sandbox = BubblewrapSandbox(
            replace(self._config, network=Network.NONE),
            self._host,
            groups=self._groups,
            spawner=self._spawner,
            nixpkgs=None,
            database=None,
            nix=nix,
        )
        self._made.append(sandbox)
        return sandbox

    def _try(self, pages: Collection[str]) -> tuple[str, str]:
        """Start a sandbox; return its Nix's version, and what to say of the warm store in use."""
        if self._warm is None:
            return self._version(), ""
        try:
            count = len(self.warmed.intersection(pages))
            return self._version(), f", warm for {count} of {len(pages)} pages"
        except SandboxError as error:
            # Linux mounts an overlay for users since 5.11, unless it is told not to.
            self._use(None)
            return self._version(), f", not warm: {error.problem}"

    def _version(self) -> str:
        sandbox = self.create()
        sandbox.start()
        try:
            said = sandbox.run(["nix-instantiate", "--version"], timeout=60).output
            return said.strip().rpartition(" ")[2]
        finally:
            sandbox.stop()


class BubblewrapSandbox:
    """Namespaces, and the programs that were sent into them."""

    def __init__(
        self,
        config: Config,
        host: Host,
        *,
        groups: Groups,
        spawner: ThreadPoolExecutor,
        nixpkgs: Path | None,
        database: BinaryIO | None,
        warm: Path | None = None,
        page: str = "",
        nix: Path | None = None,
    ) -> None:
        """Keep what `start` needs; ``spawner`` must outlive the sandbox.

        ``warm`` is the /nix that it starts from, and ``page`` the key of the page whose fetch
        cache is there, ``""`` for none.  ``nix`` is a folder that is its /nix, to write to.
        """
        self._warm = warm
        self._page = page
        self._nix = nix
        self._config = config
        self._host = host
        self._groups = groups
        self._group: Group | None = None
        self._spawner = spawner
        self._nixpkgs = nixpkgs
        self._database = database
        self._namespaces: Namespaces | None = None
        self._courier = Courier(self.channel, longest=config.limits.output)
        self.warmed = bool(page)
        self._way_out = WayOut(config, self.channel)

    def start(self) -> None:
        """Make the namespaces, and wait until they are whole."""
        files: list[BinaryIO] = []
        with ExitStack() as closing:
            if self._database is not None:
                # By its path in /proc, so that it is read from its start each time.
                path = f"/proc/self/fd/{self._database.fileno()}"
                files.append(closing.enter_context(open(path, "rb")))
            try:
                self._group = self._groups.make(self._config.limits)
                self._namespaces = start(
                    self._host,
                    [*_NAMESPACES, *self._network(), *self._mounts(files)],
                    _ETC + given(self._page),
                    spawner=self._spawner,
                    limits=self._config.limits,
                    group=self._group,
                    seconds=round(self._config.document_timeout) + _SLACK,
                    layer=self._layer(),
                    files=files,
                )
            except (OSError, RuntimeError) as error:
                self.stop()
                raise _not_started(error) from error
        try:
            self._way_out.open()
        except BaseException:
            self.stop()
            raise

    def attach(self, argv: Sequence[str], env: Mapping[str, str]) -> Stream:
        """Run ``argv`` on a terminal of the sandbox's own /dev/pts."""
        namespaces = self._alive()
        try:
            return namespaces.attach(argv, self._environment(env), self._config.columns)
        except OSError as error:
            raise _gone(error) from error

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float) -> Completed:
        """Run ``argv`` without a terminal."""
        try:
            done = self._courier.run(argv, stdin=stdin, timeout=timeout)
        except OSError as error:
            raise _gone(error) from error
        if done.ended is Ended.GONE:
            self._alive()
        return done

    def put(self, path: PurePosixPath, data: bytes) -> None:
        """Write a file."""
        try:
            self._courier.put(path, data)
        except OSError:
            self._alive()
            raise

    def get(self, path: PurePosixPath) -> bytes:
        """Return a file's bytes."""
        try:
            return self._courier.get(path)
        except OSError:
            self._alive()
            raise

    def exceeded(self, said: str = "") -> Limit | None:
        """Ask the control group, and the program's own words: files have no count."""
        counted = self._group.exceeded() if self._group is not None else None
        return counted or signs.complaint(said)

    def attempts(self) -> tuple[Attempt, ...]:
        """Return what programs in it tried to reach."""
        return self._way_out.attempts

    def stop(self) -> None:
        """Kill everything inside; its files are memory that is free with it."""
        self._way_out.close()
        namespaces, self._namespaces = self._namespaces, None
        if namespaces is not None:
            namespaces.end()
        self._courier.close()
        if self._group is not None:
            self._group.close()

    def _mounts(self, files: Sequence[BinaryIO]) -> list[str]:
        bound = ("--size", str(files_size(self._config.limits))) if self._host.sizes else ()
        mounts = [
            *(*bound, "--tmpfs", "/"),
            *self._host.mounts,
            *("--proc", "/proc", "--dev", "/dev"),
            *(("--dev-bind-try", KVM, KVM) if Need.KVM in self._config.provides else ()),
            # The rest of /dev is a memory file system too, with a size of its own.
            *("--perms", "1777", *bound, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"),  # noqa: S108
            *("--perms", "1777", "--dir", "/tmp", "--perms", "1777", "--dir", "/var/tmp"),  # noqa: S108
            *("--dir", "/run", "--perms", "0700", "--dir", "/root", "--dir", "/nix"),
            *("--dir", str(WORKDIR), "--chdir", str(WORKDIR), "--setenv", "PATH", self._host.path),
        ]
        if (layer := self._layer()) is not None:
            seen = "/nix/store" if self._host.overlay else "/nix"
            mounts += ["--bind", layer.place, seen]
        if self._nix is not None:
            mounts += ["--bind", str(self._nix), "/nix"]
        for file in files:
            mounts += ["--file", str(file.fileno()), "/nix/var/nix/db/db.sqlite"]
        if self._nixpkgs is not None:
            mounts += ["--ro-bind", str(self._nixpkgs), str(NIXPKGS)]
        return mounts

    def _layer(self) -> Layer | None:
        if self._host.overlay:
            return Layer(lower="/nix/store", scratch="/nix/var", place="/nix/store")
        if self._warm is None:
            return None
        # The folder's name may have what the kernel takes for the end of it.
        lower = re.sub(r"([\\:,])", r"\\\1", str(self._warm))
        return Layer(lower=lower, scratch="/sys", place="/sys/nix")

    def channel(self, argv: Sequence[str]) -> Stream:
        """Run ``argv`` without a terminal, and return its stream."""
        namespaces = self._alive()
        try:
            return namespaces.run(argv, self._environment({}))
        except OSError as error:
            raise _gone(error) from error

    def _network(self) -> tuple[str, ...]:
        if self._config.network is not Network.FULL:
            return ("--unshare-net",)
        return ("--ro-bind-try", "/etc/resolv.conf", "/etc/resolv.conf")

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": self._host.path, **environment(self._config), **env}

    def _alive(self) -> Namespaces:
        if self._namespaces is None:
            raise _gone("it was stopped")
        if not self._namespaces.alive():
            raise _gone("its first process ended")
        return self._namespaces


def _not_started(why: object) -> SandboxError:
    return SandboxError(
        Slug.SANDBOX_START,
        f"bubblewrap did not start: {why}.",
        remedy="It needs user namespaces. Where the system forbids them to users, allow them:\n"
        "    sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0  # Ubuntu\n"
        "    sudo sysctl -w kernel.unprivileged_userns_clone=1  # older Debian\n"
        "or use --nix-sandbox=docker.",
    )


def _gone(why: object) -> SandboxError:
    return SandboxError(
        Slug.SANDBOX_GONE,
        f"The bubblewrap sandbox is gone: {why}.",
        remedy="Run it again; if it goes again, look at the machine's free memory.",
    )
