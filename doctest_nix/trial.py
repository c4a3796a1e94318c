"""In which way, if any, is the output of a page the output that happened?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from doctest_nix import chatter, layout, rules, wording
from doctest_nix.alignment import Relation, Segments, is_elision, place, segments
from doctest_nix.bindings import Ledger
from doctest_nix.masks import Reader, Reading, Text, agree, straight
from doctest_nix.shapes import Shape, shapes, without_build_log
from doctest_nix.wording import Fault

#: Commands that print what is the machine's own, unless they are told what to print.
_MACHINE: Final = ("whoami", "hostname", "uname", "date", "id", "nproc", "tty", "uptime", "arch")
_TOLD = re.compile(r"-[dr].*|--(?:date|reference|iso).*")

#: Lines of an exact match from which bindings are learnt; more would only cost time.
_LEARNT: Final = 10_000

_STORE_PATH = re.compile(r"/nix/store/\S+")
_QUOTES = re.compile(r"[‘’´`“”]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What all ways to compare one output share.

    ``ledger`` has the bindings from before; no way changes it, each returns a fork of its own.
    """

    reader: Reader
    ledger: Ledger
    command: str

    def run(self, page: tuple[str, ...], printed: tuple[str, ...]) -> Ledger | None:
        """Return the ledger of the first way that succeeds, strict before loose; None for none."""
        if page == printed:
            return self._learnt(page)
        for reading in Reading:
            found = self._lines(page, printed, reading) or self._fault(page, printed, reading)
            if found is not None:
                return found
        return None

    def _learnt(self, lines: Sequence[str]) -> Ledger:
        """Return what lines that are shown to the letter bind: each part to itself."""
        ledger = self.ledger.fork()
        for line in lines[:_LEARNT]:
            trial = ledger.fork()
            shown = self.reader.shown(line, Reading.MASKED)
            if shown.parts and self._take(
                trial, shown, self.reader.actual(line, Reading.MASKED), Reading.MASKED
            ):
                ledger = trial
        return ledger

    def _lines(
        self, page: tuple[str, ...], printed: tuple[str, ...], reading: Reading
    ) -> Ledger | None:
        shape = given = Shape(page=page, printed=printed)
        for shape in shapes(given, self.command, reading):
            found = self._place(shape, reading)
            if found is not None:
                return found
        return (
            self._unordered(shape, reading)
            or self._build_log(page, printed, reading)
            or self._machine(shape)
        )

    def _place(self, shape: Shape, reading: Reading) -> Ledger | None:
        page = segments(shape.page)
        kept = [self.ledger.fork()]

        def accept(start: int, segment: tuple[Text, ...]) -> bool:
            trial = kept[-1].fork()
            for text, raw in zip(segment, shape.printed[start : start + len(segment)], strict=True):
                if not self._take(trial, text, self.reader.actual(raw, reading), reading):
                    return False
            kept.append(trial)
            return True

        relation = Relation(
            shown=lambda line: self.reader.shown(line, reading),
            actual=lambda line: self.reader.actual(line, reading),
            accept=accept,
        )
        starts = place(page, shape.printed, relation)
        if starts is None:
            return None
        found = kept[-1]
        if reading is Reading.LOOSE and not _indented_alike(found, page, shape.printed, starts):
            return None
        for note in shape.notes:
            found.note(note.rule, note.detail)
        for gap in _gaps(page, starts):
            found.note(rules.ELISION, "1 line" if len(gap) == 1 else f"{len(gap):,} lines")
        return found

    def _take(self, ledger: Ledger, shown: Text, actual: Text, reading: Reading) -> bool:
        """Let ``ledger`` bind what two lines have instead of each other."""
        pairs = agree(shown, actual)
        if pairs is None or not ledger.take(pairs, reading):
            return False
        if shown.raw == actual.raw:
            return True
        if shown.pieces and shown.key != actual.key:
            ledger.note(rules.ELISION, f"in the line {shown.raw.strip()}")
        elif _spaces(shown) != _spaces(actual):
            rule = rules.SPACING if pairs else rules.WHITE_SPACE
            ledger.note(rule, f"in the line {actual.raw.strip()}")
        if _QUOTES.findall(shown.raw) != _QUOTES.findall(actual.raw):
            ledger.note(rules.QUOTES, f"in the line {actual.raw.strip()}")
        return True

    def _build_log(
        self, page: tuple[str, ...], printed: tuple[str, ...], reading: Reading
    ) -> Ledger | None:
        shape = without_build_log(Shape(page=page, printed=printed))
        return None if shape is None else self._place(shape, reading)

    def _unordered(self, shape: Shape, reading: Reading) -> Ledger | None:
        """Compare lists whose order says nothing: of files, and of store paths."""
        word, _ = layout.command_word(self.command)
        if word in ("ls", "ll", "find"):
            rule = rules.FILE_ORDER
        elif len(shape.printed) > 1 and all(map(_STORE_PATH.fullmatch, shape.printed)):
            rule = rules.PATH_ORDER
        else:
            return None
        by_words = word == "ls" and not layout.is_long_listing(self.command)
        ours, theirs = map(layout.sections, (shape.page, shape.printed))
        if len(ours) != len(theirs):
            return None
        ledger = self.ledger.fork()
        for (our_header, our_files), (their_header, their_files) in zip(ours, theirs, strict=True):
            header = self.reader.shown(our_header, reading)
            if not self._take(ledger, header, self.reader.actual(their_header, reading), reading):
                return None
            one, other = (
                [w for line in files for w in line.split()] if by_words else list(files)
                for files in (our_files, their_files)
            )
            if not self._same_set(ledger, one, other, reading):
                return None
        for note in shape.notes:
            ledger.note(note.rule, note.detail)
        ledger.note(rule, "not compared")
        return ledger

    def _same_set(
        self, ledger: Ledger, page: Sequence[str], printed: Sequence[str], reading: Reading
    ) -> bool:
        left: dict[str, list[Text]] = {}
        for item in reversed(printed):
            text = self.reader.actual(item, reading)
            left.setdefault(text.key, []).append(text)
        items = [item for item in page if not is_elision(item)]
        for item in items:
            shown = self.reader.shown(item, reading)
            texts = left.get(shown.key)
            if not texts or not self._take(ledger, shown, texts.pop(), reading):
                return False
        return len(items) == len(printed) or (len(items) < len(page) and len(items) < len(printed))

    def _machine(self, shape: Shape) -> Ledger | None:
        word, arguments = layout.command_word(self.command)
        if word not in _MACHINE or any(map(_TOLD.fullmatch, arguments)):
            return None
        if len(shape.page) != len(shape.printed) or not shape.page:
            return None
        if wording.names_missing(shape.printed) or wording.fault(shape.printed):
            return None
        ledger = self.ledger.fork()
        ledger.note(rules.MACHINE, f"{shape.page[0]} is {shape.printed[0]}")
        return ledger

    def _fault(
        self, page: tuple[str, ...], printed: tuple[str, ...], reading: Reading
    ) -> Ledger | None:
        ours, theirs = wording.fault(page), wording.fault(printed)
        if ours is None or theirs is None or not ours.message:
            return None
        ledger = self._lines(ours.before, theirs.before, reading)
        if ledger is None:
            return None
        ledger = replace(self, ledger=ledger)._message(ours, theirs, reading)
        if ledger is None:
            return None
        return replace(self, ledger=ledger)._lines(ours.after, theirs.after, reading)

    def _message(self, ours: Fault, theirs: Fault, reading: Reading) -> Ledger | None:
        """Compare the messages that count of two errors."""
        ledger = self.ledger.fork()
        if self._says(ledger, ours.message, theirs.message, reading):
            if self._contains(ledger, ours, theirs):
                ledger.note(rules.TRACE_LEFT_OUT, "what the page shows is in it")
                return ledger
            ledger.note(rules.ERROR_TRACE, f"the error is {theirs.head}")
            return None if reading is Reading.MASKED else ledger
        if reading is Reading.MASKED:
            return None
        ledger = self.ledger.fork()
        if self._says(ledger, ours.head, theirs.head, reading) and ours.plain == theirs.plain:
            ledger.note(rules.ERROR_TRACE, f"the error is {theirs.head}")
            return ledger
        one, other = (wording.meaning(straight(f.message)) for f in (ours, theirs))
        for page, printed in ((one, other), (other, one)):
            ledger = self.ledger.fork()
            pairs = agree(self.reader.shown(page, reading), self.reader.actual(printed, reading))
            if pairs is not None and ledger.take(pairs, reading):
                ledger.note(rules.ERROR_WORDING, f"the error is {theirs.message}")
                return ledger
        return None

    def _says(self, ledger: Ledger, page: str, printed: str, reading: Reading) -> bool:
        shown, actual = self.reader.shown(page, reading), self.reader.actual(printed, reading)
        return self._take(ledger, shown, actual, reading)

    def _contains(self, ledger: Ledger, ours: Fault, theirs: Fault) -> bool:
        """Tell whether all lines of the page's error are lines of the real one, in order.

        How deep they stand depends on how much of the trace is shown, and does not count.
        """
        page, printed = (chatter.sift(fault.block).lines for fault in (ours, theirs))
        rest = iter(printed)
        return all(
            any(self._says(ledger, line.strip(), raw.strip(), Reading.MASKED) for raw in rest)
            for line in page
            if line.strip() and not is_elision(line)
        )


def _gaps(page: Segments, starts: Sequence[int]) -> list[range]:
    """Return the printed lines that each elision stands for, none left out but empty ones."""
    ends = [start + len(segment) for start, segment in zip(starts, page, strict=True)]
    return [range(end, start) for end, start in zip(ends, starts[1:], strict=False) if start > end]


def _indented_alike(
    ledger: Ledger, page: Segments, printed: Sequence[str], starts: Sequence[int]
) -> bool:
    """Tell whether deeper lines are deeper on both sides and equal ones equal; note a difference.

    Indentation is structure in Python and YAML, so that only a change that keeps it is allowed.
    """
    depths: dict[int, int] = {}
    for segment, start in zip(page, starts, strict=True):
        for offset, line in enumerate(segment):
            if not line.strip() or is_elision(line.split()[0]):
                continue
            ours, theirs = _indent(line), _indent(printed[start + offset])
            if depths.setdefault(ours, theirs) != theirs:
                return False
    if sorted(depths.values()) != [depths[key] for key in sorted(depths)]:
        return False
    if len(set(depths.values())) != len(depths):
        return False
    for ours, theirs in depths.items():
        if ours != theirs:
            ledger.note(rules.INDENTATION, f"{ours} columns are {theirs}")
            break
    return True


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _spaces(text: Text) -> list[str]:
    """Return the white space inside a line, but for that inside its volatile parts."""
    line = text.raw.strip()
    for part in text.parts:
        line = line.replace(part.text, "x", 1)
    return re.findall(r"\s+", line)
