"""What would be done with each block, told without running any."""

from __future__ import annotations

from collections.abc import Iterator

from doctest_nix.plan import Plan
from doctest_nix.report.fates import NO_KIND
from doctest_nix.report.neutral import neutral


def listing(plan: Plan) -> Iterator[str]:
    """Yield a line a block, in source order: place, kind, and what more there is to say."""
    rows = [(block, step.kind, step.detail) for step in plan.steps for block in step.blocks]
    rows += [(item.block, NO_KIND, item.reason) for item in plan.ignored]
    for block, kind, detail in sorted(rows, key=lambda row: row[0].location.line):
        yield neutral(f"{block.location}: {kind} ({detail})")
