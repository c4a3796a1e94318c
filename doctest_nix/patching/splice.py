"""What does a file look like when a hunk that fits at a known place is applied there?"""

from __future__ import annotations

import itertools
import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from doctest_nix.patching.diff import Line, Mark

_WORD = re.compile(r"[^\W\d]['\w-]*|\d[\w.]*|\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A word, a number or a single sign of the file, at ``start`` up to ``end``."""

    text: str
    start: int
    end: int


def tokenise(text: str) -> tuple[Token, ...]:
    """Return what is not white space: words (with Nix's ``-`` and ``'``), numbers, signs.

    Strings and comments are no tokens of their own: a hunk may start or end within one.
    """
    return tuple(
        Token(text=match[0], start=match.start(), end=match.end()) for match in _WORD.finditer(text)
    )


class File:
    """The text of a file, cut into lines and tokens.

    ``text`` ends in a newline unless it is empty; offsets are characters of ``text``, line
    indices are 0-based, and ``offsets`` has one entry more than ``lines``: the end.
    """

    def __init__(self, text: str) -> None:
        """Cut ``text``."""
        self.text = text if text.endswith("\n") or not text else text + "\n"
        self.lines = self.text.split("\n")[:-1]
        self.offsets = [0]
        for line in self.lines:
            self.offsets.append(self.offsets[-1] + len(line) + 1)
        self.tokens = tokenise(self.text)

    def line_start(self, offset: int) -> int:
        """Return where the line starts that ``offset`` is in."""
        return self.text.rfind("\n", 0, offset) + 1

    def line_end(self, offset: int) -> int:
        """Return the offset after the line break of the line that ``offset`` is in."""
        return self.text.index("\n", offset) + 1

    def leads(self, offset: int) -> bool:
        """Whether only white space stands before ``offset`` in its line."""
        return not self.text[self.line_start(offset) : offset].strip()

    def trails(self, offset: int) -> bool:
        """Whether only white space stands from ``offset`` to the end of its line."""
        return not self.text[offset : self.line_end(offset)].strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """The characters from ``start`` up to ``end`` of the old text become ``text``."""

    start: int
    end: int
    text: str


def apply_edits(text: str, edits: Iterable[Edit]) -> str:
    """Return ``text`` with all of ``edits`` made; they must not overlap."""
    for edit in sorted(edits, key=lambda edit: (edit.start, edit.end), reverse=True):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text


class Indentation:
    """Gives added lines the indentation that the file has where the page has another one.

    The lines of a change move together, as far as the nearest line that fits and starts in the
    column of the first of them; the nearest one at all where none does.  Where the file is
    indented by tabs and the page by blanks, each line looks for its own column.
    """

    def __init__(self, lines: Sequence[Line], seen: Mapping[int, str]) -> None:
        """Take the hunk, and for each of its lines that fits the file's line."""
        self._lines = lines
        self._seen = [(i, _indent(lines[i].raw), _indent(file)) for i, file in seen.items()]
        self._tabs = any("\t" in file for _, _, file in self._seen) and not any(
            "\t" in line.raw for line in lines
        )
        self._leader = {
            i: next((j for j in run if self._moves(j)), i) for run in changes(lines) for i in run
        }

    def of(self, index: int) -> str:
        """Return the text of the added line ``index`` of the hunk."""
        line = self._lines[index]
        leader = index if self._tabs else self._leader[index]
        if line.blank or not self._seen:
            return line.text
        column = _indent(self._lines[leader].raw)
        _, page, file = min(
            self._seen,
            key=lambda seen: (seen[1] != column, abs(seen[0] - leader), seen[0] > leader),
        )
        wanted, body = _indent(line.raw), line.text.lstrip()
        if wanted.startswith(page):
            return file + wanted[len(page) :] + body
        if page.startswith(wanted):
            return file[: max(0, len(file) - (len(page) - len(wanted)))] + body
        return line.text

    def _moves(self, index: int) -> bool:
        return self._lines[index].mark is Mark.ADDED and not self._lines[index].blank


def splice_lines(
    lines: Sequence[Line], at: Mapping[int, int], file: File, *, reindent: bool
) -> Edit | None:
    """Return the edit that a hunk is, None where it changes nothing.

    ``at`` maps the indices of those old lines that were searched for to the file's lines; what
    is missing in it are blank lines, of which page and file may have different numbers: the
    file keeps its own, and the page's that stand among added lines are added with them.
    """
    anchors = sorted(at)
    fitting = {i: file.lines[at[i]] for i in anchors if reindent and not lines[i].blank}
    added = Indentation(lines, fitting).of
    bounds = [-1, *anchors, len(lines)]
    new: list[str] = []
    first, last = at[anchors[0]], at[anchors[-1]] + 1
    for before, after in itertools.pairwise(bounds):
        gap = range(before + 1, after)
        if before >= 0 and lines[before].mark is Mark.CONTEXT:
            new.append(file.lines[at[before]])
        old = sum(lines[i].mark is not Mark.ADDED for i in gap)
        if before < 0:
            blanks = list(_blanks(file, range(first - 1, -1, -1), old))
            first -= len(blanks)
            new.extend(reversed(_fill(lines, reversed(gap), blanks, added)))
        elif after == len(lines):
            blanks = list(_blanks(file, range(last, len(file.lines)), old))
            last += len(blanks)
            new.extend(_fill(lines, gap, blanks, added))
        else:
            blanks = file.lines[at[before] + 1 : at[after]]
            new.extend(_fill(lines, gap, blanks, added, inside=True))
    start, end = file.offsets[first], file.offsets[last]
    return _trim(file.text, Edit(start=start, end=end, text="".join(f"{line}\n" for line in new)))


def splice_tokens(
    lines: Sequence[Line], spans: Mapping[int, tuple[int, int]], file: File
) -> Edit | None:
    """Return the edit that a hunk is, None where it changes nothing.

    ``spans`` maps the indices of the old lines that are not blank to their characters in the
    file.  The file's layout stays, but for lines that are added or removed: those start and
    end lines of their own.
    """
    fitting = {
        i: file.text[file.line_start(start) : end]
        for i, (start, end) in spans.items()
        if file.leads(start)
    }
    indentation = Indentation(lines, fitting)
    edits = []
    for run in changes(lines):
        removed = [spans[i] for i in run if i in spans]
        added = [indentation.of(i) for i in run if lines[i].mark is not Mark.REMOVED]
        before = max((i for i in spans if i < run[0]), default=None)
        if removed:
            start, end = removed[0][0], removed[-1][1]
        elif before is not None:
            start = end = spans[before][1]
        else:
            start = end = spans[min(i for i in spans if i > run[-1])][0]
        if removed or before is None or not file.trails(end):
            edits.append(_cut_in(added, start, end, file))
            continue
        at = file.line_end(end)
        for i in range(before + 1, run[0]):
            if lines[i].blank and at < len(file.text) and file.trails(at):
                at = file.line_end(at)
        edits.append(Edit(start=at, end=at, text="".join(f"{line}\n" for line in added)))
    whole = [edit for edit in edits if file.text[edit.start : edit.end] != edit.text]
    if not whole:
        return None
    start, end = min(edit.start for edit in whole), max(edit.end for edit in whole)
    moved = [Edit(start=e.start - start, end=e.end - start, text=e.text) for e in whole]
    text = apply_edits(file.text[start:end], moved)
    return _trim(file.text, Edit(start=start, end=end, text=text))


def _cut_in(added: Sequence[str], start: int, end: int, file: File) -> Edit:
    """Return the edit that puts ``added`` on lines of their own instead of ``start`` to ``end``."""
    text = "".join(f"{line}\n" for line in added)
    leads, trails = file.leads(start), file.trails(end)
    if leads:
        head = file.text[file.line_start(start) : start]
        start -= len(head)
    else:
        start = len(file.text[:start].rstrip())
        head = " " if file.text[start : start + 1].isspace() else ""
    if trails:
        end = file.line_end(end)
    else:
        end += len(file.text[end:]) - len(file.text[end:].lstrip())
    if not added:
        middle = head if leads else "\n" if trails else head
        return Edit(start=start, end=end, text="" if leads and trails else middle)
    before = "" if leads else "\n"
    after = "" if trails else _indent(file.text[file.line_start(start) :])
    return Edit(start=start, end=end, text=before + text + after)


def changes(lines: Sequence[Line]) -> Iterator[list[int]]:
    """Yield the indices of each change: added and removed lines, and blank ones among them."""
    run: list[int] = []
    blanks: list[int] = []
    for index, line in enumerate(lines):
        if line.mark is not Mark.CONTEXT:
            run += [*(blanks if run else []), index]
            blanks = []
        elif line.blank:
            blanks.append(index)
        else:
            if run:
                yield run
            run, blanks = [], []
    if run:
        yield run


def _blanks(file: File, indices: range, limit: int) -> Iterator[str]:
    """Yield the file's blank lines in the order of ``indices``, up to a line that is not blank."""
    for index in indices[:limit]:
        if file.lines[index].strip():
            return
        yield file.lines[index]


def _fill(
    lines: Sequence[Line],
    gap: Iterable[int],
    blanks: Sequence[str],
    added: Callable[[int], str],
    *,
    inside: bool = False,
) -> list[str]:
    """Return the new lines between two lines that fit, in the order of ``gap``.

    The page's blank lines in ``gap`` are the file's ``blanks`` one by one.  Those that the file
    does not have are kept where added lines follow them, or stand anywhere between (``inside``).
    """
    indices = list(gap)
    pool = deque(blanks)
    new: list[str] = []
    additions = [i for i in indices if lines[i].mark is Mark.ADDED]
    for position, index in enumerate(indices):
        line = lines[index]
        if line.mark is Mark.ADDED:
            new.append(added(index))
        elif pool:
            blank = pool.popleft()
            if line.mark is Mark.CONTEXT:
                new.append(blank)
        elif line.mark is Mark.CONTEXT and additions:
            rest = indices[position:]
            if inside or any(i in additions for i in rest):
                new.append("")
    return new + list(pool)


def _trim(text: str, edit: Edit) -> Edit | None:
    """Return ``edit`` without the characters that it leaves as they are, None if that is all."""
    old, new = text[edit.start : edit.end], edit.text
    if old == new:
        return None
    limit = min(len(old), len(new))
    head = next((i for i in range(limit) if old[i] != new[i]), limit)
    limit -= head
    tail = next((i for i in range(limit) if old[-1 - i] != new[-1 - i]), limit)
    return Edit(start=edit.start + head, end=edit.end - tail, text=new[head : len(new) - tail])


def _indent(line: str) -> str:
    """Return the white space that ``line`` starts with."""
    line = line.split("\n", 1)[0]
    return line[: len(line) - len(line.lstrip())]
