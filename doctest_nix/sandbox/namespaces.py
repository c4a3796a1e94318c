"""How a sandbox's namespaces come up, how programs get into them, and how they end."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import re
import resource
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from doctest_nix.config import Limits
from doctest_nix.sandbox.cgroup import Group
from doctest_nix.sandbox.host import Host

#: Seconds for namespaces to come up (5 ms where nothing is wrong), to go, and for a terminal to
#: take what is typed.
_PATIENCE = 30.0

#: Before bubblewrap: as root of a new user namespace.  No further user namespaces below it: they
#: are the kernel's widest door, and Docker's containers have none either.  A store of the host's
#: is put below a layer in memory.
_OUTSIDE = """\
{ echo 0 >/proc/sys/user/max_user_namespaces; } 2>/dev/null
if [ "$3" ]; then
  "$1" -t tmpfs -o "size=$2" none "$4" && mkdir -p "$4/up" "$4/work" "$5" &&
  "$1" -t overlay -o "lowerdir=$3,upperdir=$4/up,workdir=$4/work,userxattr" none "$5" || exit
fi
shift 5
exec "$@"
"""

#: The first program inside, which ends at once if nobody reads its pipe: we ended meanwhile.
_INSIDE = """\
{setup}
echo ready
exec sleep {seconds} >/dev/null 2>&1
"""

#: As many files a process may have open, if it asks for it; 1024 if not.
_OPEN_FILES = 16384

#: The height of a terminal.
_ROWS = 50

#: Linux's requests that Python's termios does not name: unlock a terminal, and open its peer
#: by the master, wherever its devpts is mounted.
_TIOCSPTLCK = 0x40045431
_TIOCGPTPEER = 0x5441

#: What Python ignores, and hands to no program.
_PYTHONS_OWN = (signal.SIGPIPE, signal.SIGXFSZ)

#: The kernel counts processes by user namespace since then; before, by user of the host, who may
#: have more than the limit already.
_COUNTS_BY_NAMESPACE = (5, 14)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A folder of the host below a layer in memory, as seen where bwrap starts.

    ``lower`` is the folder, ``place`` where both are seen together, and ``scratch`` a folder that
    nobody looks into there, for the memory file system.
    """

    lower: str
    scratch: str
    place: str


class Namespaces:
    """Running namespaces: their first process holds them, and its end is the end of all."""

    def __init__(
        self,
        host: Host,
        process: subprocess.Popen[bytes],
        first: int,
        limits: Sequence[str],
        group: Group,
    ) -> None:
        """Take over ``process``, which is bwrap, and ``first``, the host's id of its child.

        ``limits`` are options of ``prlimit`` for each program, which becomes one of ``group``.
        """
        self._host = host
        self._process = process
        self._first = first
        self._first_fd = os.pidfd_open(first)
        self._limits = limits
        self._group = group
        self._programs: set[Program] = set()

    def alive(self) -> bool:
        """Tell whether anything can run in them."""
        return self._process.poll() is None

    def run(self, argv: Sequence[str], env: Mapping[str, str]) -> Program:
        """Start a program inside on pipes, its output and errors being one.  Raises OSError."""
        command = self._enter(["--", *argv])
        reader, child_writes = os.pipe()
        child_reads, writer = os.pipe()
        os.set_blocking(reader, False)
        os.set_blocking(writer, False)
        return self._started(Program(command, env, (child_reads, child_writes), (reader, writer)))

    def attach(self, argv: Sequence[str], env: Mapping[str, str], columns: int) -> Program:
        """Start a program inside on a terminal of its own.  Raises OSError."""
        command = self._enter(["--ctty", "--", *argv])
        master, slave = self._terminal(columns)
        return self._started(Program(command, env, (slave,), (master,)))

    def end(self) -> None:
        """Kill all that runs inside, and return when it is gone.  Never raises."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._first_fd, signal.SIGKILL)
        for program in self._programs:
            program.close()
            program.wait()
        self._programs.clear()
        gone = select.poll()
        gone.register(self._first_fd, select.POLLIN)
        gone.poll(_PATIENCE * 1000)
        os.close(self._first_fd)
        _reap(self._process)

    def _started(self, program: Program) -> Program:
        for other in list(self._programs):
            if other.over():
                self._programs.discard(other)
        self._programs.add(program)
        return program

    def _enter(self, argv: Sequence[str]) -> list[str]:
        """Return the command that runs ``argv`` inside: no capabilities, a session of its own.

        ``argv`` starts with what ``setsid`` takes.
        """
        programs = self._host.programs
        spaces = ["--user", "--mount", "--uts", "--ipc", "--pid", "--cgroup"]
        # A network of the host's own is shared already, and cannot be entered from inside.
        if not Path(f"/proc/{self._first}/ns/net").samefile("/proc/self/ns/net"):
            spaces.append("--net")
        command = [
            *[programs["prlimit"], *self._limits, "--"],
            *[programs["nsenter"], f"--target={self._first}", *spaces],
            *["--preserve-credentials", "--wd", "--"],
            *[programs["setpriv"], "--no-new-privs", "--inh-caps=-all", "--bounding-set=-all"],
            *["--", programs["setsid"], *argv],
        ]
        return self._group.enter(self._host.as_account(command), programs["sh"])

    def _terminal(self, columns: int) -> tuple[int, int]:
        """Return master and slave of a new terminal of the sandbox's own /dev/pts, echo off."""
        devices = f"/proc/{self._first}/root/dev/pts/ptmx"
        master = os.open(devices, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC | os.O_NONBLOCK)
        slave = -1
        try:
            fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
            slave = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
            mode = termios.tcgetattr(slave)
            mode[3] &= ~termios.ECHO
            termios.tcsetattr(slave, termios.TCSANOW, mode)
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
            if self._host.account is not None:
                os.fchown(slave, self._host.account, -1)
        except (OSError, termios.error) as error:
            for each in (master, slave):
                with contextlib.suppress(OSError):
                    os.close(each)
            raise OSError(f"no terminal: {error}") from error
        return master, slave


def start(
    host: Host,
    arguments: Sequence[str],
    setup: str,
    *,
    spawner: Executor,
    limits: Limits,
    group: Group,
    seconds: int,
    layer: Layer | None = None,
    files: Sequence[BinaryIO] = (),
) -> Namespaces:
    """Bring up namespaces with bwrap's ``arguments``, and run ``setup`` in them first.

    ``spawner`` must be one thread that outlives them: the kernel ends them with it.  Without us
    they end after ``seconds``.  All that runs in them belongs to ``group``.  ``layer`` is put in
    place before bwrap runs.  ``files`` are those that ``arguments`` name by number.  Raises
    OSError with what bwrap said.
    """
    programs = host.programs
    with contextlib.ExitStack() as closing:
        info, info_write = (closing.enter_context(file) for file in _pipe())
        output, output_write = (closing.enter_context(file) for file in _pipe())
        # The sandbox can read its first command line; these name paths of the host.
        private = closing.enter_context(os.fdopen(os.memfd_create("bwrap"), "r+b"))
        every = [*arguments, "--die-with-parent", "--info-fd", str(info_write.fileno())]
        private.write("".join(f"{each}\0" for each in every).encode(errors="surrogateescape"))
        private.seek(0)
        command = [
            *[programs["unshare"], "--user", "--map-root-user", "--mount", "--"],
            *[programs["sh"], "-c", _OUTSIDE, "sh"],
            *[programs["mount"], str(files_size(limits))],
            *([layer.lower, layer.scratch, layer.place] if layer else ["", "", ""]),
            *[programs["bwrap"], "--args", str(private.fileno()), "/bin/sh", "-c"],
            _INSIDE.format(setup=setup, seconds=seconds),
        ]
        process = spawner.submit(
            subprocess.Popen,
            group.enter(host.as_account(command), programs["sh"]),
            stdin=subprocess.DEVNULL,
            stdout=output_write,
            stderr=subprocess.STDOUT,
            env={"PATH": host.path},
            cwd="/",
            pass_fds=[file.fileno() for file in (info_write, private, *files)],
        ).result()
        output_write.close()
        try:
            _wait_until_ready(output)
            first = json.loads(os.read(info.fileno(), 65536))["child-pid"]
            return Namespaces(host, process, first, _options(limits, group), group)
        except BaseException:
            _reap(process)
            raise


class Program:
    """A program inside, as a stream."""

    def __init__(
        self,
        command: Sequence[str],
        env: Mapping[str, str],
        theirs: tuple[int, ...],
        ours: tuple[int, ...],
    ) -> None:
        """Start ``command``; close its descriptors here, and take over ours.

        The first of each pair is read from, the last written to; a terminal is both.
        """
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
                # Only where it is needed: without it, Python need not copy itself.
                preexec_fn=_hear_all if _deaf_to() else None,  # noqa: PLW1509  it takes no lock
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
        """Hang up: the kernel tells the programs of a terminal.

        ``nsenter`` is left to go with its child.  A child without it would be for the host's
        first process to reap, which is slow in some machines and never done in others, and no
        process namespace ends before each of its processes is reaped.
        """
        if not self._closed:
            self._closed = True
            for each in (*self._ours, self._ended):
                os.close(each)
            self._process.send_signal(signal.SIGCONT)

    def over(self) -> bool:
        """Tell whether it ended, and forget its process if so."""
        return self._process.poll() is not None

    def wait(self) -> None:
        """Return when it ended, as it does with its namespaces; never raises.

        ``nsenter`` stops itself when its child is stopped, and must go on to see it killed.
        """
        for _ in range(round(_PATIENCE / 0.02)):
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(0.02)
                break
            self._process.send_signal(signal.SIGCONT)


def _deaf_to() -> list[int]:
    """Return the signals that we were started to ignore, as in a script's background.

    A program that inherits that cannot undo it, and would not hear Ctrl-C.
    """
    return [
        number
        for number in signal.valid_signals()
        if number not in _PYTHONS_OWN and signal.getsignal(number) is signal.SIG_IGN
    ]


def _hear_all() -> None:
    for number in _deaf_to():
        signal.signal(number, signal.SIG_DFL)


def _wait_until_ready(output: BinaryIO) -> None:
    """Return when ``ready`` is said; raises OSError with all that is said instead."""
    said = b""
    deadline = time.monotonic() + _PATIENCE
    arrived = select.poll()
    arrived.register(output, select.POLLIN)
    while arrived.poll(max(deadline - time.monotonic(), 0) * 1000):
        data = os.read(output.fileno(), 65536)
        said += data
        if said.endswith(b"ready\n"):
            return
        if not data:
            break
    raise OSError(said.decode(errors="replace").strip() or "it says nothing")


def _pipe() -> tuple[BinaryIO, BinaryIO]:
    reader, writer = os.pipe()
    return os.fdopen(reader, "rb"), os.fdopen(writer, "wb")


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


def files_size(limits: Limits) -> int:
    """Return the bytes that all files of a file system may have: they are memory."""
    return min(limits.disk, limits.memory)


def _options(limits: Limits, group: Group) -> list[str]:
    """Return what ``prlimit`` takes: what each process may use, where the group does not bound all.

    The group's bounds are better, also because the kernel counts when they are in the way.
    """
    open_files = min(_OPEN_FILES, resource.getrlimit(resource.RLIMIT_NOFILE)[1])
    options = [f"--nofile={min(1024, open_files)}:{open_files}", "--core=0"]
    if not group.bounds("memory"):
        options.append(f"--data={limits.memory}")
    release = re.match(r"(\d+)\.(\d+)", os.uname().release)
    counts = release and (int(release[1]), int(release[2])) >= _COUNTS_BY_NAMESPACE
    if counts and not group.bounds("pids"):
        options.append(f"--nproc={limits.processes}")
    return options
