"""How a failure is told to a person at a terminal or in a CI log."""

from __future__ import annotations

from doctest_nix.report.neutral import neutral
from doctest_nix.verdict import Mismatch


def failure(mismatch: Mismatch, *, reproduce: str) -> tuple[str, ...]:
    """Return the lines that tell what is wrong, where, and how to see it again.

    Each is `neutral`: an output can neither move the cursor nor speak to the CI system.
    """
    lines = [f"{mismatch.location}: {mismatch.problem}"]
    if mismatch.command:
        lines.append("")
        first, *more = mismatch.command.split("\n")
        lines.append(f"    $ {first}")
        lines += [f"    > {line}" for line in more]
    if mismatch.diff:
        lines.append("")
        lines.append("    (- the page shows, + what happened)")
        lines += [f"    {line}" for line in mismatch.diff]
    if mismatch.exit_code is not None:
        lines += ["", f"exit status: {mismatch.exit_code}"]
    if mismatch.hint:
        lines += ["", mismatch.hint]
    lines += ["", f"to reproduce: {reproduce}"]
    return tuple(neutral(part) for line in lines for part in line.split("\n"))
