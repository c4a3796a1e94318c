"""Which way of writing each block makes a page equal?  Tries, and goes by where they differ."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field

from converters.oracle import Difference, Kind, PageProof
from converters.pen import EVAL_RST, PAGE, Key, Mark, Surroundings, UnwritableError
from converters.recorder import Record
from converters.writer import Written, write

#: How often a page is tried.  Each round moves every block that differs to its next way, and a
#: block has four at most, in containers of which each may be kept as RST.
ROUNDS = 12

#: How many blocks of a proven page are tried again in the way that was given up too early.
RECLAIMED = 24

#: Compares the candidates of many pages, by name, to their baselines.
ProveAll = Callable[[Mapping[str, str]], Mapping[str, PageProof]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """The best that was found for a page; ``proof`` is of ``written``.

    ``reason`` says why no way was found, ``""`` where one was.
    """

    written: Written
    proof: PageProof
    choices: Mapping[Key, int]
    reason: str = ""

    @property
    def proven(self) -> bool:
        """Whether the page renders the same and warns of nothing new."""
        return equal(self.proof)


#: Yields a candidate of the page and is sent its proof; returns what was found.
Settling = Generator[str, PageProof, Settled]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """A page whose ways are tried; ``proofs`` are those of the texts that were."""

    record: Record
    surroundings: Surroundings
    proofs: dict[str, PageProof] = field(default_factory=dict)


def equal(proof: PageProof) -> bool:
    """Tell whether a proof is good for a page: nothing differs, nothing new is warned of."""
    return proof.proven and not proof.new_warnings


def settle_all(
    pages: Mapping[str, Settling], prove: ProveAll
) -> Iterator[tuple[str, Settled | UnwritableError]]:
    """Yield each page with what was found for it; the next texts of all are proven together."""
    known: Mapping[str, PageProof | None] = dict.fromkeys(pages)
    while known:
        texts: dict[str, str] = {}
        for name, proof in known.items():
            page = pages[name]
            try:
                texts[name] = next(page) if proof is None else page.send(proof)
            except StopIteration as done:
                yield name, done.value
            except UnwritableError as error:
                yield name, error
        known = prove(texts) if texts else {}


def settle(
    record: Record,
    surroundings: Surroundings,
    *,
    first: tuple[Written, PageProof] | None = None,
    known: Mapping[str, PageProof] | None = None,
) -> Settling:
    """Find ways for a page's blocks with which it is equal, as few of them as RST as may be.

    ``first`` is the page in the best ways, with its proof in the whole site, where both are known.
    A page that is equal as long as the others are as they were needs no other ways.  ``known`` are
    proofs of some texts while the others were so.  No text is yielded twice, nor a known one.
    Raises UnwritableError where the page cannot be written at all.
    """
    page = _Page(record=record, surroundings=surroundings, proofs=dict(known or {}))
    choices: dict[Key, int] = {}
    written, proof = yield from _try(page, choices)
    if not equal(proof) and first is not None:
        written, proof = first
    for _ in range(ROUNDS):
        if equal(proof):
            break
        # A link to a heading without a label asks the whole project, and that may fail.
        named = _unreadable(proof) and PAGE not in choices
        moved = {PAGE: 1} if named else _moved(written.marks, proof)
        if not moved:
            break
        choices.update(moved)
        written, proof = yield from _try(page, choices)
    settled = Settled(written=written, proof=proof, choices=choices, reason=reason_of(proof))
    if settled.proven:
        settled = yield from _reclaimed(page, settled)
    return settled


def reason_of(proof: PageProof) -> str:
    """Say in a line why a page is not proven; a warning names the place, and so comes first."""
    for warning in proof.new_warnings:
        return f"{warning.page}:{warning.line}: new warning: {warning.message}"
    for difference in proof.differences:
        return str(difference)
    return ""


def _try(
    page: _Page, choices: Mapping[Key, int]
) -> Generator[str, PageProof, tuple[Written, PageProof]]:
    written = write(page.record, page.surroundings, choices)
    if written.text not in page.proofs:
        page.proofs[written.text] = yield written.text
    return written, page.proofs[written.text]


def _makers(marks: Sequence[Mark]) -> dict[Key, int]:
    """Return the last way for every directive that makes what it shows: most make RST of it.

    The lines of that are no lines of the page, so that no difference leads to them.
    """
    return {mark.key: mark.choices - 1 for mark in _movable(marks) if mark.generated}


def _moved(marks: Sequence[Mark], proof: PageProof) -> dict[Key, int]:
    """Return the next way for each block in which something differs.

    The innermost block that has a next way is moved, a section only where nothing else is.  A
    difference that is in no block comes from what a directive makes, so that those are moved first.
    """
    if _unreadable(proof):
        return _all_moved(marks)
    places = [*_places(marks, proof), *_around_includes(marks, proof)]
    if not all(map(_movable, places)) and (makers := _makers(marks)):
        return makers
    return _innermost(places, sections=False) or _innermost(places, sections=True)


def _unreadable(proof: PageProof) -> bool:
    return any(difference.kind is Kind.UNREADABLE for difference in proof.differences)


def _innermost(places: Sequence[Sequence[Mark]], *, sections: bool) -> dict[Key, int]:
    """Return the next way for the innermost block at each place; whole sections come last."""
    moved: dict[Key, int] = {}
    for candidates in places:
        movable = [m for m in _movable(candidates) if (m.construct == "section") is sections]
        if movable:
            mark = max(movable, key=lambda found: (len(found.key), found.key))
            moved[mark.key] = mark.choice + 1
    return moved


def _movable(marks: Sequence[Mark]) -> list[Mark]:
    return [mark for mark in marks if mark.choice < mark.choices - 1]


def _all_moved(marks: Sequence[Mark]) -> dict[Key, int]:
    """Return the next way for every directive: Sphinx fails in one, and does not say where."""
    return {
        mark.key: mark.choice + 1
        for mark in _movable(marks)
        if mark.construct.startswith("directive ")
    }


def _places(marks: Sequence[Mark], proof: PageProof) -> Iterator[list[Mark]]:
    """Yield the blocks that each difference and each new warning may come from, none if unknown."""
    for difference in proof.differences:
        yield from _around(marks, difference)
    for warning in proof.new_warnings:
        line = (warning.line or 0) if warning.page == proof.page else 0
        yield [mark for mark in marks if mark.line <= line <= mark.end_line]


def _around_includes(marks: Sequence[Mark], proof: PageProof) -> Iterator[list[Mark]]:
    """Yield what is around each included file that a difference in no line of the page is in.

    Where only warnings of another file are new it may be any of them.
    """
    unplaced = [d for d in proof.differences if d.line is None and d.actual_line is None]
    warned = not proof.differences and any(w.page != proof.page for w in proof.new_warnings)
    for inner in marks:
        kept = inner.construct == "section" and inner.way == EVAL_RST
        if (kept or inner.construct == "directive include") and (
            warned or any(_may_be_in(inner, difference) for difference in unplaced)
        ):
            yield [mark for mark in marks if inner.key[: len(mark.key)] == mark.key]


def _may_be_in(mark: Mark, difference: Difference) -> bool:
    above, below = difference.between or (0, mark.source_line)
    # A section's lines are those of its heading.
    reaches = mark.construct == "section" or above <= mark.source_end
    return reaches and mark.source_line <= below


def _around(marks: Sequence[Mark], difference: Difference) -> Iterator[list[Mark]]:
    """Yield the blocks around a difference, by its line on the written page and in the source.

    Of two where the one is in the other the inner one counts.  Where the lines lead to blocks
    apart one is wrong, as after the options of a glossary, and nobody knows which.
    """
    written, source = difference.actual_line, difference.line
    by_written = [m for m in marks if written and m.line <= written <= m.end_line]
    by_source = [m for m in marks if source and m.source_line <= source <= m.source_end]
    one = next(iter(_innermost([by_written], sections=False)), None)
    other = next(iter(_innermost([by_source], sections=False)), None)
    if one is None or (other is not None and other[: len(one)] == one):
        yield by_source
        return
    yield by_written
    if other is not None and one[: len(other)] != other:
        yield by_source


def _reclaimed(page: _Page, settled: Settled) -> Settling:
    """Take back moves that were not needed: lines are not exact in what extensions make."""
    kept_as_rst = {mark.key for mark in settled.written.marks if mark.way == EVAL_RST}
    # What was counted after a difference differs too, and was moved, but not as far.
    settled = yield from _taken_back(page, settled, settled.choices.keys() - kept_as_rst)
    for keys in _alike(settled.written.marks, kept_as_rst & settled.choices.keys()):
        settled = yield from _taken_back(page, settled, keys)
    doubtful = [m for m in settled.written.marks if m.key in kept_as_rst & settled.choices.keys()]
    for keys in (yield from _doubtful(page, settled.choices, doubtful)):
        before = settled
        settled = yield from _taken_back(page, settled, keys)
        if len(keys) > 1 and settled is not before:
            break
    return settled


def _taken_back(page: _Page, settled: Settled, keys: Set[Key]) -> Settling:
    """Return the page with the moves of ``keys`` taken back, where it is still equal then."""
    if not keys:
        return settled
    choices = _without(settled.choices, keys)
    try:
        written, proof = yield from _try(page, choices)
    except UnwritableError:
        return settled
    return Settled(written=written, proof=proof, choices=choices) if equal(proof) else settled


def _alike(marks: Sequence[Mark], keys: Set[Key]) -> Iterator[Set[Key]]:
    """Yield all of ``keys`` of one construct, for each, where there are others.

    One block that is wrong may let others differ that follow it: tabs, what is numbered.
    """
    found: dict[str, set[Key]] = {}
    for mark in marks:
        if mark.key in keys:
            found.setdefault(mark.construct, set()).add(mark.key)
    if len(found) > 1:
        yield from (group for group in found.values() if len(group) > 1)


def _doubtful(
    page: _Page, choices: Mapping[Key, int], marks: Sequence[Mark]
) -> Generator[str, PageProof, list[Set[Key]]]:
    """Return which of the blocks that are kept as RST to try without, in this order.

    All are taken back at once.  Where the page then differs in nothing but them, those that it
    differs in are needed, and the others are not: they are the first to try.  What a directive
    generates has no lines to tell by.
    """
    kept = {mark.key for mark in marks}
    one_by_one: list[Set[Key]] = [{key} for key in sorted(kept, reverse=True)[:RECLAIMED]]
    if len(kept) < 2 or any(mark.generated for mark in marks):
        return one_by_one
    try:
        written, proof = yield from _try(page, _without(choices, kept))
    except UnwritableError:
        return one_by_one
    needed: set[Key] = set()
    places = list(_places(written.marks, proof))
    if len(places) > len(proof.differences) + len(proof.new_warnings):
        return one_by_one  # not all lines are right
    for place in places:
        blamed = [mark.key for mark in place if mark.key in kept]
        if not blamed:
            return one_by_one
        needed.add(max(blamed, key=len))
    unneeded = kept - needed
    return [unneeded, *one_by_one] if unneeded else []


def _without(choices: Mapping[Key, int], keys: Set[Key]) -> dict[Key, int]:
    return {key: choice for key, choice in choices.items() if key not in keys}
