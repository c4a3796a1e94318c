"""Are the verdicts on all trap pages the same each time, also on a busy machine?

    make bench ARGS="soak --runs=50"
    make bench ARGS="soak --runs=50 --busy"

Each run executes every page of tests/documents/traps in one sandbox backend and compares each
block's fate and reason with the page's expected report.  The exit status is 1 where one differs.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "tests" / "documents" / "traps"
NIXPKGS = ROOT / "tests" / "nixpkgs"
BACKENDS = ("bubblewrap", "docker")

#: No run takes as long, in seconds; where one does, that is a different verdict.
LONGEST = 900


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks soak", description=__doc__)
    parser.add_argument("--runs", type=int, default=50, help="of each backend (default: 50)")
    parser.add_argument("--busy", action="store_true", help="keep all processors but one busy")
    parser.add_argument("--backend", choices=BACKENDS, action="append", help="default: both")
    parser.add_argument("--workers", type=int, default=4, help="pages at a time (default: 4)")
    options = parser.parse_args(arguments)
    different = 0
    with tempfile.TemporaryDirectory() as place, burners(options.busy):
        pages = Path(place, "traps")
        pages.mkdir()
        for page in sorted(PAGES.glob("*.md")):
            shutil.copy(page, pages)
        for number in range(1, options.runs + 1):
            for backend in options.backend or BACKENDS:
                begin = time.monotonic()
                found = list(differences(pages, backend, options.workers))
                different += len(found)
                load = os.getloadavg()[0]
                print(
                    f"run {number} of {options.runs}, {backend}: {len(found)} different verdicts,"
                    f" {time.monotonic() - begin:.0f} s, load {load:.1f}",
                    *found,
                    sep="\n    ",
                    flush=True,
                )
    number = len(list(PAGES.glob("*.md")))
    print(f"{different} different verdicts in {options.runs} runs of {number} pages")
    return min(different, 1)


def differences(pages: Path, backend: str, workers: int) -> Iterator[str]:
    """Run all pages once and yield what is not as expected."""
    report = pages.parent / "report.json"
    report.unlink(missing_ok=True)
    command = [
        *(sys.executable, "-m", "pytest", str(pages), f"--rootdir={pages}", "-c", os.devnull, "-q"),
        *(f"--nix-sandbox={backend}", f"--nix-image={image()}", "--nix-flakes"),
        *(f"--nix-nixpkgs={NIXPKGS}", "--nix-timeout=20", f"--nix-json={report}"),
        *("-p", "no:cacheprovider", f"--numprocesses={workers}"),
    ]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        yield f"no end within {LONGEST} s"
        return
    if not report.exists():
        yield f"no report: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return
    for document in json.loads(report.read_text())["documents"]:
        page = PAGES / Path(document["path"]).name
        expected = tomllib.loads(page.with_suffix(".toml").read_text())
        for block in document["blocks"]:
            wanted = expected.pop(str(block["line"]), "no block")
            fate, _, words = wanted.partition(": ")
            if fate != block["fate"] or words not in block["reason"]:
                yield (
                    f"{page.name}:{block['line']}: {block['fate']}: {block['reason']},"
                    f" not {wanted} ({block['seconds']:.1f} s)"
                )
        for line in expected:
            yield f"{page.name}:{line}: not in the report"


def image() -> str:
    return os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")


@contextmanager
def burners(busy: bool) -> Iterator[None]:
    """Keep all processors but one busy, at least one process, while the context lasts."""
    number = max((os.cpu_count() or 2) - 1, 1) if busy else 0
    script = f"import os\nwhile os.getppid() == {os.getpid()}: sum(range(10**6))"
    running = [subprocess.Popen([sys.executable, "-c", script]) for _ in range(number)]
    try:
        yield
    finally:
        for burner in running:
            burner.kill()
            burner.wait()
