"""Whose container is it: the mark of this process, and whether one is still alive."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

#: The label that every container of ours carries.
LABEL = "doctest-nix.owner"


def me() -> str:
    """Return this process's mark: the place it runs in, its id, and when it started."""
    return f"{_place()} {os.getpid()} {_started(os.getpid())}"


def alive(mark: str) -> bool:
    """Tell whether the process that ``mark`` names may be alive.

    True for marks of other machines, other boots and other process namespaces: they are not
    ours to judge, and their containers end by themselves.
    """
    place, _, rest = mark.partition(" ")
    pid, _, started = rest.partition(" ")
    if place != _place() or not pid.isdecimal():
        return True
    return _started(int(pid)) == started


def _place() -> str:
    """Return a digest of machine, boot and process namespace: where a process id has a meaning."""
    parts = [socket.gethostname()]
    for path in ("/etc/machine-id", "/proc/sys/kernel/random/boot_id"):
        try:
            parts.append(Path(path).read_text())
        except OSError:
            parts.append("")
    try:
        parts.append(os.readlink("/proc/self/ns/pid"))
    except OSError:
        parts.append("")
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _started(pid: int) -> str:
    """Return when a process started, in the kernel's ticks since boot; empty where it is gone.

    Where there is no /proc (macOS), the id alone must do.
    """
    if not Path("/proc/self/stat").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return ""
        except PermissionError:
            pass
        return "alive"
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ""
    # The name in parentheses may hold anything; `man proc` numbers the start time 22.
    return stat.rpartition(")")[2].split()[19]
