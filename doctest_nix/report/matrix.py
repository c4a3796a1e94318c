"""What became of each document with each version of Nix: a table, and since when it is broken."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from doctest_nix.report.fates import DocumentReport
from doctest_nix.verdict import Fate

#: What says most of a document, first.
_WORST = (Fate.BROKEN, Fate.FAILED, Fate.STALE, Fate.PASSED, Fate.SKIPPED)

_GOOD = ("passed", "stale")


def table(documents: Iterable[DocumentReport]) -> tuple[str, ...]:
    """Return the lines of a table of documents by version; none where there are no versions.

    Versions stand in their order, oldest first.  A row ends with what it means: ``broken since
    2.34`` where all older versions pass, ``works since 2.26`` where all newer ones do.
    """
    fates: dict[str, dict[str, str]] = {}
    for document in documents:
        if document.version:
            row = fates.setdefault(document.path.as_posix(), {})
            row[document.version] = _fate(document)
    versions = sorted({name for row in fates.values() for name in row}, key=_order)
    if not versions:
        return ()
    width = max(map(len, fates))
    widths = [max(len(version), len("skipped")) for version in versions]
    head = "  ".join(v.ljust(w) for v, w in zip(versions, widths, strict=True))
    lines = [f"{'':{width}}  {head}"]
    for path, row in sorted(fates.items()):
        found = [row.get(version, "-") for version in versions]
        cells = "  ".join(f.ljust(w) for f, w in zip(found, widths, strict=True))
        lines.append(f"{path:{width}}  {cells}  {meaning(versions, found)}")
    return tuple(line.rstrip() for line in lines)


def meaning(versions: Sequence[str], fates: Sequence[str]) -> str:
    """Return what the fates of a document say, ``""`` where they say nothing of versions."""
    known = [
        (version.removeprefix("nix-"), fate in _GOOD)
        for version, fate in zip(versions, fates, strict=True)
        if fate in (*_GOOD, "failed")
    ]
    good = [is_good for _, is_good in known]
    if all(good) or not any(good):
        return ""
    turns = [n for n in range(1, len(known)) if good[n] != good[n - 1]]
    if len(turns) > 1:
        return f"broken with {', '.join(version for version, is_good in known if not is_good)}"
    return f"{'broken' if good[0] else 'works'} since {known[turns[0]][0]}"


def _fate(document: DocumentReport) -> str:
    if document.error:
        return Fate.FAILED.value
    found = {block.fate for block in document.blocks}
    return next((fate.value for fate in _WORST if fate in found), Fate.SKIPPED.value)


def _order(version: str) -> tuple[tuple[int, ...], str]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3]), version
