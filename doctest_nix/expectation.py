"""Is the output that a page shows the output that happened?

Ways of comparing are tried strict to loose, and the first that succeeds decides:

1. by the letter;
2. with volatile parts masked, consistently through the document (`masks`, `bindings`), what
   nobody compares left out (`chatter`), and layout that carries no meaning set aside (`layout`);
3. for an error, by its message, the trace around it left out of the page (`wording`);
4. stale: the same once more with versions, wording and white space ignored that change from one
   release to the next.

`RULES` is the reference of all that may differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from doctest_nix import chatter, wording
from doctest_nix.bindings import Bindings, Ledger
from doctest_nix.difference import difference
from doctest_nix.masks import Reader, Reading
from doctest_nix.rules import RULES, Level, Rule
from doctest_nix.screen import render
from doctest_nix.trial import Trial

__all__ = ["RULES", "Bindings", "Comparison", "Level", "Rule", "compare"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """How far what is shown is what happened.

    ``masks`` names the rules that made it succeed, with what they did (`store hash: abc… is
    xyz…`); empty for a match by the letter, and for a mismatch.  ``diff`` is empty for a match;
    its lines start with ``- `` (the page), ``+ `` (printed) or two spaces (both), elisions being
    the lines that they stand for, bounded in size.  ``reason`` is one sentence for STALE and
    MISMATCH, ``""`` for MATCH.
    """

    level: Level
    masks: tuple[str, ...] = ()
    diff: tuple[str, ...] = ()
    reason: str = ""


def compare(
    shown: str,
    actual: str,
    *,
    bindings: Bindings,
    home: str,
    directory: str,
    pinned: bool,
    command: str = "",
) -> tuple[Comparison, Bindings]:
    """Compare what a page shows of ``command``'s output with what it printed.

    ``actual`` is stdout and stderr in one, as a terminal shows them.  The command ran in
    ``directory``, its user's home being ``home``.  ``pinned`` says that the package set is fixed,
    so that versions must be exact.  White space at the end of lines and blank lines at the end
    never matter.

    Returns the comparison, and the bindings with those that it added; a mismatch adds none.
    Never raises.  Time is linear in ``actual`` for each segment of the page between elisions.
    """
    page, printed = _lines(shown), _lines(actual)
    ledger = Ledger(bindings, home=home, directory=directory)
    reader = Reader(home=home, directory=directory, pinned=pinned, command=command)
    trial = Trial(reader=reader, ledger=ledger, command=command)
    found = trial.run(page, printed)
    if found is None:
        return _mismatch(trial, page, printed), bindings
    stale = next((n for n in found.notes if n.rule.level is Level.STALE), None)
    masks = tuple(map(str, found.notes))
    if found.unlisted:
        masks += (f"and {found.unlisted:,} more",)
    if stale is None:
        return Comparison(level=Level.MATCH, masks=masks), found.bindings()
    comparison = Comparison(
        level=Level.STALE,
        masks=masks,
        diff=_difference(reader, page, printed),
        reason=f"Right but for the rule `{stale.rule.name}`: {stale.detail}.",
    )
    return comparison, found.bindings()


def _lines(text: str) -> tuple[str, ...]:
    """Split ``text``; tabs and hard spaces as they look, no white space at the end."""
    if "\x1b" in text or "\r" in text:
        text = render(text.encode("utf-8", "surrogateescape"), 1000)
    text = text.replace("\xa0", " ").rstrip()
    if "\t" in text:
        text = text.expandtabs()
    return tuple(line.rstrip() for line in text.split("\n")) if text else ()


def _difference(reader: Reader, page: Sequence[str], printed: Sequence[str]) -> tuple[str, ...]:
    return difference(
        page,
        printed,
        lambda line: reader.shown(line, Reading.MASKED),
        lambda line: reader.actual(line, Reading.MASKED),
    )


def _mismatch(trial: Trial, page: tuple[str, ...], printed: tuple[str, ...]) -> Comparison:
    ours, theirs = chatter.sift(page).lines, chatter.sift(printed).lines
    if not ours or not theirs:
        ours, theirs = page, printed
    diff = _difference(trial.reader, ours, theirs)
    return Comparison(level=Level.MISMATCH, diff=diff, reason=_reason(trial, page, printed, diff))


def _reason(
    trial: Trial, page: tuple[str, ...], printed: tuple[str, ...], diff: Sequence[str]
) -> str:
    """Say in one sentence what is wrong, the likeliest thing first."""
    if not printed:
        return "Nothing was printed."
    fresh = replace(trial, ledger=trial.ledger.cleared()).run(page, printed)
    if fresh is not None and (contradiction := trial.ledger.contradiction(fresh.bindings())):
        return contradiction
    ours, theirs = wording.fault(page), wording.fault(printed)
    if ours is None and theirs is not None:
        return f"It fails, and the page does not show that: {_short(theirs.head)}."
    if ours is not None and theirs is None:
        return f"The page shows an error that did not happen: {_short(ours.head)}."
    if ours is not None and theirs is not None and ours.head != theirs.head:
        return f"The error is another one: {_short(theirs.head)}."
    removed = next((line[2:] for line in diff if line.startswith("- ")), None)
    added = next((line[2:] for line in diff if line.startswith("+ ")), None)
    match removed, added:
        case None, str(line):
            return f"A line is printed that the page does not show: {_short(line)}."
        case str(line), None:
            return f"A line of the page is not printed: {_short(line)}."
        case str(one), str(other):
            return f"The page shows {_short(one)}; what was printed is {_short(other)}."
        case _:
            return "The same lines are printed, but what they stand for is not consistent."


def _short(line: str) -> str:
    line = " ".join(line.split())
    return f"`{line}`" if len(line) <= 120 else f"`{line[:119]}…`"
