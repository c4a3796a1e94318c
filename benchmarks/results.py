"""What is written to benchmarks/RESULTS.md."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.measure import Cost
from benchmarks.speed import GROWTH, STEPS, Speed
from benchmarks.subjects import Subject, debian, kernel
from benchmarks.traps import TRAPS, Found

BUBBLEWRAP, DOCKER = "doctest-nix, bubblewrap", "doctest-nix, Docker"

#: What is asked of 1,000 steps.
STEP_LIMITS = {BUBBLEWRAP: 0.25e-3, DOCKER: 0.5e-3}
RUN_LIMIT = 1.5

#: Who does what each of ours does, without a container and in one.
BYEXAMPLE = {BUBBLEWRAP: "byexample", DOCKER: "byexample, in a container"}
MEMORY_LIMIT = 60 * 1024**2


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """All that was measured, by the name of the subject."""

    subjects: Sequence[Subject]
    rounds: int
    load: tuple[float, float]
    engine: str
    speeds: Mapping[str, Speed]
    pytest: Cost
    blocks: Mapping[str, Cost]
    growth: Mapping[str, Mapping[int, Cost]]
    traps: Mapping[tuple[str, str], Found]


def page(results: Results) -> str:
    """Return the page, with no path of this machine."""
    parts = (_head, _asked, _speed, _growth, _traps, _again)
    return "\n".join(line for part in parts for line in [*part(results), ""]).rstrip() + "\n"


def _head(results: Results) -> list[str]:
    before, after = results.load
    return [
        "# Results",
        "",
        "Written by `make bench` from one run on one machine.",
        f"Each figure is the median of {results.rounds} runs.",
        "Subjects take turns, so that a change of the machine's speed hits all of them.",
        "",
        *_table(
            ["", ""],
            [
                ["date", date.today().isoformat()],
                ["processor", f"{_processor()}, {os.cpu_count()} cores"],
                ["system", f"{debian()}, Linux {kernel()}, Python {platform.python_version()}"],
                [
                    "load before and after",
                    f"{before:.1f} and {after:.1f}, run at nice {os.nice(0)}",
                ],
                ["engine", results.engine],
                *[[s.name, s.version or f"not measured: {s.missing}"] for s in results.subjects],
            ],
        ),
    ]


def _asked(results: Results) -> list[str]:
    rows: list[list[str]] = []

    def row(what: str, limit: str, measured: str, met: bool) -> None:
        rows.append([what, limit, measured, "yes" if met else "**no**"])

    speeds = results.speeds
    for name, limit in STEP_LIMITS.items():
        step = speeds[name].step
        row(f"{name}: a step", f"≤ {_ms(limit)}", _ms(step), step <= limit)
    for name in STEP_LIMITS:
        whole = speeds[name].whole.seconds
        row(f"{name}: {STEPS:,} steps", f"≤ {RUN_LIMIT} s", f"{whole:.2f} s", whole <= RUN_LIMIT)
    for name in STEP_LIMITS:
        more = speeds[name].whole.memory - results.pytest.memory
        limit_mib = f"≤ {MEMORY_LIMIT / 1024**2:.0f} MiB"
        row(f"{name}: memory above pytest", limit_mib, _mib(more), more <= MEMORY_LIMIT)
    for name in STEP_LIMITS:
        for other, times in ((BYEXAMPLE[name], 1), ("tesh", 100)):
            if other in speeds:
                ratio = speeds[other].step / speeds[name].step
                row(
                    f"a step of {other} by ours, {name}",
                    f"≥ {times}",
                    f"{ratio:.1f}",
                    ratio > times,
                )
        ratio = _linear(results.growth[name])
        row(
            f"{name}: {GROWTH[-1]:,} steps by {GROWTH[0]:,}, each",
            "≤ 1.2",
            f"{ratio:.2f}",
            ratio <= 1.2,
        )
    floor = results.speeds.get("bare terminal driver")
    said = "" if floor is None else f"The bare driver needed {_ms(floor.step)} a step in this run"
    return [
        "## What is asked",
        "",
        *_table(["", "asked", "measured", "met"], rows),
        *(["", f"{said}: that is the machine's share."] if said else []),
    ]


def _speed(results: Results) -> list[str]:
    rows = []
    ours = results.speeds[DOCKER]
    for subject in results.subjects:
        if subject.name not in results.speeds:
            rows.append([subject.name, *["-"] * 7])
            continue
        speed = results.speeds[subject.name]
        times = [cost.seconds for cost in speed.wholes]
        rows.append(
            [
                subject.name,
                f"{speed.start.seconds:.2f} s",
                f"{speed.whole.seconds:.2f} s",
                f"{min(times):.2f}-{max(times):.2f} s",
                f"{speed.whole.processor:.2f} s",
                _ms(speed.step),
                f"{speed.step / ours.step:.2f}",
                _mib(speed.whole.memory),
            ]
        )
    rows.append(["bare pytest, one test", f"{results.pytest.seconds:.2f} s", *["-"] * 5])
    rows[-1].append(_mib(results.pytest.memory))
    head = ["", "1 step", f"{STEPS:,} steps", "range", "processor", "a step", "ratio", "memory"]
    blocks = [
        [name, f"{cost.seconds:.2f} s", _ms(cost.seconds / STEPS), _mib(cost.memory)]
        for name, cost in results.blocks.items()
    ]
    return [
        f"## {STEPS:,} steps of `$ echo N`",
        "",
        f"A step is what one more costs: {STEPS:,} steps less the run of one in the same round.",
        "The ratio is a step's to ours in Docker.",
        "Processor time is that of the command and its children; containers are the engine's.",
        "Memory is that of the largest process, and never less than the measuring one's.",
        "byexample knows no container; in one, its shell is `docker run` and `docker attach`.",
        "tesh sleeps 50 ms before and after each command: its runs are side by side.",
        "Plain bash compares nothing, and the bare driver does nothing but compare.",
        "cram, prysk and clitest feed a pipe: they have no terminal, and no time-out.",
        "",
        *_table(head, rows),
        "",
        f"The same steps in {STEPS:,} blocks, each an item of pytest:",
        "",
        *_table(["", "whole run", "a block", "memory"], blocks),
    ]


def _growth(results: Results) -> list[str]:
    rows = [
        [
            name,
            *(
                f"{costs[n].seconds:.2f} s, {_ms(_each(costs, n))}, {_mib(costs[n].memory)}"
                for n in GROWTH
            ),
        ]
        for name, costs in results.growth.items()
    ]
    return [
        "## Growth",
        "",
        "The whole run, each step less the start, and memory:",
        "",
        *_table(["", *(f"{n:,} steps" for n in GROWTH)], rows),
    ]


def _traps(results: Results) -> list[str]:
    names = [s.name for s in results.subjects if (TRAPS[0].name, s.name) in results.traps]
    rows = []
    for trap in TRAPS:
        found = [results.traps[trap.name, name] for name in names]
        cells = [each.verdict if each.right else f"**{each.verdict}**" for each in found]
        rows.append([trap.name, "passes" if trap.passes else "fails", *cells])
    right = [sum(results.traps[trap.name, name].right for trap in TRAPS) for name in names]
    rows.append([f"right of {len(TRAPS)}", "", *map(str, right)])
    return [
        "## Traps",
        "",
        "Small pages of ordinary shell, each in the subject's own format; a wrong verdict is bold.",
        "The second column says what is right.",
        "A subject hangs that says nothing for 45 seconds.",
        "",
        *_table(["", "", *names], rows),
    ]


def _again(results: Results) -> list[str]:
    return [
        "## Again",
        "",
        '<!-- doctest-nix: skip reason="half an hour of measuring" -->',
        "```console",
        f"$ make bench ARGS=--rounds={results.rounds}",
        "$ make bench ARGS='soak --runs=50'",
        "$ make bench ARGS='soak --runs=50 --busy'",
        "```",
        "",
        "The first writes this page.",
        "The others run the pages of tests/documents/traps again and again in both sandboxes.",
        "Their status is 1 where a verdict was not the expected one.",
    ]


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    return [
        f"| {' | '.join(head)} |",
        f"|{'---|' * len(head)}",
        *(f"| {' | '.join(row)} |" for row in rows),
    ]


def _each(costs: Mapping[int, Cost], number: int) -> float:
    return (costs[number].seconds - costs[1].seconds) / (number - 1)


def _linear(costs: Mapping[int, Cost]) -> float:
    return _each(costs, GROWTH[-1]) / _each(costs, GROWTH[0])


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"


def _mib(size: int) -> str:
    return f"{size / 1024**2:.0f} MiB"


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    found = re.search(r"model name\s*: (.*)", text)
    return " ".join(found[1].split()) if found else platform.machine()
