"""Small traps of ordinary shell, in every format: does the verdict come, and is it right?"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmarks.measure import run
from benchmarks.subjects import Exchange, Subject

#: A verdict that takes longer is none, in seconds: tesh's own time-out is 30 s.
HANGS = 45.0

#: What holds no terminal must not hold a verdict, in seconds.
AT_ONCE = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A page, and whether it is right."""

    name: str
    page: tuple[Exchange, ...]
    passes: bool
    limit: float = HANGS


def _trap(
    name: str, *exchanges: tuple[str, str], passes: bool = True, limit: float = HANGS
) -> Trap:
    page = tuple(Exchange(command=command, output=output) for command, output in exchanges)
    return Trap(name=name, page=page, passes=passes, limit=limit)


_MORE = ("echo more", "more")
_LONG = "x" * 1490
_LINES = "\n".join(f"line {n:04} of a long file" for n in range(800))

TRAPS = (
    _trap("plain", ("echo hello", "hello"), _MORE),
    _trap("wrong output", ("echo goodbye", "good evening"), passes=False),
    _trap("`false`, no output shown, then more", ("false", ""), _MORE, passes=False),
    _trap("`cat` reads the input", ("cat", ""), _MORE, passes=False),
    _trap("no newline at the end", ("printf abc", "abc"), _MORE),
    _trap("blank lines", (r"printf 'a\n\n\nb\n'", "a\n\n\nb"), _MORE),
    _trap("`exit 0` midway", ("exit 0", ""), _MORE, passes=False),
    _trap("`set -e`, then `false`", ("set -e", ""), ("false", ""), _MORE, passes=False),
    _trap("`(sleep 15 &)` holds the output", ("(sleep 15 &)", ""), _MORE, limit=AT_ONCE),
    _trap("output begins with `$ `", (r"printf '%s\n' '$ greet' x", "$ greet\nx"), _MORE),
    _trap("200,000 lines where one is shown", ("seq 200000", "1"), passes=False),
    _trap(
        "wide and combining characters", ("echo 'naïve 日本語 ∀ε>0'", "naïve 日本語 ∀ε>0"), _MORE
    ),
    _trap("a command of 1,500 characters", (f"echo {_LONG} | wc -c", "1491"), _MORE),
    _trap(
        "a here-document of 20 kB",
        (f"cat > long.txt <<'END'\n{_LINES}\nEND", ""),
        ("wc -l < long.txt", "800"),
    ),
    _trap(
        "directory, variable, function, alias",
        ("mkdir -p d && cd d", ""),
        ("name=world", ""),
        ('greet() { echo "hello, $name"; }', ""),
        ("alias again=greet", ""),
        ("shopt -s expand_aliases", ""),
        ("again", "hello, world"),
        ('basename "$PWD"', "d"),
    ),
    _trap("a quote that is not closed", ("echo 'oops", ""), _MORE, passes=False),
    _trap("`sleep 1000`", ("sleep 1000", ""), _MORE, passes=False),
    _trap("`PS1=` changed", ("PS1='mine> '", ""), _MORE),
    _trap("`PROMPT_COMMAND` unset", ("unset PROMPT_COMMAND", ""), _MORE),
    _trap(
        "nested `bash`", ("x=1", ""), ("bash", ""), ("echo in $x", "in"), ("exit", "exit"), _MORE
    ),
    _trap(
        "progress bar",
        (r"for n in 10 50 100; do printf '\r%3d%%' $n; done; echo ' done'", "100% done"),
        _MORE,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a subject says of a trap (passed, failed, hangs), and whether that is right."""

    verdict: str
    right: bool


def try_all(subjects: Sequence[Subject]) -> dict[tuple[str, str], Found]:
    """Run each trap with each subject, and return the verdicts by names of trap and subject."""
    with ThreadPoolExecutor(4) as pool:
        waiting = {
            (trap.name, subject.name): pool.submit(_try, trap, subject)
            for subject in subjects
            for trap in TRAPS
        }
        return {key: future.result() for key, future in waiting.items()}


def _try(trap: Trap, subject: Subject) -> Found:
    with tempfile.TemporaryDirectory() as place:
        page = Path(place, f"page{subject.suffix}")
        page.write_text(subject.write(trap.page), encoding="utf-8")
        argv = subject.argv(page)
        if not subject.ours:
            # What a peer leaves behind ends with its process namespace.
            bwrap = shutil.which("bwrap") or "bwrap"
            mounts = ("--dev-bind", "/", "/", "--proc", "/proc", "--bind", place, place)
            argv = [bwrap, "--unshare-pid", "--die-with-parent", *mounts, *argv]
        cost = run(argv, directory=Path(place), limit=trap.limit)
    match cost.status:
        case None:
            return Found(verdict="hangs", right=False)
        case 0:
            return Found(verdict="passed", right=trap.passes)
        case _:
            return Found(verdict="failed", right=not trap.passes)
