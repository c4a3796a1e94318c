"""Convert whole sites, beside what rst-to-myst and pandoc make of them; writes CONVERSION.md.

    make bench-convert ARGS='nix.dev=PATH pytest=PATH requests=PATH packaging=PATH'

Paths are of directories with a conf.py, or of pages without one.  They may also stand in the
environment variable DOCTEST_NIX_SITES, with blanks between.  Install what their conf.py imports
into the environment first.  Nothing is changed below the paths.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import resource
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from converters import rst_to_myst
from converters.commands import run
from converters.drafts import Drafts, record_all
from converters.migration import Migration
from converters.mirror import mirror, replace_files
from converters.oracle import Prover, SiteProof, build, compare_sites
from converters.outcomes import count
from converters.project import moved, opened, plan
from converters.recorder import DirectiveRecord, record
from converters.scope import scope_of
from converters.shapes import AUTODOC, Shape
from converters.surroundings import configure
from doctest_nix.errors import DoctestNixError

RESULT = Path(__file__).with_name("CONVERSION.md")
EXPECTED = ("nix.dev", "pytest", "requests", "packaging")
NIX_DEV = Path(__file__).parents[2] / "shared" / "corpora" / "nix.dev-2021-rst"
SECONDS = 1800.0
JOBS = 2

#: What pandoc's Markdown with all extensions may use.
PANDOC = frozenset(("attrs_block", "attrs_inline", "deflist", "dollarmath", "strikethrough"))

_KEPT = re.compile(r"^([ ]*)(`{3,})\{eval-rst\}\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one converter makes of one site.

    ``kept`` are the blocks inside eval-rst, autodoc directives apart, of ``blocks`` in all.
    """

    converter: str
    pages: int
    equal_pages: int
    blocks: int
    equal_blocks: int
    kept: int
    source_blocks: int
    writing: float
    proving: float
    processor: float | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A site's scores, or why there are none."""

    site: str
    scores: tuple[Score, ...] = ()
    trouble: str = ""
    remarks: tuple[str, ...] = field(default=())


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
            ours, remarks = own(Path(path), Path(folder, "own"))
            return Measured(
                site=name,
                scores=(ours, *others(Path(path), Path(folder, "others"))),
                remarks=remarks,
            )
        except DoctestNixError as error:
            return Measured(site=name, trouble=error.problem)


# Ours


def own(path: Path, work: Path) -> tuple[Score, tuple[str, ...]]:
    work.mkdir()
    started = processor_seconds()
    migration = plan(path, work, timeout=SECONDS, jobs=JOBS, progress=silent)
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
        converter="doctest-nix",
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
    remarks = [f"`{page.path}` is left as RST: {neutral(page.reason)}" for page in migration.left]
    if kept:
        listed = ", ".join(f"{name} ({number})" for name, number in kept.most_common())
        remarks.append(f"blocks in eval-rst: {listed}")
    remarks.append(
        f"second whole build: {sum(not p.proven for p in proofs)} pages differ,"
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


def processor_seconds() -> float:
    """Return what this process and those that it has waited for have used."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def wanted(text: str) -> dict[str, object]:
    """Return the settings that a conf.py of this text would make."""
    settings: dict[str, object] = {}
    exec(text, settings)
    return {name: value for name, value in settings.items() if not name.startswith("__")}


# Others


def others(path: Path, work: Path) -> Iterator[Score]:
    work.mkdir()
    state = Drafts(
        scope=scope_of(path), directory=work, timeout=SECONDS, jobs=JOBS, progress=silent
    )
    prover, settings, _ = opened(state)
    with prover:
        record_all(state, prover, settings)
        texts = {d.name: "\n".join(d.record.lines) + "\n" for d in state.drafts.values()}
        pages = len(state.drafts) + len(state.left)
        source_blocks = sum(count(draft.record.document) for draft in state.drafts.values())
        rst_to_myst.program()  # made before the clock runs
        for name, convert in (("rst-to-myst 0.4.0", by_rst_to_myst), ("pandoc", by_pandoc)):
            started = time.monotonic()
            written, extensions = convert(texts, settings.default_role)
            seconds = time.monotonic() - started
            asked = {"myst_enable_extensions": sorted(extensions), "myst_footnote_sort": False}
            prover.call(configure, asked, timeout=SECONDS)
            yield scored(
                name=name,
                prover=prover,
                texts=texts,
                written=written,
                registry=settings.registry,
                seconds=seconds,
                pages=pages,
                source_blocks=source_blocks,
            )


def scored(
    *,
    name: str,
    prover: Prover,
    texts: Mapping[str, str],
    written: Mapping[str, str],
    registry: Mapping[str, Shape],
    seconds: float,
    pages: int,
    source_blocks: int,
) -> Score:
    started = time.monotonic()
    equal = blocks = equal_blocks = kept = 0
    for page in texts:
        proof = prover.prove(page, written.get(page, ""))
        blocks += proof.blocks
        if page in written:
            equal += proof.proven and not proof.new_warnings
            equal_blocks += proof.equal_blocks
            kept += sum(kept_blocks(written[page], registry))
    failed = len(texts) - len(written)
    score = Score(
        converter=name,
        pages=pages,
        equal_pages=equal,
        blocks=blocks,
        equal_blocks=equal_blocks,
        kept=kept,
        source_blocks=source_blocks,
        writing=seconds,
        proving=time.monotonic() - started,
        notes=(f"fails on {failed} pages",) if failed else (),
    )
    print(f"  {score}", flush=True)
    return score


#: Pages by name, and the MyST extensions that they need.
Others = tuple[dict[str, str], frozenset[str]]


def by_rst_to_myst(texts: Mapping[str, str], default_role: str) -> Others:
    named = {f"{name}.rst": text for name, text in texts.items()}
    found = rst_to_myst.convert(named, default_role=default_role)
    extensions = frozenset[str]().union(*(page.extensions for page in found.values()))
    return {path.removesuffix(".rst"): page.text for path, page in found.items()}, extensions


def by_pandoc(texts: Mapping[str, str], default_role: str) -> Others:
    command = ["pandoc", "--from=rst", "--to=commonmark_x", "--wrap=preserve"]
    written = {}
    for name, text in texts.items():
        ran = run(command, Path.cwd(), timeout=60, stdin=text)
        if not ran.status:
            written[name] = ran.output
    return written, PANDOC


def kept_blocks(text: str, registry: Mapping[str, Shape]) -> Iterator[int]:
    """Yield how many blocks each eval-rst of a page holds, autodoc directives apart."""
    for fence in re.finditer(
        r"^([ ]*)(`{3,})\{eval-rst\}\n(.*?)^\1\2$", text, re.MULTILINE | re.DOTALL
    ):
        document = record(fence[3], registry=registry).document
        first = document.next_node(DirectiveRecord)
        if first is None or first["name"].lower() not in AUTODOC:
            yield count(document)


def silent(what: str, done: int, total: int) -> None:
    """Show no progress."""


# The page


def page(found: Sequence[Measured]) -> Iterator[str]:
    yield "# Conversion of whole sites"
    yield ""
    yield "Made by `make bench-convert`; every figure is of that run."
    yield (
        f"Python {platform.python_version()}, Sphinx {version('sphinx')},"
        f" MyST-Parser {version('myst-parser')}, docutils {version('docutils')},"
        f" {pandoc()}; {os.cpu_count()} cores, {os.getloadavg()[2]:.0f} processes wanted them"
        " when this was written."
    )
    yield ""
    yield "*Pages equal* are those that render the same, with nothing new to warn of."
    yield "*Blocks equal* are those of all pages that are in the new page too, in their order."
    yield (
        "*In eval-rst* are the blocks that stay RST in the new pages, those inside them counted,"
        " directives that read docstrings apart."
    )
    yield (
        "Seconds are of the wall clock, for each page: *convert* is to record it, to write it and"
        " to find other ways for its blocks, *prove* to build the new site and compare it."
    )
    yield (
        "*Processor s* is what all of it takes of the processors, both readings of the site"
        " included: on a machine that does something else besides, the figure to go by."
    )
    yield (
        "The others' pages are proven one by one, by the same oracle and with the extensions"
        " of MyST-Parser that they ask for; left pages count as not equal."
    )
    yield ""
    titles = ("site", "converter", "pages equal", "blocks equal", "in eval-rst")
    yield f"| {' | '.join([*titles, 'convert s', 'prove s', 'processor s'])} |"
    yield f"|{' --- |' * 8}"
    for site in found:
        for score in site.scores:
            yield row(site.site, score)
    yield ""
    absent = [site.site for site in found if site.trouble == "absent"]
    if absent:
        yield f"Absent: {', '.join(absent)}."
        yield ""
    for site in found:
        if site.trouble and site.trouble != "absent":
            yield f"{site.site} cannot be read: {neutral(site.trouble)}"
            yield ""
        if site.remarks:
            yield f"## {site.site}"
            yield ""
            yield from (f"- {remark}" for remark in site.remarks)
            notes = [f"- {score.converter} {note}" for score in site.scores for note in score.notes]
            yield from notes
            yield ""


def row(site: str, score: Score) -> str:
    pages, blocks = max(1, score.pages), max(1, score.blocks)
    cells = (
        site,
        score.converter,
        f"{score.equal_pages} of {score.pages} ({score.equal_pages / pages:.1%})",
        f"{score.equal_blocks / blocks:.1%}",
        f"{score.kept / max(1, score.source_blocks):.2%}",
        f"{score.writing / pages:.3f}",
        f"{score.proving / pages:.3f}",
        "" if score.processor is None else f"{score.processor / pages:.3f}",
    )
    return f"| {' | '.join(cells)} |"


def pandoc() -> str:
    if shutil.which("pandoc") is None:
        return "no pandoc"
    return run(["pandoc", "--version"], Path.cwd(), timeout=60).output.split("\n")[0]


def neutral(text: str) -> str:
    """Return a text with no path of this machine in it, on one line."""
    return re.sub(r"(?<![\w.:/])/[\w./+-]+/", "…/", " ".join(text.split()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
