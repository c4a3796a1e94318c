"""What did each converter make of each site?  The scores, and the page that shows them."""

from __future__ import annotations

import os
import platform
import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks.measure import Cost
from converters.commands import run


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one converter makes of one site.

    ``kept`` are the blocks inside eval-rst, autodoc directives apart, of ``source_blocks``.
    ``writing`` and ``proving`` are seconds by the clock, ``processor`` those of all of it.
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
    processor: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A site's scores and what a plain build of it costs; ``trouble`` says why some are missing."""

    site: str
    scores: tuple[Score, ...] = ()
    plain: Cost | None = None
    remarks: tuple[str, ...] = ()
    trouble: str = ""


_COLUMNS = (
    "site",
    "converter",
    "pages equal",
    "blocks equal",
    "in eval-rst",
    "convert s",
    "prove s",
    "processor s",
    "builds",
)

_LEGEND = """
*Pages equal* are those that render the same, with nothing new to warn of.
*Blocks equal* are those of all pages that are in the new page too, in their order.
*In eval-rst* are the blocks that stay RST in the new pages, those inside them counted, directives that read docstrings apart.
`--page-rst` lets pages that would be left use an extension of doctest-nix; it stands only where pages are left without.
*Convert* and *prove* are seconds of the wall clock for each page: to record it, to write it and to find other ways for its blocks; to try all pages, build the new site and compare it.
*Processor s* is what all of it takes of the processors for each page, for doctest-nix with every reading of the site: on a machine that does something else besides, the figure to go by.
*Builds* says how many plain builds of the site (`sphinx-build -b dummy`) take as much of the processors.
The others' pages are proven one by one, by the same oracle and with the extensions of MyST-Parser that they ask for; left pages count as not equal, and so do pages that were given up.
"""  # noqa: E501 - one sentence a line


def page(found: Sequence[Measured]) -> Iterator[str]:
    """Yield the lines of the page of results."""
    yield "# Conversion of whole sites"
    yield ""
    yield "Made by `make bench-convert`; every figure is of that run."
    yield (
        f"Python {platform.python_version()}, Sphinx {version('sphinx')},"
        f" MyST-Parser {version('myst-parser')}, docutils {version('docutils')},"
        f" {_pandoc()}; {os.cpu_count()} cores, {os.getloadavg()[2]:.0f} processes wanted them"
        " when this was written."
    )
    yield from _LEGEND.rstrip().splitlines()
    yield ""
    yield f"| {' | '.join(_COLUMNS)} |"
    yield f"|{' --- |' * len(_COLUMNS)}"
    for site in found:
        for score in site.scores:
            yield _row(site, score)
    absent = [site.site for site in found if site.trouble == "absent"]
    if absent:
        yield ""
        yield f"Absent: {', '.join(absent)}."
    for site in found:
        lines = [*_remarks(site)]
        if lines:
            yield from ("", f"## {site.site}", "")
            yield from (f"- {line}" for line in lines)


def _row(site: Measured, score: Score) -> str:
    pages, blocks = max(1, score.pages), max(1, score.blocks)
    cells = (
        site.site,
        score.converter,
        f"{score.equal_pages} of {score.pages} ({score.equal_pages / pages:.1%})",
        f"{score.equal_blocks / blocks:.1%}",
        f"{score.kept / max(1, score.source_blocks):.2%}",
        f"{score.writing / pages:.3f}",
        f"{score.proving / pages:.3f}",
        f"{score.processor / pages:.3f}",
        f"{score.processor / site.plain.processor:.1f}" if site.plain else "",
    )
    return f"| {' | '.join(cells)} |"


def _remarks(site: Measured) -> Iterator[str]:
    if site.trouble and site.trouble != "absent":
        yield neutral(site.trouble)
    if site.plain is not None and site.scores:
        pages = max(1, site.scores[0].pages)
        yield (
            f"a plain build takes {site.plain.seconds / pages:.3f} s a page"
            f" ({site.plain.processor / pages:.3f} s of the processors)"
        )
    yield from site.remarks
    for score in site.scores:
        yield from (f"{score.converter} {note}" for note in score.notes)


def _pandoc() -> str:
    if shutil.which("pandoc") is None:
        return "no pandoc"
    return run(["pandoc", "--version"], Path.cwd(), timeout=60).output.split("\n")[0]


def neutral(text: str) -> str:
    """Return a text with no path of this machine in it, on one line."""
    return re.sub(r"(?<![\w.:/])(?:/|\.\./)[\w./+-]+/", "…/", " ".join(text.split()))
