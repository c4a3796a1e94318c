"""In which shapes can an output be looked at: what is left out, what is laid out alike?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from doctest_nix import chatter, layout, rules, wording
from doctest_nix.alignment import is_elision
from doctest_nix.rules import Note, Rule

_STORE_PATH = re.compile(r"/nix/store/\S+")

#: What an interactive shell says when a background job starts, and some time after it ended.
_JOB_STARTS = re.compile(r"\[\d+\] \d+")
_JOB_ENDED = re.compile(
    r"\[\d+\][+-]?\s+(?:Done|Exit \d|Terminated|Killed|Interrupt|Hangup|Aborted|Broken pipe"
    r"|Segmentation fault)\b.*"
)

#: Such a notice of a compound command goes on below, indented, up to the word that closes it.
_JOB_GOES_ON = re.compile(r".*(?:\b(?:do|then|in)|[({])")
_JOB_MORE = re.compile(r"\s.*|(?:do|then|else|elif|done|fi|esac|\)|\})(?!\w).*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """Both sides after something was done to them, and the notes that say what."""

    page: tuple[str, ...]
    printed: tuple[str, ...]
    notes: tuple[Note, ...] = ()

    def then(self, rule: Rule, detail: str, page: Sequence[str], printed: Sequence[str]) -> Shape:
        """Return the next shape; this very one where nothing changed."""
        if tuple(page) == self.page and tuple(printed) == self.printed:
            return self
        notes = (*self.notes, Note(rule=rule, detail=detail))
        return Shape(page=tuple(page), printed=tuple(printed), notes=notes)


def shapes(given: Shape, command: str) -> Iterator[Shape]:
    """Yield ``given``, then each further shape, which has all changes of those before it."""
    shape = given
    yield shape
    steps = [_without_blank_lines, _without_shells]
    if layout.is_long_listing(command):
        steps.append(_listed)
    elif layout.command_word(command)[0] == "tree":
        steps.append(_drawn)
    for step in (*steps, _without_job_notices, _without_chatter, _without_layout):
        later = step(shape)
        if later is not shape:
            yield later
            shape = later


def loose_shapes(given: Shape, last: Shape, command: str) -> Iterator[Shape]:
    """Yield what only makes a page stale: shapes besides those of `shapes`, ``last`` their last."""
    later = _without_warnings(last)
    if later is not last:
        yield later
    if layout.is_long_listing(command):
        names = layout.names(given.printed)
        yield given.then(rules.SHORT_LISTING, "only names are shown", given.page, names)


def _without_blank_lines(shape: Shape) -> Shape:
    """Return ``shape`` without blank lines."""
    page, printed = (
        [line for line in side if line.strip()] for side in (shape.page, shape.printed)
    )
    return shape.then(rules.BLANK_LINES, "left out", page, printed)


def _without_shells(shape: Shape) -> Shape:
    if wording.names_missing(shape.page) and wording.names_missing(shape.printed):
        rule, detail = rules.MISSING_COMMAND, "it is not installed"
    else:
        rule, detail = rules.SHELL_NAME, "left out"
    page, printed = map(wording.shells_unnamed, (shape.page, shape.printed))
    return shape.then(rule, detail, page, printed)


def _listed(shape: Shape) -> Shape:
    page, printed = map(layout.listing, (shape.page, shape.printed))
    return shape.then(rules.LONG_LISTING, "columns left out", page, printed)


def _drawn(shape: Shape) -> Shape:
    page, printed = map(layout.tree, (shape.page, shape.printed))
    return shape.then(rules.TREE_LINES, "drawn alike", page, printed)


def _without_chatter(shape: Shape) -> Shape:
    page, printed = map(chatter.sift, (shape.page, shape.printed))
    rest, warnings = chatter.unannounced(page.lines, printed.lines)
    dropped = f"{page.dropped} lines of the page, {printed.dropped + warnings} of the output"
    return shape.then(rules.CHATTER, dropped, page.lines, rest)


def _without_job_notices(shape: Shape) -> Shape:
    """Return ``shape`` without notices of a kind that one side alone has."""
    page, printed = shape.page, shape.printed
    if not any(map(_JOB_STARTS.fullmatch, page)):
        printed = tuple(line for line in printed if not _JOB_STARTS.fullmatch(line))
    if not any(map(_JOB_ENDED.fullmatch, page)):
        printed = _without_ended_jobs(printed)
    elif not any(map(_JOB_ENDED.fullmatch, printed)):
        page = _without_ended_jobs(page)
    return shape.then(rules.JOB_NOTICE, "left out", page, printed)


def _without_ended_jobs(lines: tuple[str, ...]) -> tuple[str, ...]:
    kept: list[str] = []
    inside = False
    for line in lines:
        if _JOB_ENDED.fullmatch(line):
            inside = _JOB_GOES_ON.fullmatch(line) is not None
        elif inside and _JOB_MORE.fullmatch(line):
            inside = line[:1].isspace() or _JOB_GOES_ON.fullmatch(line) is not None
        else:
            inside = False
            kept.append(line)
    return tuple(kept)


def _without_layout(shape: Shape) -> Shape:
    page, printed = map(layout.values_joined, (shape.page, shape.printed))
    return shape.then(rules.VALUE_LAYOUT, "white space left out", page, printed)


def _without_warnings(shape: Shape) -> Shape:
    printed, number = chatter.new_warnings(shape.page, shape.printed)
    return shape.then(rules.NEW_WARNING, f"{number} more than shown", shape.page, printed)


def without_build_log(shape: Shape) -> Shape | None:
    """Return ``shape`` without what builders print and one side has not; None where there is none.

    A log starts with the first `building '…'`.  Of the output, as many of the lines from there on
    are left out as the page has fewer, up to its next elision; no error is.  Of the page, the same
    where nothing was built, which happens when it was built before; no store path is, since that
    is what a build prints at its end.
    """
    shape = _without_blank_lines(shape)
    ours, theirs = map(chatter.sift, (shape.page, shape.printed))
    if theirs.built is not None:
        return _log_unprinted(ours, theirs)
    return None if ours.built is None else _log_unshown(ours, theirs)


def _log_unprinted(ours: chatter.Sifted, theirs: chatter.Sifted) -> Shape | None:
    start = theirs.built or 0
    before, rest = ours.lines[:start], ours.lines[start:]
    log = theirs.lines[start:]
    if any(map(is_elision, before)):
        return None
    if wording.fault(log) is not None and wording.fault(rest) is None:
        return None
    number = len(log) - len(rest)
    if any(map(is_elision, rest)):
        page, printed, detail = (*before, "...", *rest), theirs.lines, "left out of the page"
    elif number > 0:
        page, printed = ours.lines, (*theirs.lines[:start], *log[number:])
        detail = f"{number:,} lines left out of the page"
    else:
        return None
    return Shape(page=page, printed=printed, notes=(Note(rule=rules.BUILD_LOG, detail=detail),))


def _log_unshown(ours: chatter.Sifted, theirs: chatter.Sifted) -> Shape | None:
    start = ours.built or 0
    before, log = ours.lines[:start], ours.lines[start:]
    number = len(theirs.lines) - start
    if number < 0 or any(map(is_elision, before)):
        return None
    last = max((n for n, line in enumerate(log) if is_elision(line)), default=-1)
    cut = max(len(log) - number, last)
    dropped = log[:cut] if cut > 0 else ()
    if not dropped or any(map(_STORE_PATH.fullmatch, dropped)):
        return None
    note = Note(rule=rules.BUILD_LOG, detail=f"{len(dropped):,} lines of the page not printed")
    return Shape(page=(*before, *log[cut:]), printed=theirs.lines, notes=(note,))
