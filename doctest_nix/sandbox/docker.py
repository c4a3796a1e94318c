"""A document's sandbox as a container of any engine that speaks Docker's API."""

from __future__ import annotations

import io
import socket
import tarfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from secrets import token_hex
from typing import Any

import docker
import requests
from docker.errors import APIError, DockerException, NotFound
from docker.models.containers import Container

from doctest_nix.config import Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import (
    NIXPKGS,
    WORKDIR,
    Completed,
    Ended,
    Sandbox,
    Stream,
    environment,
)
from doctest_nix.sandbox.image import ENGINE_TIMEOUT, Progress, connect, ensure
from doctest_nix.sandbox.owner import LABEL, alive, me

#: Seconds that a container lives on after the document's own limit.
_SLACK = 120

_GONE = (DockerException, requests.RequestException, OSError)


class DockerProvider:
    """Containers of one image, all removed by `close` at the latest."""

    def __init__(self, config: Config, progress: Progress = lambda line: None) -> None:
        """Find the engine, fetch the image where it is missing, sweep what the dead left.

        Raises SandboxError: ENGINE_DOWN, IMAGE_MISSING.
        """
        self._config = config
        self._client = connect()
        ensure(self._client, config.image, progress)
        self._removals: list[threading.Thread] = []
        version = self._client.version()
        self.description = f"docker {version.get('Version', '?')}, image {config.image}"
        self._sweep()

    def create(self) -> Sandbox:
        """Return a container to be."""
        return DockerSandbox(self._client, self._config, self._removals)

    def close(self) -> None:
        """Wait for the removals that are under way, and hang up."""
        for removal in self._removals:
            removal.join(ENGINE_TIMEOUT)
        self._client.close()

    def _sweep(self) -> None:
        for container in self._client.containers.list(
            all=True, filters={"label": LABEL}, ignore_removed=True
        ):
            if not alive(container.labels[LABEL]):
                _remove(container)


class DockerSandbox:
    """One container; it removes itself when its time is up, whatever becomes of us."""

    def __init__(
        self, client: docker.DockerClient, config: Config, removals: list[threading.Thread]
    ) -> None:
        """Keep what `start` needs; ``removals`` collects the threads that `stop` leaves behind."""
        self._client = client
        self._config = config
        self._removals = removals
        self._container: Container | None = None

    def start(self) -> None:
        """Create and start the container."""
        config = self._config
        limits = config.limits
        mounts = []
        if config.nixpkgs is not None:
            mounts.append(
                docker.types.Mount(
                    str(NIXPKGS), str(config.nixpkgs.resolve()), type="bind", read_only=True
                )
            )
        try:
            self._container = self._client.containers.create(
                config.image,
                entrypoint=["sleep", str(round(config.document_timeout) + _SLACK)],
                command=[],
                labels={LABEL: me()},
                environment=environment(config),
                working_dir=str(WORKDIR),
                hostname="sandbox",
                init=True,
                auto_remove=True,
                network_mode="none",
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
                mem_limit=limits.memory,
                memswap_limit=limits.memory,
                pids_limit=limits.processes,
                nano_cpus=round(limits.cpus * 1e9),
                log_config=docker.types.LogConfig(type="none"),
                mounts=mounts,
            )
            self._container.start()
        except _GONE as error:
            self.stop()
            raise SandboxError(
                Slug.SANDBOX_START, f"The container did not start: {error}."
            ) from error

    def attach(self, argv: Sequence[str], env: Mapping[str, str]) -> Stream:
        """Run ``argv`` on a terminal of its own."""
        ready = token_hex(8)
        script = f'stty -echo cols {self._config.columns} rows 50; printf %s {ready}; exec "$@"'
        stream = self._exec(["sh", "-c", script, "sh", *argv], env, tty=True)
        deadline = time.monotonic() + ENGINE_TIMEOUT
        seen = b""
        try:
            while ready.encode() not in seen:
                data = stream.read(deadline - time.monotonic())
                if not data:
                    raise _gone(seen.decode(errors="replace"))
                seen += data
        except OSError as error:
            stream.close()
            raise _gone(error) from error
        stream.pending = seen.partition(ready.encode())[2]
        return stream

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float) -> Completed:
        """Run ``argv`` without a terminal."""
        began = time.monotonic()
        end = token_hex(8)
        command = f'head -c {len(stdin)} | "$@"' if stdin else '"$@" </dev/null'
        script = f'echo $$; {command}; printf "\\n%s %d" {end} $?'
        stream = self._exec(["sh", "-c", script, "sh", *argv], {}, tty=False)
        received = b""
        marker = f"\n{end} ".encode()
        ended = Ended.GONE
        try:
            stream.write(stdin)
            while True:
                left = began + timeout - time.monotonic()
                data = stream.read(max(left, 0.001))
                if not data:
                    break
                received += data
        except TimeoutError:
            ended = Ended.TIMEOUT
        except OSError as error:
            raise _gone(error) from error
        finally:
            stream.close()
        pid, _, output = received.partition(b"\n")
        output, found, status = output.rpartition(marker)
        if found:
            return Completed(
                output=output.decode(errors="surrogateescape"),
                exit_code=int(status),
                seconds=time.monotonic() - began,
                ended=Ended.EXITED,
            )
        if ended is Ended.TIMEOUT:
            self._kill(int(pid))
        return Completed(
            output=status.decode(errors="surrogateescape"),
            exit_code=None,
            seconds=time.monotonic() - began,
            ended=ended,
        )

    def put(self, path: PurePosixPath, data: bytes) -> None:
        """Write a file."""
        script = 'mkdir -p "$(dirname "$1")" && cat >"$1"'
        done = self.run(["sh", "-c", script, "sh", str(path)], stdin=data, timeout=ENGINE_TIMEOUT)
        if done.exit_code != 0:
            raise OSError(done.output)

    def get(self, path: PurePosixPath) -> bytes:
        """Return a file's bytes."""
        try:
            chunks, _ = self._running.get_archive(str(WORKDIR / path))
            with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
                member = archive.next()
                file = None if member is None else archive.extractfile(member)
                if file is None:
                    raise OSError(f"not a file: {path}")
                return file.read()
        except NotFound as error:
            raise FileNotFoundError(str(path)) from error
        except APIError as error:
            raise _gone(error) from error

    def stop(self) -> None:
        """Remove the container, off the critical path."""
        container, self._container = self._container, None
        if container is not None:
            removal = threading.Thread(target=_remove, args=[container])
            removal.start()
            self._removals.append(removal)

    @property
    def _running(self) -> Container:
        if self._container is None:
            raise _gone("it was stopped")
        return self._container

    def _exec(self, argv: Sequence[str], env: Mapping[str, str], *, tty: bool) -> _Stream:
        api = self._client.api
        try:
            made = api.exec_create(
                self._running.id,
                list(argv),
                stdin=True,
                tty=tty,
                environment=dict(env),
                workdir=str(WORKDIR),
            )
            sock = api.exec_start(made["Id"], tty=tty, socket=True)
        except _GONE as error:
            raise _gone(error) from error
        return _Stream(sock) if tty else _Frames(sock)

    def _kill(self, pid: int) -> None:
        self._running.exec_run(["sh", "-c", f"kill -9 -{pid}"])


class _Stream:
    """An exec's byte stream, straight from its socket."""

    def __init__(self, sock: Any) -> None:
        self._owner = sock
        self._socket: socket.socket = getattr(sock, "_sock", sock)
        self.pending = b""
        # Bytes that came with the HTTP header wait in the response's own buffer.
        fp = getattr(getattr(getattr(sock, "_response", None), "raw", None), "_fp", None)
        reader = getattr(fp, "fp", None)
        if hasattr(reader, "peek"):
            self._socket.settimeout(0)
            try:
                self.pending = bytes(reader.peek())
            except OSError:
                pass

    def read(self, timeout: float) -> bytes:
        if self.pending:
            data, self.pending = self.pending, b""
            return data
        self._socket.settimeout(max(timeout, 0.0001))
        try:
            return self._socket.recv(65536)
        except ConnectionError:
            return b""

    def write(self, data: bytes) -> None:
        self._socket.settimeout(ENGINE_TIMEOUT)
        self._socket.sendall(data)

    def close(self) -> None:
        self._socket.close()
        self._owner.close()


class _Frames(_Stream):
    """The same, where the engine frames stdout and stderr: eight bytes of head each."""

    _left = 0
    _head = b""

    def read(self, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        while True:
            data = super().read(deadline - time.monotonic())
            if not data:
                return data
            if self._left == 0:
                self._head += data
                if len(self._head) < 8:
                    continue
                self._left = int.from_bytes(self._head[4:8], "big")
                data, self._head = self._head[8:], b""
                if not data:
                    continue
            body, rest = data[: self._left], data[self._left :]
            self._left -= len(body)
            self.pending = rest
            return body


def _remove(container: Container) -> None:
    try:
        container.remove(force=True)
    except _GONE:
        pass


def _gone(why: object) -> SandboxError:
    return SandboxError(Slug.SANDBOX_GONE, f"The container is gone: {why}.")
