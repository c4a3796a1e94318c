"""Convert whole sites, beside what rst-to-myst and pandoc make of them; writes CONVERSION.md.

    make bench-convert ARGS='nix.dev=PATH pytest=PATH requests=PATH packaging=PATH'

Paths are of directories with a conf.py, or of pages without one.  They may also stand in the
environment variable DOCTEST_NIX_SITES, with blanks between.  Install what their conf.py imports
into the environment first.  Nothing is changed below the paths.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.conversion_page import Measured, Score, neutral, page
from benchmarks.measure import Cost, processor_seconds, run
from benchmarks.other_converters import others
from converters.migration import Migration
from converters.mirror import mirror, replace_files
from converters.oracle import SiteProof, build, compare_sites
from converters.project import moved, plan
from converters.scope import scope_of
from doctest_nix.errors import DoctestNixError

RESULT = Path(__file__).with_name("CONVERSION.md")
EXPECTED = ("nix.dev", "pytest", "requests", "packaging")
NIX_DEV = Path(__file__).parents[2] / "shared" / "corpora" / "nix.dev-2021-rst"
SECONDS = 1800.0
JOBS = 2


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.convert", description=__doc__)
    parser.add_argument("sites", nargs="*", metavar="NAME=PATH")
    parser.add_argument("--output", type=Path, default=RESULT)
    arguments = parser.parse_args(argv)
    given = dict(part.split("=", 1) for part in os.environ.get("DOCTEST_NIX_SITES", "").split())
    given |= dict(part.split("=", 1) for part in arguments.sites)
    if "nix.dev" not in given and NIX_DEV.is_dir():
        given["nix.dev"] = str(NIX_DEV)
    names = [*EXPECTED, *(name for name in given if name not in EXPECTED)]
    found: list[Measured] = []
    for name in names:
        found.append(measured(name, given.get(name)))
        arguments.output.write_text("\n".join(page(found)) + "\n", "utf-8")
    print(f"Written: {arguments.output}")
    return 0


def measured(name: str, path: str | None) -> Measured:
    if path is None or not Path(path).exists():
        return Measured(site=name, trouble="absent")
    print(f"{name}: {path}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-convert-") as folder:
        try:
            plain = plain_build(Path(path), Path(folder, "plain"))
            ours, remarks = own(Path(path), Path(folder, "own"))
            scores = [ours]
            if ours.pages > ours.equal_pages:
                further, more = own(Path(path), Path(folder, "further"), page_rst=True)
                scores.append(further)
                remarks += more
        except DoctestNixError as error:
            return Measured(site=name, trouble=f"it cannot be read: {error.problem}")
        trouble = ""
        try:
            scores += others(Path(path), Path(folder, "others"), timeout=SECONDS, jobs=JOBS)
        except DoctestNixError as error:
            trouble = f"the other converters could not be measured: {error.problem}"
        return Measured(
            site=name, scores=tuple(scores), plain=plain, remarks=remarks, trouble=trouble
        )


def plain_build(path: Path, work: Path) -> Cost:
    """Return what Sphinx takes to read the site as it is and to resolve its links."""
    scope = scope_of(path)
    copy = mirror(scope.root, scope.source, work / scope.root.name)
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "dummy", str(copy), str(work / "out")]
    if scope.conf is None:
        command += ["-C", "-D", "extensions=myst_parser"]
    return run(command, directory=work, limit=SECONDS)


# Ours


def own(path: Path, work: Path, *, page_rst: bool = False) -> tuple[Score, tuple[str, ...]]:
    work.mkdir()
    option = " --page-rst" if page_rst else ""
    how = f" with{option}" if page_rst else ""
    started = processor_seconds()
    migration = plan(
        path,
        work,
        timeout=SECONDS,
        jobs=JOBS,
        progress=lambda _what, _done, _total: None,
        page_rst=page_rst,
    )
    processor = processor_seconds() - started
    proof = again(path, migration, work)
    proven = {page.name: page for page in migration.converted}
    proofs = [page for page in proof.pages if page.page in {p.name for p in migration.pages}]
    kept = Counter(
        block.construct
        for page in migration.converted
        for block in page.kept
        for _ in range(block.blocks)
        if not block.autodoc
    )
    timing = migration.timing
    score = Score(
        converter=f"doctest-nix{option}",
        pages=len(migration.pages),
        equal_pages=sum(page.proven for page in proofs if page.page in proven),
        blocks=sum(page.blocks for page in proofs),
        equal_blocks=sum(page.equal_blocks for page in proofs if page.page in proven),
        kept=kept.total(),
        source_blocks=sum(page.blocks for page in migration.converted),
        writing=timing.writing + timing.settling,
        proving=timing.proof,
        processor=processor,
    )
    print(f"  ours: {score}", flush=True)
    remarks = [
        f"`{page.path}` is left as RST{how}: {neutral(page.reason)}" for page in migration.left
    ]
    if kept:
        listed = ", ".join(f"{name} ({number})" for name, number in kept.most_common())
        where = "page-rst or eval-rst" if page_rst else "eval-rst"
        remarks.append(f"blocks in {where}: {listed}")
    remarks.append(
        f"second whole build{how}: {sum(not p.proven for p in proofs)} pages differ,"
        f" {len(proof.lost_anchors)} anchors lost, {len(proof.moved_anchors)} counted ones moved,"
        f" {len(proof.new_warnings)} new warnings"
    )
    return score, tuple(remarks)


def again(path: Path, migration: Migration, work: Path) -> SiteProof:
    """Build the site as it is and as it would be, in new processes, and compare them."""
    scope = scope_of(path)
    sites = []
    for name in ("again-before", "again-after"):
        copy = mirror(scope.root, scope.source, work / name / scope.root.name)
        overrides: dict[str, object] = {}
        if name == "again-after":
            pages = {page.target: page.text for page in migration.converted}
            replace_files(copy, [page.path for page in migration.converted], pages)
            if migration.conf is not None:
                replace_files(copy, [], {"conf.py": migration.conf[1]})
            elif scope.conf is None:
                overrides = wanted(migration.wanted)
        elif scope.conf is None:
            overrides = {"extensions": ["myst_parser"]}
        made = work / f"{name}-build"
        site = build(copy, overrides=overrides, work=made, timeout=SECONDS, jobs=JOBS)
        sites.append(moved(site, str(work / name), "site"))
    return compare_sites(*sites)


def wanted(text: str) -> dict[str, object]:
    """Return the settings that a conf.py of this text would make."""
    settings: dict[str, object] = {}
    exec(text, settings)
    return {name: value for name, value in settings.items() if not name.startswith("__")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
