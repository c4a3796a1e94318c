"""How a sandbox's namespaces come up, how programs get into them, and how they end."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from typing import BinaryIO, Self

from doctest_nix.sandbox.host import Host

#: Seconds for namespaces to come up (5 ms where nothing is wrong), to go, and for a terminal to
#: take what is typed.
_PATIENCE = 30.0

#: Before bubblewrap: as root of a new user namespace.  No further user namespaces below it: they
#: are the kernel's widest door, and Docker's containers have none either.  Where Nix lives in the
#: host's store, that is put below a layer in memory.
_OUTSIDE = """\
{ echo 0 >/proc/sys/user/max_user_namespaces; } 2>/dev/null
if [ "$1" = overlay ]; then
  "$2" -t tmpfs -o "size=$3" none /nix/var && mkdir /nix/var/up /nix/var/work &&
  "$2" -t overlay -o lowerdir=/nix/store,upperdir=/nix/var/up,workdir=/nix/var/work,userxattr \\
    none /nix/store || exit
fi
shift 3
exec "$@"
"""

#: The first program inside, which ends at once if nobody reads its pipe: we ended meanwhile.
_INSIDE = """\
{setup}
echo ready
exec sleep {seconds} >/dev/null 2>&1
"""

#: Linux's requests that Python's termios does not name: unlock a terminal, and open its peer
#: by the master, wherever its devpts is mounted.
_TIOCSPTLCK = 0x40045431
_TIOCGPTPEER = 0x5441

#: The kernel counts processes by user namespace since then; before, by user of the host, who may
#: have more than the limit already.
_COUNTS_BY_NAMESPACE = (5, 14)


class Namespaces:
    """Running namespaces: their first process holds them, and its end is the end of all."""

    def __init__(self, host: Host, process: subprocess.Popen[bytes], first: int) -> None:
        """Take over ``process``, which is bwrap, and ``first``, the host's id of its child."""
        self._host = host
        self._process = process
        self._first = first
        self._first_fd = os.pidfd_open(first)

    def alive(self) -> bool:
        """Tell whether anything can run in them."""
        return self._process.poll() is None

    def enter(self, argv: Sequence[str], *, memory: int, processes: int) -> list[str]:
        """Return the command that runs ``argv`` inside: no capabilities, a session of its own.

        ``argv`` starts with what ``setsid`` takes.
        """
        programs = self._host.programs
        limits = [f"--data={memory}", "--core=0"]
        if _kernel() >= _COUNTS_BY_NAMESPACE:
            limits.append(f"--nproc={processes}")
        spaces = ("--user", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
        return self._host.as_account(
            [
                *[programs["prlimit"], *limits, "--"],
                *[programs["nsenter"], f"--target={self._first}", *spaces],
                *["--preserve-credentials", "--wd", "--"],
                *[programs["setpriv"], "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"],
                *["--", programs["setsid"], *argv],
            ]
        )

    def terminal(self, columns: int, rows: int) -> tuple[int, int]:
        """Return master and slave of a new terminal of the sandbox's own /dev/pts, echo off."""
        devices = f"/proc/{self._first}/root/dev/pts/ptmx"
        master = os.open(devices, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
            slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
        except OSError:
            os.close(master)
            raise
        mode = termios.tcgetattr(slave)
        mode[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, mode)
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        if self._host.account is not None:
            os.fchown(slave, self._host.account, -1)
        return master, slave

    def end(self) -> None:
        """Kill all that runs inside, and return when it is gone.  Never raises."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._first_fd, signal.SIGKILL)
        gone = select.poll()
        gone.register(self._first_fd, select.POLLIN)
        gone.poll(_PATIENCE * 1000)
        os.close(self._first_fd)
        _reap(self._process)


def start(
    host: Host,
    arguments: Sequence[str],
    setup: str,
    *,
    spawner: Executor,
    size: int,
    seconds: int,
    files: Sequence[BinaryIO] = (),
) -> Namespaces:
    """Bring up namespaces with bwrap's ``arguments``, and run ``setup`` in them first.

    ``spawner`` must be one thread that outlives them: the kernel ends them with it.  ``size``
    bounds what is written to the store's layer, in bytes; they end after ``seconds``.  ``files``
    are those that ``arguments`` name by number.  Raises OSError with what bwrap said.
    """
    programs = host.programs
    with contextlib.ExitStack() as closing:
        info, info_write = os.pipe()
        closing.callback(os.close, info)
        closing.callback(os.close, info_write)
        # The sandbox can read its first command line; these name paths of the host.
        private = closing.enter_context(os.fdopen(os.memfd_create("bwrap"), "r+b"))
        every = [*arguments, "--die-with-parent", "--info-fd", str(info_write)]
        private.write("".join(f"{each}\0" for each in every).encode(errors="surrogateescape"))
        private.seek(0)
        process = spawner.submit(
            subprocess.Popen,
            host.as_account(
                [
                    *[programs["unshare"], "--user", "--map-root-user", "--mount", "--"],
                    *[programs["sh"], "-c", _OUTSIDE, "sh"],
                    *["overlay" if host.overlay else "none", programs["mount"], str(size)],
                    *[programs["bwrap"], "--args", str(private.fileno()), "/bin/sh", "-c"],
                    _INSIDE.format(setup=setup, seconds=seconds),
                ]
            ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": host.path},
            cwd="/",
            pass_fds=[info_write, private.fileno(), *(file.fileno() for file in files)],
        ).result()
        try:
            said = _until_ready(process)
            if not said.endswith(b"ready\n"):
                raise OSError(said.decode(errors="replace").strip() or "it says nothing")
            return Namespaces(host, process, json.loads(os.read(info, 65536))["child-pid"])
        except BaseException:
            _reap(process)
            raise


class Program:
    """A program inside, as a stream."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str]) -> None:
        """Start ``command`` on two pipes, its output and errors being one of them."""
        reader, child_writes = os.pipe()
        child_reads, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        self._begin(command, env, (child_reads, child_writes), (reader, writer))

    @classmethod
    def on_terminal(
        cls, command: Sequence[str], env: Mapping[str, str], terminal: tuple[int, int]
    ) -> Self:
        """Start ``command`` on the slave of ``terminal``, which this takes over."""
        program = cls.__new__(cls)
        master, slave = terminal
        program._begin(command, env, (slave,), (master,))
        return program

    def _begin(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        theirs: tuple[int, ...],
        ours: tuple[int, ...],
    ) -> None:
        self._ours = ours
        self._reader, self._writer = ours[0], ours[-1]
        try:
            self._process = subprocess.Popen(
                command,
                stdin=theirs[0],
                stdout=theirs[-1],
                stderr=theirs[-1],
                env=env,
                cwd="/",
                start_new_session=True,
            )
        except BaseException:
            for each in ours:
                os.close(each)
            raise
        finally:
            for each in theirs:
                os.close(each)
        self._ended = os.pidfd_open(self._process.pid)
        self._closed = False

    def read(self, timeout: float) -> bytes:
        """Return what arrived.  The end is the program's own: others may hold its output open."""
        if self._closed:
            return b""
        arrived = select.poll()
        arrived.register(self._reader, select.POLLIN)
        arrived.register(self._ended, select.POLLIN)
        if not arrived.poll(max(timeout, 0) * 1000):
            raise TimeoutError(f"nothing arrived within {timeout:.3f} seconds")
        try:
            return os.read(self._reader, 65536)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EIO:  # so a terminal says that its last program is gone
                return b""
            raise

    def write(self, data: bytes) -> None:
        """Type all of ``data``; raises OSError where nobody takes it."""
        if self._closed:
            raise BrokenPipeError("the program is gone")
        taken = select.poll()
        taken.register(self._writer, select.POLLOUT)
        taken.register(self._ended, select.POLLIN)
        deadline = time.monotonic() + _PATIENCE
        while data:
            ready = dict(taken.poll(max(deadline - time.monotonic(), 0) * 1000))
            if not ready:
                raise TimeoutError(f"nobody took {len(data)} bytes within {_PATIENCE:.0f} seconds")
            if self._ended in ready:
                raise BrokenPipeError("the program is gone")
            data = data[os.write(self._writer, data) :]

    def close(self) -> None:
        """Hang up: the kernel tells the programs of a terminal."""
        if not self._closed:
            self._closed = True
            for each in (*self._ours, self._ended):
                os.close(each)
            self._process.kill()
            self._process.wait()


def _until_ready(process: subprocess.Popen[bytes]) -> bytes:
    """Return what it prints up to ``ready``, or to its end, or until patience ends."""
    said = b""
    if process.stdout is not None:
        deadline = time.monotonic() + _PATIENCE
        arrived = select.poll()
        arrived.register(process.stdout, select.POLLIN)
        while not said.endswith(b"ready\n"):
            if not arrived.poll(max(deadline - time.monotonic(), 0) * 1000):
                break
            data = os.read(process.stdout.fileno(), 65536)
            if not data:
                break
            said += data
    return said


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _kernel() -> tuple[int, int]:
    major, minor = os.uname().release.split(".")[:2]
    return int(major), int("".join(filter(str.isdigit, minor)) or 0)
