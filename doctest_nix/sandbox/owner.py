"""Whose container is it: the mark of this process, and whether one is still alive."""

from __future__ import annotations

import contextlib
import hashlib
import os
import socket
from pathlib import Path

#: The label that every container of ours carries.
LABEL = "doctest-nix.owner"

_PROC = Path("/proc")


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
    for path in (Path("/etc/machine-id"), _PROC / "sys/kernel/random/boot_id"):
        with contextlib.suppress(OSError):
            parts.append(path.read_text())
    with contextlib.suppress(OSError):
        parts.append(os.readlink(_PROC / "self/ns/pid"))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def _started(pid: int) -> str:
    """Return when a process started, in the kernel's ticks since boot; empty where it is gone.

    Where there is no /proc (macOS), the id alone must do.
    """
    if not (_PROC / "self" / "stat").exists():
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return ""
        except PermissionError:
            pass
        return "alive"
    try:
        stat = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return ""
    # The name in parentheses may hold anything; `man proc` numbers the start time 22.
    return stat.rpartition(")")[2].split()[19]
