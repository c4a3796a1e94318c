"""What became of every block: one row each, and the totals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from doctest_nix.document import Block
from doctest_nix.report.neutral import neutral, neutral_lines
from doctest_nix.verdict import Checked, Fate, Verdict

if TYPE_CHECKING:  # the plan brings all formats and steps along
    from doctest_nix.plan import Plan
from doctest_nix.attempt import Attempt

#: The kind of a block that is no step.
NO_KIND = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockReport:
    """One block's row; ``checked`` is ``""`` where it did not pass, ``seconds`` its time.

    ``masks`` are the rules by which output passed that is not to the letter what the page shows.
    """

    line: int
    end_line: int
    language: str
    kind: str
    fate: str
    checked: str
    reason: str
    seconds: float
    masks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentReport:
    """A document's rows in source order; ``error`` says why there are none, else ``""``.

    ``version`` names the Nix, where the run tried several: ``nix-2.26``.  ``environment`` says what
    ran it, ``""`` where nothing did; ``network`` is what the page tried to reach, where the run had
    a proxy that heard of it.
    """

    path: Path
    blocks: tuple[BlockReport, ...]
    error: str = ""
    version: str = ""
    network: tuple[Attempt, ...] = ()
    environment: str = ""


def document_report(plan: Plan, verdicts: Mapping[int, Verdict], *, not_run: str) -> DocumentReport:
    """Return the rows of a document; steps without a verdict are skipped for ``not_run``."""
    unknown = Verdict(fate=Fate.SKIPPED, reason=not_run)
    rows = [
        _row(ignored.block, NO_KIND, Verdict(fate=Fate.IGNORED, reason=ignored.reason))
        for ignored in plan.ignored
    ]
    for index, step in enumerate(plan.steps):
        verdict = verdicts.get(index, unknown)
        first, *more = (_row(block, step.kind, verdict) for block in step.blocks)
        rows += [replace(first, masks=tuple(neutral(mask) for mask in verdict.masks)), *more]
    rows.sort(key=lambda row: (row.line, row.end_line))
    return DocumentReport(path=plan.document.path, blocks=tuple(rows))


def merged(reports: Iterable[DocumentReport], *, not_run: str) -> tuple[DocumentReport, ...]:
    """Return one report a document and version, where several workers each ran a part of it."""
    found: dict[tuple[Path, str], DocumentReport] = {}
    for report in reports:
        known = found.get((report.path, report.version))
        if known is None or len(known.blocks) != len(report.blocks):
            found[report.path, report.version] = report
            continue
        rows = tuple(
            new if old.reason == not_run else old
            for old, new in zip(known.blocks, report.blocks, strict=True)
        )
        network = tuple(dict.fromkeys([*known.network, *report.network]))
        environment = report.environment or known.environment
        found[report.path, report.version] = replace(
            report, blocks=rows, network=network, environment=environment
        )
    return tuple(found[place] for place in sorted(found))


def totals(documents: Iterable[DocumentReport]) -> dict[str, int]:
    """Return the number of blocks by fate, and under ``blocks`` their sum."""
    counts = Counter(row.fate for document in documents for row in document.blocks)
    return {"blocks": counts.total(), **{fate.value: counts[fate.value] for fate in Fate}}


def verified(documents: Iterable[DocumentReport]) -> float:
    """Return the share of blocks that passed or are stale, in percent; 100 where there is none."""
    count = totals(documents)
    good = count[Fate.PASSED] + count[Fate.STALE]
    return 100 * good / count["blocks"] if count["blocks"] else 100.0


def summary(documents: Iterable[DocumentReport]) -> str:
    """Return the closing line, in which every block is counted once.

    ``unexplained`` counts blocks that were left out with no reason: always 0, or we have a bug.
    """
    rows = [row for document in documents for row in document.blocks]
    parts = []
    for checked in Checked:
        of_kind = [row for row in rows if row.checked == checked]
        stale = sum(row.fate == Fate.STALE for row in of_kind)
        if of_kind:
            parts.append(f"{len(of_kind)} {checked}" + (f" ({stale} stale)" if stale else ""))
    for fate in (Fate.FAILED, Fate.BLOCKED, Fate.BROKEN):
        if count := sum(row.fate == fate for row in rows):
            parts.append(f"{count} {fate}")
    for fate in (Fate.SKIPPED, Fate.IGNORED):
        reasons = Counter(row.reason.partition(":")[0] for row in rows if row.fate == fate)
        if reasons:
            listed = [f"{reason} {count}" for reason, count in reasons.most_common(5)]
            more = len(reasons) - len(listed)
            listed += [f"{more} other reasons"] if more else []
            parts.append(f"{reasons.total()} {fate} ({', '.join(listed)})")
    left_out = {Fate.SKIPPED, Fate.IGNORED, Fate.BLOCKED}
    unexplained = sum(row.fate in left_out and not row.reason for row in rows)
    parts.append(f"{unexplained} unexplained")
    return f"{len(rows)} blocks: {', '.join(parts)}"


def _row(block: Block, kind: str, verdict: Verdict) -> BlockReport:
    return BlockReport(
        line=block.location.line,
        end_line=block.location.end_line,
        language=neutral(block.language),
        kind=kind,
        fate=verdict.fate.value,
        checked=verdict.checked.value if verdict.checked is not None else "",
        reason=neutral_lines(verdict.reason),
        seconds=round(verdict.seconds, 6),
    )
