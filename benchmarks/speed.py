"""How long do 1,000 steps take, how much memory, and does it grow with their number alone?"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.measure import Cost, run, typical
from benchmarks.subjects import Exchange, Subject, bare_pytest, fenced

STEPS = 1000

#: Numbers of steps by which growth is seen.
GROWTH = (1_000, 5_000, 20_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """The costs of a page of one step and of one with `STEPS`, by round."""

    starts: tuple[Cost, ...]
    wholes: tuple[Cost, ...]

    @property
    def start(self) -> Cost:
        """The median of the page with one step."""
        return typical(self.starts)

    @property
    def whole(self) -> Cost:
        """The median of the page with `STEPS`."""
        return typical(self.wholes)

    @property
    def step(self) -> float:
        """Seconds for one step more: the median of each round's difference."""
        pairs = zip(self.starts, self.wholes, strict=True)
        return max(median(w.seconds - s.seconds for s, w in pairs), 1e-9) / (STEPS - 1)


def steps(number: int) -> list[Exchange]:
    """Return as many different steps."""
    return [Exchange(command=f"echo {n}", output=str(n)) for n in range(number)]


def blocks(number: int) -> str:
    """Return a page that has each step in a block of its own."""
    return "# A page\n\n" + "\n".join(fenced("console")([step])[10:] for step in steps(number))


def measure(
    subjects: Sequence[Subject], rounds: int, tell: Callable[[str], None]
) -> dict[str, Speed]:
    """Run each subject ``rounds`` times, in turn, so that a change of the machine hits all."""
    found: dict[str, tuple[list[Cost], list[Cost]]] = {s.name: ([], []) for s in subjects}
    with tempfile.TemporaryDirectory() as place:
        pages = {
            (subject.name, number): _page(Path(place), subject, number)
            for subject in subjects
            for number in (1, STEPS)
        }
        with ThreadPoolExecutor(rounds) as pool:
            for subject in (each for each in subjects if each.sleeps):
                tell(f"{rounds} runs side by side: {subject.name}")
                for costs, number in zip(found[subject.name], (1, STEPS), strict=True):
                    copies = [pages[subject.name, number]] * rounds
                    costs.extend(pool.map(lambda page, who=subject: _right(who, page), copies))
        for turn in range(-1, rounds):  # the first warms caches and is not counted
            for subject in subjects:
                if subject.sleeps or (turn < 0 and not subject.ours):
                    continue
                for costs, number in zip(found[subject.name], (1, STEPS), strict=True):
                    cost = _right(subject, pages[subject.name, number])
                    if turn >= 0:
                        costs.append(cost)
                tell(f"round {turn + 1} of {rounds}: {subject.name}")
    return {
        name: Speed(starts=tuple(starts), wholes=tuple(wholes))
        for name, (starts, wholes) in found.items()
    }


def measure_blocks(subject: Subject, rounds: int) -> Cost:
    """Return the median cost of `STEPS` blocks of one step each."""
    with tempfile.TemporaryDirectory() as place:
        page = Path(place, "page.md")
        page.write_text(blocks(STEPS), encoding="utf-8")
        return typical([_right(subject, page) for _ in range(rounds)])


def measure_growth(subject: Subject, rounds: int) -> dict[int, Cost]:
    """Return the median cost of a page by its number of steps, 1 first."""
    with tempfile.TemporaryDirectory() as place:
        return {
            number: typical(
                [_right(subject, _page(Path(place), subject, number)) for _ in range(rounds)]
            )
            for number in (1, *GROWTH)
        }


def measure_pytest(rounds: int) -> Cost:
    """Return the median cost of pytest without us, on a file with one test."""
    with tempfile.TemporaryDirectory() as place:
        page = Path(place, "test_nothing.py")
        page.write_text("def test_nothing() -> None: ...\n", encoding="utf-8")
        return typical([run(bare_pytest(page), directory=page.parent) for _ in range(rounds)])


def _page(place: Path, subject: Subject, number: int) -> Path:
    folder = place / f"{subject.name.replace(', ', '-').replace(' ', '-')}-{number}"
    folder.mkdir(exist_ok=True)
    page = folder / f"page{subject.suffix}"
    page.write_text(subject.write(steps(number)), encoding="utf-8")
    return page


def _right(subject: Subject, page: Path) -> Cost:
    """Run a page of right steps; raises RuntimeError where the verdict is wrong.

    Others may try again: byexample sometimes misses a prompt of a shell in a container.
    """
    for _ in range(1 if subject.ours else 4):
        cost = run(subject.argv(page), directory=page.parent)
        if cost.status == 0:
            return cost
    raise RuntimeError(f"{subject.name}: status {cost.status}\n{cost.output[-2000:]}")
