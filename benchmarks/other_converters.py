"""What do rst-to-myst and pandoc make of a site's pages?"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks.conversion_page import Score
from benchmarks.measure import processor_seconds
from converters import rst_to_myst
from converters.commands import run
from converters.drafts import Drafts, record_all
from converters.oracle import Kind, PageProof, Prover, Workshop
from converters.outcomes import count
from converters.project import opened
from converters.recorder import DirectiveRecord, record
from converters.scope import scope_of
from converters.shapes import AUTODOC, Shape
from converters.surroundings import Settings, configure

#: What pandoc's Markdown with all extensions may use.
PANDOC = frozenset(("attrs_block", "attrs_inline", "deflist", "dollarmath", "strikethrough"))

#: What a page may take to be written, and to be proven, before it is given up.
PAGE_SECONDS = 30.0

_KEPT = re.compile(r"^([ ]*)(`{3,})\{eval-rst\}\n(.*?)^\1\2$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Pages by name, the MyST extensions that they need, and the pages that took too long."""

    pages: Mapping[str, str]
    extensions: frozenset[str]
    given_up: tuple[str, ...] = ()


def others(path: Path, work: Path, *, timeout: float, jobs: int) -> Iterator[Score]:
    """Yield the scores of the other converters; ``timeout`` is for reading the site."""
    work.mkdir()
    state = Drafts(
        scope=scope_of(path),
        directory=work,
        timeout=timeout,
        jobs=jobs,
        progress=lambda _what, _done, _total: None,
    )
    prover, settings, _ = opened(state)
    with prover:
        record_all(state, prover, settings, dict(prover.site().unreadable))
        rst_to_myst.program()  # made before the clock runs
        for name, convert in (("rst-to-myst 0.4.0", _rst_to_myst), ("pandoc", _pandoc)):
            score = _scored(name, convert, state, prover, settings=settings, timeout=timeout)
            print(f"  {score}", flush=True)
            yield score


def _scored(
    name: str,
    convert: Callable[[Mapping[str, str], str], Written],
    state: Drafts,
    prover: Prover,
    *,
    settings: Settings,
    timeout: float,
) -> Score:
    texts = {d.name: "\n".join(d.record.lines) + "\n" for d in state.drafts.values()}
    used = processor_seconds() + prover.call(_used, timeout=timeout)
    started = time.monotonic()
    written = convert(texts, settings.default_role)
    converted = time.monotonic()
    asked = {"myst_enable_extensions": sorted(written.extensions), "myst_footnote_sort": False}
    prover.call(configure, asked, timeout=timeout)
    candidates = {page: written.pages.get(page, "") for page in texts}
    proofs = prover.prove_all(candidates, page_timeout=PAGE_SECONDS)
    proven = time.monotonic()
    real = [proofs[page] for page in written.pages]
    return Score(
        converter=name,
        pages=len(state.drafts) + len(state.left),
        equal_pages=sum(proof.proven and not proof.new_warnings for proof in real),
        blocks=sum(proof.blocks for proof in proofs.values()),
        equal_blocks=sum(proof.equal_blocks for proof in real),
        kept=sum(n for t in written.pages.values() for n in _kept_blocks(t, settings.registry)),
        source_blocks=sum(count(draft.record.document) for draft in state.drafts.values()),
        writing=converted - started,
        proving=proven - converted,
        processor=processor_seconds() + prover.call(_used, timeout=timeout) - used,
        notes=tuple(_notes(texts, written, real)),
    )


def _used(_workshop: Workshop) -> float:
    return processor_seconds()


def _notes(texts: Mapping[str, str], written: Written, proofs: list[PageProof]) -> Iterator[str]:
    if written.given_up:
        yield f"writes for over {PAGE_SECONDS:g} s: {', '.join(written.given_up)}"
    failed = sorted(texts.keys() - written.pages.keys() - set(written.given_up))
    if failed:
        yield f"fails on {len(failed)} of the pages"
    unreadable = [
        (proof.page, difference.actual)
        for proof in proofs
        for difference in proof.differences
        if difference.kind is Kind.UNREADABLE
    ]
    slow = [page for page, what in unreadable if what.startswith("TimeoutError")]
    if slow:
        yield f"writes what cannot be proven in {PAGE_SECONDS:g} s: {', '.join(slow)}"
    if len(unreadable) > len(slow):
        yield f"writes what Sphinx cannot read: {len(unreadable) - len(slow)} of the pages"


def _rst_to_myst(texts: Mapping[str, str], default_role: str) -> Written:
    named = {f"{name}.rst": text for name, text in texts.items()}
    found = rst_to_myst.convert(named, default_role=default_role)
    return Written(
        pages={path.removesuffix(".rst"): page.text for path, page in found.items()},
        extensions=frozenset[str]().union(*(page.extensions for page in found.values())),
    )


def _pandoc(texts: Mapping[str, str], default_role: str) -> Written:
    command = ["pandoc", "--from=rst", "--to=commonmark_x", "--wrap=preserve"]
    pages: dict[str, str] = {}
    given_up: list[str] = []
    for name, text in texts.items():
        try:
            ran = run(command, Path.cwd(), timeout=PAGE_SECONDS, stdin=text)
        except TimeoutError:
            given_up.append(name)
            continue
        if not ran.status:
            pages[name] = ran.output
    return Written(pages=pages, extensions=PANDOC, given_up=tuple(given_up))


def _kept_blocks(text: str, registry: Mapping[str, Shape]) -> Iterator[int]:
    """Yield how many blocks each eval-rst of a page holds, autodoc directives apart."""
    for fence in _KEPT.finditer(text):
        document = record(fence[3], registry=registry).document
        first = document.next_node(DirectiveRecord)
        if first is None or first["name"].lower() not in AUTODOC:
            yield count(document)
