"""What bounds the processes of a sandbox together: the kernel's control groups, which count too."""

from __future__ import annotations

import contextlib
import re
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from doctest_nix.config import Limit, Limits
from doctest_nix.sandbox.owner import alive, me

#: Seconds that the kernel has to forget the last process of a group.
_PATIENCE = 5.0

_CONTROLLERS = ("memory", "pids", "cpu")

#: The period over which processor time is counted out, in microseconds.
_PERIOD = 100_000

#: Puts itself into each group before ``--``, then becomes the rest.
_ENTER = 'while [ "$1" != -- ]; do echo $$ >"$1" || exit; shift; done; shift; exec "$@"'

#: What we name our groups, so that what a killed run left is found and removed.
_PREFIX = "doctest-nix."

#: The files in which the kernel counts what a limit refused, v2's and v1's.  ``oom_kill`` of the
#: first counts processes that were killed for memory, ``max`` of the last those not made.
EVENTS = ("memory.events", "memory/memory.oom_control", "pids.events", "pids/pids.events")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hierarchy:
    """Where our groups of some controllers are made, and which version of the interface it has."""

    parent: Path
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """Where on this machine we may make control groups, by controller: memory, pids, cpu."""

    hierarchies: Mapping[str, _Hierarchy]

    def unlimited(self) -> tuple[str, ...]:
        """Name what cannot be bounded, in a reader's words."""
        words = {"memory": "memory in total", "cpu": "processor time"}
        return tuple(said for name, said in words.items() if name not in self.hierarchies)

    def make(self, limits: Limits) -> Group:
        """Return a new group with ``limits``.  Raises OSError, and then leaves none behind."""
        name = f"{_PREFIX}{me().replace(' ', '.')}.{secrets.token_hex(4)}"
        places = {c: each.parent / name for c, each in self.hierarchies.items()}
        group = Group(places)
        try:
            for folder in dict.fromkeys(places.values()):
                folder.mkdir()
            for controller, each in self.hierarchies.items():
                for file, value in _values(controller, each.version, limits):
                    (places[controller] / file).write_text(value)
                swap = (
                    places[controller]
                    / ("memory.memsw.limit_in_bytes", "memory.swap.max")[each.version - 1]
                )
                if controller == "memory" and swap.exists():
                    swap.write_text("0" if each.version == 2 else str(limits.memory))
        except BaseException:
            group.close()
            raise
        return group


class Group:
    """The control group of one sandbox."""

    def __init__(self, places: Mapping[str, Path]) -> None:
        """Take over the folders, by controller."""
        self._places = places
        self._folders = tuple(dict.fromkeys(places.values()))
        self._counted: Mapping[Limit, int] = {}

    def bounds(self, controller: str) -> bool:
        """Tell whether ``controller`` is bounded."""
        return controller in self._places

    def enter(self, argv: Sequence[str], sh: str) -> list[str]:
        """Return the command that runs ``argv`` as a member; ``sh`` is the path of a shell."""
        files = [str(folder / "cgroup.procs") for folder in self._folders]
        return [sh, "-c", _ENTER, "sh", *files, "--", *argv] if files else list(argv)

    def exceeded(self) -> Limit | None:
        """Return the limit that was in the way since the last call.  Never raises."""
        lines: list[str] = []
        for folder in self._folders:
            for name in dict.fromkeys(event.rpartition("/")[2] for event in EVENTS):
                with contextlib.suppress(OSError):
                    lines += (f"{name} {line}" for line in (folder / name).read_text().split("\n"))
        before, self._counted = self._counted, counted(lines)
        return grown(before, self._counted)

    def close(self) -> None:
        """Remove the group when its last process is gone.  Idempotent; never raises."""
        deadline = time.monotonic() + _PATIENCE
        for folder in self._folders:
            while folder.exists() and time.monotonic() < deadline:
                with contextlib.suppress(OSError):
                    folder.rmdir()
                    break
                time.sleep(0.005)


def counted(lines: Iterable[str]) -> dict[Limit, int]:
    """Return how often each limit was in the way, from lines of ``FILE WORD NUMBER``."""
    counts = {Limit.MEMORY: 0, Limit.PROCESSES: 0}
    for line in lines:
        match line.split():
            case [file, "oom_kill", number] if "memory." in file and number.isdecimal():
                counts[Limit.MEMORY] += int(number)
            case [file, "max", number] if "pids.events" in file and number.isdecimal():
                counts[Limit.PROCESSES] += int(number)
            case _:
                pass
    return counts


def grown(before: Mapping[Limit, int], now: Mapping[Limit, int]) -> Limit | None:
    """Return the first limit whose count is higher than before."""
    return next((limit for limit, count in now.items() if count > before.get(limit, 0)), None)


def find(limits: Limits) -> Groups:
    """Return where we may make groups with ``limits``, and remove what dead owners left there.

    A container often has no such place, nor has a user whose session was given none.
    """
    found: dict[str, _Hierarchy] = {}
    for candidate in _candidates(Path("/proc/self")):
        wanted = {name: each for name, each in candidate.items() if name not in found}
        # A process is in one group of version 2 alone.
        versions = [{each.version for each in group.values()} for group in (found, wanted)]
        if wanted and not all(2 in each for each in versions) and _works(wanted, limits):
            found |= wanted
    for parent in {each.parent for each in found.values()}:
        for left in parent.glob(f"{_PREFIX}*"):
            place, pid, started, _ = f"{left.name.removeprefix(_PREFIX)}...".split(".", 3)
            if not alive(f"{place} {pid} {started}"):
                with contextlib.suppress(OSError):
                    left.rmdir()
    return Groups(hierarchies=found)


def _works(hierarchies: Mapping[str, _Hierarchy], limits: Limits) -> bool:
    try:
        Groups(hierarchies=hierarchies).make(limits).close()
    except OSError:
        return False
    return True


def _candidates(process: Path) -> Iterator[Mapping[str, _Hierarchy]]:
    """Yield the places that may do, by controller, best first.

    They are below the group that ``process`` (a folder of /proc) is in, so that its bounds hold
    too.  In version 2 a group with processes in it can have none with limits below: there it is
    the next one above that gives its children the controllers, the one with most of them first.
    """
    own: dict[str, str] = {}
    for line in (process / "cgroup").read_text().splitlines():
        _, controllers, path = line.split(":", 2)
        own.update(dict.fromkeys(controllers.split(","), path))
    unified: list[Mapping[str, _Hierarchy]] = []
    for line in (process / "mountinfo").read_text().splitlines():
        fields, _, kind = line.partition(" - ")
        _, _, _, root, mount, *_ = (_unescaped(field) for field in fields.split(" "))
        options = kind.split(" ")[2].split(",")
        for controller in _CONTROLLERS:
            if kind.startswith("cgroup ") and controller in options:
                parent = _below(mount, root, own[controller])
                yield {controller: _Hierarchy(parent=parent, version=1)}
        if kind.startswith("cgroup2 "):
            place = _below(mount, root, own.get("", "/"))
            for folder in (place, *place.parents):
                with contextlib.suppress(OSError):
                    given = (folder / "cgroup.subtree_control").read_text().split()
                    here = _Hierarchy(parent=folder, version=2)
                    unified.append({each: here for each in _CONTROLLERS if each in given})
                if folder == Path(mount):
                    break
    yield from sorted(unified, key=len, reverse=True)


def _below(mount: str, root: str, path: str) -> Path:
    """Return where the group ``path`` is, in a mount that shows those from ``root`` on."""
    relative = path.removeprefix(root) if root != "/" else path
    place = Path(mount, relative.lstrip("/"))
    return place if place.is_dir() else Path(mount)


def _unescaped(field: str) -> str:
    return re.sub(r"\\(\d{3})", lambda found: chr(int(found[1], 8)), field)


def _values(controller: str, version: int, limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield the files that bound ``controller``, with what is written to them."""
    quota = str(round(limits.cpus * _PERIOD))
    match controller, version:
        case "memory", 1:
            yield "memory.limit_in_bytes", str(limits.memory)
        case "memory", _:
            yield "memory.max", str(limits.memory)
        case "pids", _:
            yield "pids.max", str(limits.processes)
        case _, 1:
            yield "cpu.cfs_period_us", str(_PERIOD)
            yield "cpu.cfs_quota_us", quota
        case _:
            yield "cpu.max", f"{quota} {_PERIOD}"
