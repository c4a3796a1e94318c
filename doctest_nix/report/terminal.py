"""How a failure is told to a person at a terminal or in a CI log."""

from __future__ import annotations

from doctest_nix.verdict import Mismatch


def failure(mismatch: Mismatch, *, reproduce: str) -> tuple[str, ...]:
    """Return the lines that tell what is wrong, where, and how to see it again.

    No line begins with what a tutorial's program printed, and control characters are shown
    escaped: an output can neither move the cursor nor speak to the CI system.
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
    return tuple(neutral(line) for line in lines)


def neutral(text: str) -> str:
    """Return one line of text with its control characters escaped."""
    return "".join(c if c.isprintable() or c == "\t" else _escaped(c) for c in text)


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8 (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
