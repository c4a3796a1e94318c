"""A document's sandbox with no engine: the host's Nix in namespaces that bubblewrap makes."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from shutil import which
from typing import BinaryIO

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

_PATH = "/usr/bin:/bin:/usr/sbin:/sbin"
_START_TIMEOUT = 30
_SLACK = 120

_INIT = """
printf 'root:x:0:0:root:/home/user:/bin/bash\\nnobody:x:65534:65534:nobody:/:/bin/false\\n' >/etc/passwd
printf 'root:x:0:\\nnogroup:x:65534:\\n' >/etc/group
printf '127.0.0.1 localhost sandbox\\n' >/etc/hosts
echo ready
exec sleep "$1" >/dev/null 2>&1
"""


class BubblewrapProvider:
    """Sandboxes of the host's own Nix."""

    def __init__(self, config: Config) -> None:
        """Find bubblewrap and Nix, and try them once.

        Raises SandboxError: BUBBLEWRAP_MISSING, NIX_MISSING, SANDBOX_START.
        """
        if which("bwrap") is None:
            raise SandboxError(
                Slug.BUBBLEWRAP_MISSING,
                "There is no bwrap on PATH.",
                remedy="Install bubblewrap: apt install bubblewrap",
            )
        if which("nix-instantiate") is None:
            raise SandboxError(
                Slug.NIX_MISSING,
                "There is no Nix on PATH.",
                remedy="Install Nix: apt install nix-bin",
            )
        self._config = config
        # The kernel kills a --die-with-parent child when the *thread* that made it ends.
        self._spawner = ThreadPoolExecutor(1, "doctest-nix-bwrap")
        probe = self.create()
        try:
            probe.start()
            version = probe.run(["nix", "--version"], timeout=_START_TIMEOUT).output.strip()
        finally:
            probe.stop()
        self.description = f"bubblewrap, {version}"

    def create(self) -> Sandbox:
        """Return a sandbox to be."""
        return BubblewrapSandbox(self._config, self._spawner)

    def close(self) -> None:
        """End the thread that owns the sandboxes, and with it what is left of them."""
        self._spawner.shutdown()


class BubblewrapSandbox:
    """One set of namespaces."""

    def __init__(self, config: Config, spawner: ThreadPoolExecutor) -> None:
        """Keep what `start` needs."""
        self._config = config
        self._spawner = spawner
        self._process: subprocess.Popen[bytes] | None = None
        self._pid = 0

    def start(self) -> None:
        """Make the namespaces, and wait until they are whole."""
        info_read, info_write = os.pipe()
        errors = tempfile.TemporaryFile()
        argv = [
            *["bwrap", "--unshare-all", "--die-with-parent", "--uid", "0", "--gid", "0"],
            *["--hostname", "sandbox", "--cap-drop", "ALL", "--clearenv"],
            *["--tmpfs", "/", "--proc", "/proc", "--dev", "/dev", "--ro-bind", "/usr", "/usr"],
            *["--dir", "/etc", "--ro-bind-try", "/etc/alternatives", "/etc/alternatives"],
            *["--ro-bind-try", "/etc/ssl", "/etc/ssl"],
            *["--ro-bind-try", "/etc/ld.so.cache", "/etc/ld.so.cache"],
            *["--perms", "1777", "--tmpfs", "/tmp", "--dir", "/nix", "--dir", "/root"],
            *["--dir", str(WORKDIR), "--chdir", str(WORKDIR)],
            *["--setenv", "PATH", _PATH, "--info-fd", str(info_write)],
        ]
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            path = Path("/", name)
            if path.is_symlink():
                argv += ["--symlink", os.readlink(path), str(path)]
            elif path.exists():
                argv += ["--ro-bind", str(path), str(path)]
        if self._config.nixpkgs is not None:
            argv += ["--ro-bind", str(self._config.nixpkgs.resolve()), str(NIXPKGS)]
        argv += ["/bin/sh", "-c", _INIT, "sh", str(round(self._config.document_timeout) + _SLACK)]
        try:
            self._process = self._spawner.submit(
                subprocess.Popen,
                argv,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                pass_fds=[info_write],
            ).result()
            os.close(info_write)
            assert self._process.stdout is not None
            ready = self._process.stdout.readline()
            with open(info_read) as info:
                text = info.read() if ready else ""
            if not ready:
                errors.seek(0)
                raise SandboxError(
                    Slug.SANDBOX_START,
                    f"bubblewrap did not start: {errors.read().decode(errors='replace').strip()}.",
                )
            self._pid = json.loads(text)["child-pid"]
        except BaseException:
            self.stop()
            raise

    def attach(self, argv: Sequence[str], env: Mapping[str, str]) -> Stream:
        """Run ``argv`` on a terminal of its own, one of the sandbox's /dev/pts."""
        if self._process is None or self._process.poll() is not None:
            raise _gone()
        pts = f"/proc/{self._pid}/root/dev/pts/ptmx"
        master = os.open(pts, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC | os.O_NONBLOCK)
        fcntl.ioctl(master, 0x40045431, struct.pack("i", 0))
        slave = fcntl.ioctl(master, 0x5441, os.O_RDWR | os.O_NOCTTY)  # TIOCGPTPEER
        mode = termios.tcgetattr(slave)
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        size = struct.pack("HHHH", 50, self._config.columns, 0, 0)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, size)
        process = subprocess.Popen(
            self._inside(["setsid", "--ctty", *argv]),
            env=self._environment(env),
            stdin=slave,
            stdout=slave,
            stderr=slave,
        )
        os.close(slave)
        return _Terminal(master, process)

    def run(self, argv: Sequence[str], *, stdin: bytes = b"", timeout: float) -> Completed:
        """Run ``argv`` without a terminal."""
        if self._process is None or self._process.poll() is not None:
            raise _gone()
        began = time.monotonic()
        process = subprocess.Popen(
            self._inside(argv),
            env=self._environment({}),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        ended, code = Ended.EXITED, None
        try:
            output, _ = process.communicate(stdin, timeout)
            code = process.returncode
        except subprocess.TimeoutExpired:
            ended = Ended.TIMEOUT
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
        return Completed(
            output=output.decode(errors="surrogateescape"),
            exit_code=code,
            seconds=time.monotonic() - began,
            ended=ended,
        )

    def put(self, path: PurePosixPath, data: bytes) -> None:
        """Write a file."""
        script = 'mkdir -p "$(dirname "$1")" && cat >"$1"'
        done = self.run(["sh", "-c", script, "sh", str(path)], stdin=data, timeout=_START_TIMEOUT)
        if done.exit_code != 0:
            raise OSError(done.output)

    def get(self, path: PurePosixPath) -> bytes:
        """Return a file's bytes."""
        done = self.run(["cat", str(path)], timeout=_START_TIMEOUT)
        if done.exit_code != 0:
            raise FileNotFoundError(done.output)
        return done.output.encode(errors="surrogateescape")

    def stop(self) -> None:
        """Kill everything inside."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            if process.stdout is not None:
                process.stdout.close()

    def _inside(self, argv: Sequence[str]) -> list[str]:
        target = str(self._pid)
        return [
            *["nsenter", "--target", target, "-U", "-m", "-p", "-n", "-i", "-u", "-C"],
            *["--preserve-credentials", "-w", "--"],
            *["setpriv", "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all", "--"],
            *argv,
        ]

    def _environment(self, env: Mapping[str, str]) -> dict[str, str]:
        return {"PATH": _PATH, **environment(self._config), **env}


class _Terminal:
    """The master side of a pseudo-terminal."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self._master = master
        self._process = process
        self._poll = select.poll()
        self._poll.register(master, select.POLLIN)
        self._leader = os.pidfd_open(process.pid)
        self._poll.register(self._leader, select.POLLIN)

    def read(self, timeout: float) -> bytes:
        ready = dict(self._poll.poll(max(timeout, 0) * 1000))
        if not ready:
            raise TimeoutError
        try:
            return os.read(self._master, 65536)
        except BlockingIOError:
            return b""  # the leader ended and its output is read; others may hold the terminal
        except OSError as error:
            if error.errno == errno.EIO:
                return b""
            raise

    def write(self, data: bytes) -> None:
        ready = select.poll()
        ready.register(self._master, select.POLLOUT)
        while data:
            if not ready.poll(60_000):
                raise TimeoutError
            data = data[os.write(self._master, data) :]

    def close(self) -> None:
        if self._master >= 0:
            os.close(self._master)
            os.close(self._leader)
            self._master = -1
            self._process.kill()
            self._process.wait()


def _gone() -> SandboxError:
    return SandboxError(Slug.SANDBOX_GONE, "The sandbox is gone.")
