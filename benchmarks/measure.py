"""What does one run of a command cost?"""

from __future__ import annotations

import os
import resource
import secrets
import signal
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Seconds by the clock, seconds of processor with all children, bytes of the largest process.

    ``status`` is None for a run that was killed because it took too long.
    """

    seconds: float
    processor: float
    memory: int
    status: int | None
    output: str


def processor_seconds() -> float:
    """Return what this process and those that it has waited for have used of the processors."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def run(argv: Sequence[str], *, directory: Path, limit: float = 600.0) -> Cost:
    """Run ``argv`` as its users do: compiled modules are kept, and nothing of pytest's is set."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST", "PYTHON", "COVERAGE"))
    }
    output = directory / f"output-{secrets.token_hex(4)}.txt"
    begin = time.monotonic()
    with output.open("wb") as sink:
        process = subprocess.Popen(
            argv,
            cwd=directory,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    late = False
    while True:
        # wait4 tells the largest process of all that were waited for.
        done, status, usage = os.wait4(process.pid, os.WNOHANG)
        if done:
            break
        if not late and time.monotonic() - begin > limit:
            late = True
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(0.002)
    seconds = time.monotonic() - begin
    process.returncode = os.waitstatus_to_exitcode(status)
    return Cost(
        seconds=seconds,
        processor=usage.ru_utime + usage.ru_stime,
        memory=usage.ru_maxrss * 1024,
        status=None if late else process.returncode,
        output=output.read_bytes()[-4000:].decode(errors="replace"),
    )


def typical(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(
        seconds=median(cost.seconds for cost in costs),
        processor=median(cost.processor for cost in costs),
        memory=int(median(cost.memory for cost in costs)),
        status=costs[0].status,
        output="",
    )
