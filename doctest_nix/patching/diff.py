"""What does a documentation diff say: its file, its hunks, the mark of each line?"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from enum import StrEnum


class NotAPatchError(ValueError):
    """A text that is no diff, or one of a form that documentation does not use."""


class Mark(StrEnum):
    """What the first column of a diff says of a line."""

    CONTEXT = " "
    REMOVED = "-"
    ADDED = "+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A line of a hunk.

    ``text`` is the line without its mark.  ``marked`` is False for a context line that starts
    with anything but a blank: its author left no column for the marks.
    """

    mark: Mark
    text: str
    marked: bool = True

    @property
    def raw(self) -> str:
        """The line as it stands on the page, its mark a blank."""
        return f" {self.text}" if self.marked and self.text else self.text

    @property
    def blank(self) -> bool:
        """Whether there is nothing but white space."""
        return not self.text.strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk:
    """Lines that stand together in the file.

    ``start`` and ``new_start`` are the 1-based line numbers of an ``@@`` header, None where
    there is none; a side without lines is numbered by the line before it.  ``old_bare`` and
    ``new_bare`` say that the side ends in ``\\ No newline at end of file``.
    """

    lines: tuple[Line, ...]
    start: int | None = None
    new_start: int | None = None
    old_bare: bool = False
    new_bare: bool = False

    @property
    def old(self) -> tuple[Line, ...]:
        """The lines that the file has before: context and removed ones."""
        return tuple(line for line in self.lines if line.mark is not Mark.ADDED)

    @property
    def changes(self) -> bool:
        """Whether there is anything but context."""
        return any(line.mark is not Mark.CONTEXT for line in self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """The changes to one file.

    ``source`` and ``target`` are the names after ``---`` and ``+++`` without git's ``a/`` and
    ``b/``, None where there is none or where it is ``/dev/null``.
    """

    hunks: tuple[Hunk, ...]
    source: str | None = None
    target: str | None = None

    @property
    def changes(self) -> bool:
        """Whether there is anything but context: what is not only shows a part of the file."""
        return any(hunk.changes for hunk in self.hunks)


#: A line that stands for lines left out: only dots, dots and words, or a comment with dots.
_ELISION = re.compile(
    r"""
    (?:\.{3,}|…|\[\s*(?:\.{3,}|…)\s*\]|\(\s*(?:\.{3,}|…)\s*\))
    | (?:\.{3,}|…)\s*\(?[^\W\d_][^;{}=]*
    | (?:\#+|//+|--|;+|/\*+|<!--) \s* (?: [\[(]?(?:\.{3}|…).* | .*(?:\.{3}|…)[\])]?\s*(?:\*/|-->)? )
    """,
    re.VERBOSE,
)

_COUNTED = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_EXTENDED = re.compile(
    r"(?:index|old mode|new mode|new file mode|deleted file mode|similarity index"
    r"|dissimilarity index|rename from|rename to|copy from|copy to) "
)
_ED_COMMAND = re.compile(r"\d+(?:,\d+)?[acd]\d+(?:,\d+)?")

#: The prefixes that git gives the two names, by what is compared.
_PREFIXES = {("a/", "b/"), ("i/", "w/"), ("c/", "i/"), ("c/", "w/"), ("o/", "w/")}


def elides(line: Line) -> bool:
    """Whether a context line can stand for lines that the diff leaves out."""
    return line.mark is Mark.CONTEXT and _ELISION.fullmatch(line.text.strip()) is not None


def parse(text: str) -> Patch:
    """Return the patch that ``text`` is, of one file.

    Headers are optional: a text without ``@@`` is one hunk.  An empty line is a context line
    that lost its blank.  Raises NotAPatchError where there is no line of a hunk, where several
    files are changed (see `parse_all`), and for the forms that have no context: ``diff``
    without ``-u``, context diffs, merges and binary files.
    """
    patches = parse_all(text)
    if len(patches) > 1:
        names = ", ".join(patch.target or patch.source or "one without a name" for patch in patches)
        raise NotAPatchError(f"the diff changes {len(patches)} files: {names}")
    return patches[0]


def parse_all(text: str) -> tuple[Patch, ...]:
    """Return the patches in ``text``, one for each file, in order; at least one.

    Raises NotAPatchError as `parse` does, but for several files.
    """
    reader = _Reader()
    lines = _without_letter(text.removesuffix("\n").split("\n"))
    _refuse_other_forms(lines)
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        reader.read(line, following)
    patches = tuple(patch for file in reader.files if (patch := file.patch()).hunks)
    hunks = [hunk for patch in patches for hunk in patch.hunks]
    if not any(hunk.changes or not all(line.blank for line in hunk.lines) for hunk in hunks):
        raise NotAPatchError("the diff has no line of context, no added and no removed line")
    return patches


def reverse(patch: Patch) -> Patch:
    """Return the patch that undoes ``patch``."""
    swapped = {Mark.ADDED: Mark.REMOVED, Mark.REMOVED: Mark.ADDED, Mark.CONTEXT: Mark.CONTEXT}
    return Patch(
        source=patch.target,
        target=patch.source,
        hunks=tuple(
            Hunk(
                lines=tuple(replace(line, mark=swapped[line.mark]) for line in hunk.lines),
                start=hunk.new_start,
                new_start=hunk.start,
                old_bare=hunk.new_bare,
                new_bare=hunk.old_bare,
            )
            for hunk in patch.hunks
        ),
    )


def create(patch: Patch) -> str | None:
    """Return the text of a file that did not exist, None where the patch needs one that does.

    A diff creates a file where all its lines are added or all are context, and none stands for
    lines left out.  Without an ``@@`` header the indentation that all lines have is the marks'
    column, not the file's.
    """
    lines = [line for hunk in patch.hunks for line in hunk.lines]
    marks = {line.mark for line in lines if not (line.blank and line.mark is Mark.CONTEXT)}
    if len(marks) != 1 or Mark.REMOVED in marks or any(elides(line) for line in lines):
        return None
    if any(hunk.start is not None for hunk in patch.hunks):
        texts = [line.text for line in lines]
    else:
        raws = [line.raw.rstrip() for line in lines]
        margin = min((len(raw) - len(raw.lstrip()) for raw in raws if raw), default=0)
        texts = "\n".join(raw[margin:] for raw in raws).strip("\n").split("\n")
    bare = any(hunk.new_bare for hunk in patch.hunks)
    return "\n".join(texts) + ("" if bare else "\n")


@dataclass(slots=True, kw_only=True)
class _OpenHunk:
    """A hunk being read; ``old_left`` and ``new_left`` are what its header still promises."""

    start: int | None = None
    new_start: int | None = None
    old_left: int = 0
    new_left: int = 0
    counted: bool = False
    lines: list[Line] = field(default_factory=list)
    bare: set[Mark] = field(default_factory=set)

    @property
    def open(self) -> bool:
        return self.old_left > 0 or self.new_left > 0

    def add(self, line: Line) -> None:
        self.lines.append(line)
        self.old_left -= line.mark is not Mark.ADDED
        self.new_left -= line.mark is not Mark.REMOVED

    def hunk(self) -> Hunk:
        # A header that promised old lines where there are none does not say where.
        lost = self.old_left > 0 and all(line.mark is Mark.ADDED for line in self.lines)
        return Hunk(
            lines=tuple(self.lines),
            start=None if lost else self.start,
            new_start=self.new_start,
            old_bare=bool(self.bare & {Mark.CONTEXT, Mark.REMOVED}),
            new_bare=bool(self.bare & {Mark.CONTEXT, Mark.ADDED}),
        )


@dataclass(slots=True, kw_only=True)
class _OpenFile:
    """The part of a diff that is about one file, being read."""

    source: str = ""
    target: str = ""
    hunks: list[_OpenHunk] = field(default_factory=list)

    def patch(self) -> Patch:
        source, target = self.source, self.target
        pair = (source[:2], target[:2])
        if pair in _PREFIXES or (source == "/dev/null" and target.startswith("b/")):
            target = target[2:]
        if pair in _PREFIXES or (target == "/dev/null" and source.startswith("a/")):
            source = source[2:]
        return Patch(
            source=None if source in ("", "/dev/null") else source,
            target=None if target in ("", "/dev/null") else target,
            hunks=tuple(hunk.hunk() for hunk in self.hunks if hunk.lines),
        )


class _Reader:
    """Reads a diff line by line."""

    def __init__(self) -> None:
        self.files = [_OpenFile()]
        self._in_header = False
        self._signature = False

    def read(self, line: str, following: str) -> None:
        """Take ``line``; ``following`` is the one after it."""
        file = self.files[-1]
        hunk = file.hunks[-1] if file.hunks else None
        if hunk is not None and hunk.open and line[:1] in ("+", "-", " ", "", "\\"):
            self._body(hunk, line)
        elif line.startswith("diff --git "):
            self._begin()
            self._in_header, self._signature = True, False
        elif self._signature:
            pass
        elif line.startswith("--- ") and following.startswith("+++ "):
            self._begin()
            self.files[-1].source = _name(line)
            self._in_header = True
        elif line.startswith("+++ ") and (self._in_header or not file.hunks):
            file.target = _name(line)
            self._in_header = True
        elif line.startswith("@@"):
            file.hunks.append(_header(line))
            self._in_header = False
        elif self._in_header and (_EXTENDED.match(line) or not line.strip()):
            pass
        elif hunk is not None and hunk.counted and not hunk.open and line.rstrip() in ("", "--"):
            # What stands below a complete hunk: an empty line, or git's signature.
            self._signature = line.startswith("--")
        else:
            if hunk is None:
                hunk = _OpenHunk()
                file.hunks.append(hunk)
            self._in_header = False
            self._body(hunk, line)

    def _begin(self) -> None:
        """Start a file; what came before the first one without a change is prose."""
        file = self.files[-1]
        if not file.hunks or not (file.target or any(h.hunk().changes for h in file.hunks)):
            self.files.pop()
        self.files.append(_OpenFile())

    def _body(self, hunk: _OpenHunk, line: str) -> None:
        if line.startswith("\\"):
            if hunk.lines:
                hunk.bare.add(hunk.lines[-1].mark)
        elif line[:1] in ("+", "-", " "):
            hunk.add(Line(mark=Mark(line[0]), text=line[1:]))
        else:
            hunk.add(Line(mark=Mark.CONTEXT, text=line, marked=not line))


def _without_letter(lines: list[str]) -> list[str]:
    """Return what follows git's letter: author, message and the list of changed files."""
    git = next((i for i, line in enumerate(lines) if line.startswith("diff --git ")), 0)
    return lines if any(line.startswith(("@@", "+++ ")) for line in lines[:git]) else lines[git:]


def _name(line: str) -> str:
    """Return the file name of a ``---`` or ``+++`` line, without its time stamp."""
    return line[4:].split("\t", maxsplit=1)[0].strip().strip('"')


def _header(line: str) -> _OpenHunk:
    """Return the hunk that an ``@@`` line opens; one without numbers only separates."""
    match = _COUNTED.match(line)
    if match is None:
        return _OpenHunk()
    start, old, new_start, new = match.groups()
    return _OpenHunk(
        start=int(start),
        new_start=int(new_start),
        old_left=int(old or 1),
        new_left=int(new or 1),
        counted=True,
    )


def _refuse_other_forms(lines: list[str]) -> None:
    """Raise NotAPatchError for the outputs of diff tools that are not unified."""
    for line in lines:
        if line.startswith("@@@"):
            raise NotAPatchError("the diff is that of a merge (`@@@`): it changes no single file")
        if line.startswith(("GIT binary patch", "Binary files ")):
            raise NotAPatchError("the diff is of a binary file")
        if line.startswith("***************"):
            raise NotAPatchError("the diff is a context diff; write it as `diff -u` does")
    if any(_ED_COMMAND.fullmatch(line) for line in lines) and any(
        line.startswith(("< ", "> ")) for line in lines
    ):
        raise NotAPatchError("the diff has no context; write it as `diff -u` does")
