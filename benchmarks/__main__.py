"""`python -m benchmarks` writes RESULTS.md; `… soak` runs the traps again and again."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks import results, soak, speed, traps
from benchmarks.subjects import IMAGE, Subject, said, subjects

PAGE = Path(__file__).parent / "RESULTS.md"


def main(arguments: list[str]) -> int:
    if arguments[:1] == ["soak"]:
        return soak.main(arguments[1:])
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="runs of each (default: 5)")
    parser.add_argument("--only", action="append", help="subjects whose name contains this")
    parser.add_argument("--no-traps", action="store_true", help="leave the traps out")
    parser.add_argument("--output", type=Path, default=PAGE, help="default: RESULTS.md")
    options = parser.parse_args(arguments)
    begin = time.monotonic()

    def tell(line: str) -> None:
        print(f"[{time.monotonic() - begin:4.0f} s] {line}", flush=True)

    tell("installing what is measured")
    every = subjects()
    before = os.getloadavg()[0]
    chosen = [s for s in every if not s.missing and _is_chosen(s, options.only)]
    ours = [s for s in chosen if s.ours]
    found = speed.measure(chosen, options.rounds, tell)
    tell("blocks")
    blocks = {s.name: speed.measure_blocks(s, options.rounds) for s in ours}
    tell("growth")
    growth = {s.name: speed.measure_growth(s, options.rounds) for s in ours}
    verdicts: dict[tuple[str, str], traps.Found] = {}
    if not options.no_traps:
        tell("traps")
        verdicts = traps.try_all([s for s in chosen if s.ours or s.peer])
    measured = results.Results(
        subjects=[s for s in every if _is_chosen(s, options.only)],
        rounds=options.rounds,
        load=(before, os.getloadavg()[0]),
        engine=_engine(),
        speeds=found,
        pytest=speed.measure_pytest(options.rounds),
        blocks=blocks,
        growth=growth,
        traps=verdicts,
    )
    options.output.write_text(results.page(measured), encoding="utf-8")
    tell(f"wrote {options.output.name}")
    return 0


def _is_chosen(subject: Subject, names: list[str] | None) -> bool:
    return subject.ours or names is None or any(name in subject.name for name in names)


def _engine() -> str:
    version = said(["docker", "version", "--format", "{{.Server.Version}}"], r"(\S+)")
    nix = subprocess.run(["nix", "--version"], capture_output=True, text=True, check=False)
    return f"{version}, image {IMAGE}; bubblewrap with {nix.stdout.strip()}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
