"""A document's sandbox as one container of an engine that speaks Docker's API."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePosixPath
from secrets import token_hex

import docker
from docker.errors import NotFound
from docker.types import LogConfig, Mount, Ulimit

from doctest_nix.attempt import Attempt
from doctest_nix.config import Config, Limit, Limits, Need, Network
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import (
    KVM,
    WORKDIR,
    Completed,
    Ended,
    Stream,
    environment,
    signs,
)
from doctest_nix.sandbox.cgroup import EVENTS, counted, grown
from doctest_nix.sandbox.connection import Connection, FramedConnection, RemoteTerminal
from doctest_nix.sandbox.courier import GO, Courier
from doctest_nix.sandbox.image import ENGINE_TROUBLE, first_line
from doctest_nix.sandbox.owner import LABEL, me
from doctest_nix.sandbox.store import given
from doctest_nix.sandbox.way_out import WayOut

#: Seconds that a container outlives all limits of documents, if nobody removes it before.
_SLACK = 120

#: Seconds that the engine has to remove a container.
_PATIENCE = 30.0

#: The size of a terminal, and no echo; then its program, once somebody listens.
_TERMINAL = """\
read -r _
stty -echo cols {columns} rows 50 && printf '%s %d\\n' {mark} $$ && exec "$@"
"""

#: Seconds that the main process has to tell the kernel's counts; it may be short of time itself.
_ANSWER = 10.0

#: The main process: it reads what we hold open, so that it ends with us, or when its time is over.
#: Asked for a line, it tells the kernel's counts, with no program but itself: there may be none
#: to be had.
_MAIN = """\
for each in cat head mkdir rm stty timeout wc; do
  command -v $each >/dev/null || {{ echo "it has no $each"; exit 1; }}
done
{setup}
echo ready
exec timeout {seconds} sh -c 'while read -r mark; do
  for file in {events}; do
    while read -r line; do echo "$file $line"; done </sys/fs/cgroup/$file
  done 2>/dev/null
  echo "$mark"
done'
"""

#: Nix as root needs no capability: it owns its store, and with no build users and no sandbox of
#: its own it neither changes user nor mounts (2.26 evaluates, builds, optimises and collects
#: garbage without).  But a root's tar gives files to the archive's users, and then root must
#: still be able to change and replace them: these three, or no source archive can be built.
CAPABILITIES = ("CHOWN", "DAC_OVERRIDE", "FOWNER")


class DockerSandbox:
    """One container.

    Its main process reads a stream that we hold open, and gives up when the document's time is
    over: when this process ends, however it ends, the container ends and the engine removes it.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        config: Config,
        mounts: list[Mount],
        *,
        storage: Mapping[str, str],
        aside: ThreadPoolExecutor,
        page: str,
    ) -> None:
        """Keep what `start` needs; ``aside`` does what nobody waits for.

        ``storage`` are the options by which the engine bounds its disk, none where it does not.
        ``page`` is the key of the page whose fetch cache the image has, ``""`` where it has none.
        """
        self.warmed = bool(page)
        self._page = page
        self._client = client
        self._config = config
        self._mounts = mounts
        self._storage = storage
        self._aside = aside
        self._container = ""
        self._filled = False
        self._counted: Mapping[Limit, int] = {}
        self._tether: Connection | None = None
        self._terminals: list[RemoteTerminal] = []
        self._courier = Courier(self.channel, longest=config.limits.output)
        self._way_out = WayOut(config, self.channel)

    def start(self) -> None:
        """Create and start the container."""
        config = self._config
        limits = config.limits
        # It may wait while the page before has all its time.
        seconds = round(2 * config.document_timeout) + _SLACK
        main = _MAIN.format(seconds=seconds, events=" ".join(EVENTS), setup=given(self._page))
        try:
            container = self._client.containers.create(
                config.image,
                entrypoint=["sh", "-c", main],
                command=[],
                stdin_open=True,
                init=True,
                auto_remove=True,
                labels={LABEL: me()},
                user="0:0",
                runtime=config.runtime,
                environment=environment(config),
                working_dir=str(WORKDIR),
                hostname="sandbox",
                network_mode="bridge" if config.network is Network.FULL else "none",
                mounts=self._mounts,
                devices=[f"{KVM}:{KVM}:rwm"] if Need.KVM in config.provides else [],
                cap_drop=["ALL"],
                cap_add=list(CAPABILITIES),
                security_opt=["no-new-privileges"],
                mem_limit=limits.memory,
                memswap_limit=limits.memory,
                pids_limit=limits.processes,
                nano_cpus=round(limits.cpus * 1e9),
                shm_size=limits.memory,
                ulimits=_ulimits(limits),
                storage_opt=dict(self._storage),
                log_config=LogConfig(type="none"),
            )
            self._container = str(container.id)
            ends = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            self._tether = FramedConnection(self._client.api.attach_socket(self._container, ends))
            container.start()
            self._tether.read_to(b"ready\n")
            self._way_out.open()
        except ENGINE_TROUBLE as error:
            self.stop()
            raise not_started(config.image, error) from error
        except BaseException:
            self.stop()
            raise

    def attach(self, argv: Sequence[str], env: Mapping[str, str]) -> Stream:
        """Run ``argv`` on a terminal that the engine makes."""
        mark = token_hex(8)
        script = _TERMINAL.format(columns=self._config.columns, mark=mark)
        connection = self._exec(["sh", "-c", script, "sh", *argv], env, WORKDIR, terminal=True)
        try:
            connection.write(GO)
            connection.read_to(f"{mark} ".encode())
            leader = connection.read_to(b"\r\n")
        except OSError as error:
            connection.close()
            raise self._gone(error) from error
        terminal = RemoteTerminal(connection, lambda: self._later(self._hang_up, int(leader)))
        self._terminals.append(terminal)
        return terminal

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float) -> Completed:
        """Run ``argv`` in an exec of its own."""
        try:
            done = self._courier.run(argv, stdin=stdin, timeout=timeout)
        except OSError as error:
            raise self._gone(error) from error
        if done.ended is Ended.GONE:
            self._check()
        return done

    def put(self, path: PurePosixPath, data: bytes) -> None:
        """Write a file."""
        with self._checked():
            self._courier.put(path, data)

    def get(self, path: PurePosixPath) -> bytes:
        """Return a file's bytes."""
        with self._checked():
            return self._courier.get(path)

    def exceeded(self, said: str = "") -> Limit | None:
        """Ask the container for the kernel's counts, and the engine where it is gone."""
        if self._filled:
            return Limit.DISK
        before = self._counted
        mark = token_hex(8)
        try:
            if self._tether is None:
                return None
            self._tether.write(f"{mark}\n".encode())
            lines = self._tether.read_to(f"{mark}\n".encode(), patience=_ANSWER)
        except OSError:
            return Limit.MEMORY if self._was_killed() else None
        self._counted = counted(lines.decode(errors="replace").splitlines())
        if limit := grown(before, self._counted):
            return limit
        # A disk that is full is the page's doing only where it has a bound of its own.
        full = self._storage and signs.complaint(said) is Limit.DISK
        return Limit.DISK if full or signs.is_file_too_large(said) else None

    def end_for_disk(self, container: str) -> None:
        """End ``container``, if it is this one: it has written more than it may."""
        if container == self._container:
            self._filled = True
            with contextlib.suppress(*ENGINE_TROUBLE):
                self._client.api.kill(container)

    def attempts(self) -> tuple[Attempt, ...]:
        """Return what programs in it tried to reach."""
        return self._way_out.attempts

    def stop(self) -> None:
        """Remove the container; `DockerProvider.close` waits until it is gone."""
        self._way_out.close()
        container, self._container = self._container, ""
        self._courier.close()
        for terminal in self._terminals:
            terminal.close()
        if self._tether is not None:
            self._tether.close()
        if container:
            self._later(remove, self._client, container)

    def _was_killed(self) -> bool:
        """Tell whether the engine saw the kernel kill a program of the container for memory."""
        seen = {"container": [self._container], "event": ["oom"]}
        try:
            events = self._client.api.events(since=0, until=int(time.time()) + 1, filters=seen)
            with contextlib.closing(events):
                return any(events)
        except ENGINE_TROUBLE:
            return False

    def _hang_up(self, pid: int) -> None:
        if self._container:
            with contextlib.suppress(SandboxError, OSError):
                self._courier.signal(pid, "HUP")

    def _later(self, work: Callable[..., None], *arguments: object) -> None:
        """Do it while nobody waits; now, where the provider is closed already."""
        try:
            self._aside.submit(work, *arguments)
        except RuntimeError:
            work(*arguments)

    def channel(self, argv: Sequence[str]) -> Stream:
        """Run ``argv`` without a terminal, and return its stream."""
        return self._exec(argv, {}, PurePosixPath("/"), terminal=False)

    def _exec(
        self, argv: Sequence[str], env: Mapping[str, str], cwd: PurePosixPath, *, terminal: bool
    ) -> Connection:
        if not self._container:
            raise self._gone("it was stopped")
        api = self._client.api
        try:
            made = api.exec_create(
                self._container,
                list(argv),
                stdin=True,
                tty=terminal,
                environment=dict(env),
                workdir=str(cwd),
            )
            answer = api.exec_start(made["Id"], tty=terminal, socket=True)
        except ENGINE_TROUBLE as error:
            raise self._gone(error) from error
        return Connection(answer) if terminal else FramedConnection(answer)

    @contextlib.contextmanager
    def _checked(self) -> Iterator[None]:
        """Tell a sandbox that is gone from one that refuses."""
        try:
            yield
        except OSError:
            self._check()
            raise

    def _check(self) -> None:
        """Raise SandboxError where the container does not run."""
        if not self._container:
            raise self._gone("it was stopped")
        try:
            state = self._client.api.inspect_container(self._container)["State"]
        except ENGINE_TROUBLE as error:
            raise self._gone(error) from error
        if not state["Running"]:
            raise self._gone("it ended")

    def _gone(self, why: object) -> SandboxError:
        slug = Slug.SANDBOX_GONE
        try:
            self._client.api.ping()
        except ENGINE_TROUBLE:
            slug = Slug.ENGINE_DOWN
        return SandboxError(
            slug,
            f"The container of image {self._config.image} does not answer: {first_line(why)}.",
            remedy="Run it again; if it goes again, look at the engine's log and its free memory.",
        )


def _ulimits(limits: Limits) -> list[Ulimit]:
    """Return what each process may use; the cgroup limits what all of them may."""
    # The kernel counts processes by user: with rootless engines those of several containers, and
    # with others none at all.  It is there because Podman else sets one that only a service with
    # CAP_SYS_RESOURCE may set.
    processes = 8 * limits.processes
    # No file may be larger than all of them together: such a one is refused before it is written.
    return [
        Ulimit(name="fsize", soft=limits.disk, hard=limits.disk),
        Ulimit(name="nofile", soft=1024, hard=16384),
        Ulimit(name="nproc", soft=processes, hard=processes),
        Ulimit(name="core", hard=0),
    ]


def remove(client: docker.DockerClient, container: str) -> None:
    """Remove a container, and return when it is gone; never raises."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        try:
            client.api.remove_container(container, force=True, v=True)
        except NotFound:
            return
        except ENGINE_TROUBLE:
            # It removes itself at the same moment: 409 until it is done.
            time.sleep(0.02)
        else:
            return


def not_started(image: str, error: BaseException) -> SandboxError:
    """Return the error that says so, and what may help."""
    return SandboxError(
        Slug.SANDBOX_START,
        f"A container of the image {image} did not start: {first_line(error)}.",
        remedy="The image needs sh, bash, coreutils and Nix on its PATH, as nixos/nix and\n"
        "images of `doctest-nix image build` have them. Whether the engine starts it at all:\n"
        f"    docker run --rm --network none {image} true\n"
        "Or use none: --nix-sandbox=bubblewrap",
    )
