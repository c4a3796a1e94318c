"""Where do two versions of a page, or of a site, differ?"""

from __future__ import annotations

import difflib
import re
import sys
from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from converters.oracle.tree import Anchor, Block, Element, Page, Site, Warned


class Kind(StrEnum):
    """What sort of thing differs."""

    TEXT = "text"
    CONSTRUCT = "construct"  # a list instead of a paragraph, a role turned into code
    MISSING = "missing"
    EXTRA = "extra"
    LINK = "link"
    ANCHOR = "anchor"
    CLASS = "class"
    OPTION = "option"  # any other attribute: a language, a width, a list's start
    FACT = "fact"  # a label, an object that is described, a page's metadata
    UNREADABLE = "unreadable"  # the candidate could not be read at all


#: Attributes whose difference has a kind of its own.
_KINDS = {"refuri": Kind.LINK, "unresolved": Kind.LINK, "ids": Kind.ANCHOR, "classes": Kind.CLASS}

#: How much of a long text a difference shows around its first differing character.
_BEFORE, _AFTER = 30, 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One place where a candidate page is not its baseline.

    ``line`` is the place in the baseline's source and ``actual_line`` in the candidate's, where
    known.  ``path`` leads there from the page's top, to be read by people: ``section 'Install' >
    bullet_list > item 2``.  ``expected`` and ``actual`` show only what differs; ``""`` is nothing.
    Of what another file brings into the baseline ``between`` are the lines of the nearest blocks
    above and below that are the page's own.
    """

    page: str
    line: int | None
    path: str
    kind: Kind
    expected: str
    actual: str
    actual_line: int | None = None
    between: tuple[int, int] | None = None

    def __str__(self) -> str:
        """Return one line for a report."""
        place = self.page if self.line is None else f"{self.page}:{self.line}"
        return f"{place}: {self.kind} at {self.path}: {self.expected!r} became {self.actual!r}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageProof:
    """How a page compares to its baseline.

    ``blocks`` counts the baseline's blocks and ``equal_blocks`` those that the candidate has too,
    in the same order and sections.  ``new_warnings`` are those that reading the candidate gave
    and reading the baseline did not.
    """

    page: str
    differences: tuple[Difference, ...]
    blocks: int
    equal_blocks: int
    new_warnings: tuple[Warned, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether the two render the same."""
        return not self.differences


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteProof:
    """How a site compares to its baseline.

    ``pages`` are the proofs of the baseline's pages, in the order of their names, missing ones
    included.  ``lost_anchors`` are (page, anchor) pairs that links from elsewhere may name and
    that are gone.  ``moved_anchors`` are counted ones, such as ``id3``, that are gone or stand at
    something else: nobody chose them, but a link copied from a heading may name one.
    ``added_pages`` are new in the candidate.
    """

    pages: tuple[PageProof, ...]
    lost_anchors: tuple[tuple[str, Anchor], ...]
    moved_anchors: tuple[tuple[str, Anchor], ...]
    new_warnings: tuple[Warned, ...]
    added_pages: tuple[str, ...] = ()

    @property
    def proven(self) -> bool:
        """Whether every page renders the same, no link breaks and nothing new is warned of.

        Links to counted anchors apart.
        """
        return not (self.lost_anchors or self.new_warnings or self.added_pages) and all(
            page.proven for page in self.pages
        )


def compare_sites(baseline: Site, candidate: Site) -> SiteProof:
    """Compare all pages of two sites, their anchors and their warnings."""
    theirs = {page.name: page for page in candidate.pages}
    known = dict(baseline.unreadable)
    failed = {page: what for page, what in candidate.unreadable if page not in known}
    proofs: list[PageProof] = []
    lost: list[tuple[str, Anchor]] = []
    moved: list[tuple[str, Anchor]] = []
    for page in baseline.pages:
        other = theirs.pop(page.name, None)
        if page.name in failed:
            proofs.append(unreadable(page.name, failed[page.name], blocks=len(page.blocks)))
        else:
            proofs.append(_gone(page) if other is None else compare_pages(page, other))
        anchors = other.anchors if other is not None else ()
        lost += [(page.name, anchor) for anchor in _lost(page.anchors, anchors)]
        moved += [(page.name, anchor) for anchor in _moved(page.anchors, anchors)]
    return SiteProof(
        pages=tuple(proofs),
        lost_anchors=tuple(lost),
        moved_anchors=tuple(moved),
        new_warnings=new_warnings(
            baseline.warnings, candidate.warnings, {page.name for page in baseline.pages}
        ),
        added_pages=tuple(sorted(theirs)),
    )


def _lost(baseline: Sequence[Anchor], candidate: Sequence[Anchor]) -> Iterator[Anchor]:
    kept = {anchor.fragment for anchor in candidate}
    return (a for a in baseline if not a.counted and a.fragment not in kept)


def _moved(baseline: Sequence[Anchor], candidate: Sequence[Anchor]) -> Iterator[Anchor]:
    kept = {(anchor.fragment, anchor.of) for anchor in candidate}
    return (a for a in baseline if a.counted and (a.fragment, a.of) not in kept)


def unreadable(page: str, raised: str, *, blocks: int) -> PageProof:
    """Return the proof of a candidate on which Sphinx failed; ``raised`` is what it raised."""
    difference = Difference(
        page=page, line=None, path="page", kind=Kind.UNREADABLE, expected="", actual=raised
    )
    return PageProof(page=page, differences=(difference,), blocks=blocks, equal_blocks=0)


def _gone(page: Page) -> PageProof:
    difference = Difference(
        page=page.name, line=None, path="page", kind=Kind.MISSING, expected=page.name, actual=""
    )
    return PageProof(
        page=page.name, differences=(difference,), blocks=len(page.blocks), equal_blocks=0
    )


#: A name that several pages give: the warning stands at those that were read last.
_TWICE = re.compile(r"(duplicate .*), other instance in [^\s,]+(.*)", re.DOTALL)


def new_warnings(
    baseline: Sequence[Warned], candidate: Sequence[Warned], pages: Container[str]
) -> tuple[Warned, ...]:
    """Return the candidate's warnings that the baseline does not have, whatever their lines.

    That pages give one name is the same warning at whichever of them: what each gives is among
    its facts.  Of what a page takes in (an included file, a docstring) Sphinx says that it is
    there or on the page itself, by how it was read: that is one warning.  ``pages`` are the names
    of all pages.
    """
    known = Counter(map(_complaint, baseline))
    fresh: list[Warned] = []
    for warned in candidate:
        key = _complaint(warned)
        if known[key]:
            known[key] -= 1
        else:
            fresh.append(warned)
    taken_in = Counter[str]()
    for warned in baseline:
        if warned.page not in pages and known[_complaint(warned)]:
            known[_complaint(warned)] -= 1
            taken_in[warned.message] += 1
    new: list[Warned] = []
    for warned in fresh:
        if warned.page in pages and taken_in[warned.message]:
            taken_in[warned.message] -= 1
        else:
            new.append(warned)
    return tuple(new)


def _complaint(warned: Warned) -> tuple[str, ...]:
    twice = _TWICE.fullmatch(warned.message)
    if twice is None:
        return (warned.page, warned.message)
    return twice.groups()


def compare_pages(baseline: Page, candidate: Page) -> PageProof:
    """Compare two versions of a page block by block, and what they tell the rest of the site."""
    ours = [block.element for block in baseline.blocks]
    theirs = [block.element for block in candidate.blocks]
    differences: list[Difference] = []
    equal = len(ours)
    for one, other in _paired(ours, theirs):
        mine = baseline.blocks[one] if one is not None else None
        its = candidate.blocks[other] if other is not None else None
        found = list(_differing_block(baseline.name, mine, its))
        equal -= bool(found) and mine is not None
        if one is not None and ours[one].line is None:
            found = [replace(difference, between=_around_block(ours, one)) for difference in found]
        differences += found
    differences += _differing_facts(baseline, candidate)
    return PageProof(
        page=baseline.name,
        differences=tuple(differences),
        blocks=len(baseline.blocks),
        equal_blocks=equal,
    )


def _around_block(blocks: Sequence[Element], place: int) -> tuple[int, int]:
    """Return the nearest lines of the page above and below a block, 0 and no end where none is."""
    above = next((block.line for block in reversed(blocks[:place]) if block.line), 0)
    below = next((block.line for block in blocks[place + 1 :] if block.line), sys.maxsize)
    return above, below


def _differing_block(page: str, ours: Block | None, theirs: Block | None) -> Iterator[Difference]:
    trail = _Trail(page=page, steps=_sections(ours or theirs))
    match ours, theirs:
        case Block(), Block():
            yield from _differing(ours.element, theirs.element, trail, 0)
        case Block(), None:
            yield trail.into(ours.element).difference(Kind.MISSING, _shown(ours.element), "")
        case None, Block():
            here = trail.into(None, theirs.element)
            yield here.difference(Kind.EXTRA, "", _shown(theirs.element))


def _sections(block: Block | None) -> tuple[str, ...]:
    titles = block.section if block is not None else ()
    return tuple(f"section {_cut(title, 0)!r}" for title in titles)


def _differing_facts(baseline: Page, candidate: Page) -> Iterator[Difference]:
    ours, theirs = Counter(baseline.facts), Counter(candidate.facts)
    for fact in _in_order(ours - theirs):
        trail = _Trail(page=baseline.name, steps=(fact.kind,), line=fact.line)
        yield trail.difference(Kind.FACT, _attributes(fact), "")
    for fact in _in_order(theirs - ours):
        if fact.kind == "label":
            continue  # one more thing to link to breaks no link
        trail = _Trail(page=baseline.name, steps=(fact.kind,), actual_line=fact.line)
        yield trail.difference(Kind.FACT, "", _attributes(fact))


def _in_order(facts: Counter[Element]) -> list[Element]:
    return sorted(facts.elements(), key=lambda fact: (fact.kind, fact.attributes))


#: What readers call the parts that docutils names otherwise.
_NAMES = {"list_item": "item", "definition_list_item": "item", "entry": "cell"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trail:
    """The way from a page's top to an element; the lines are the nearest that are known."""

    page: str
    steps: tuple[str, ...] = ()
    line: int | None = None
    actual_line: int | None = None

    def into(self, ours: Element | None, theirs: Element | None = None, number: int = 0) -> _Trail:
        kind = next(e.kind for e in (ours, theirs) if e is not None)
        name = _NAMES.get(kind, kind)
        return _Trail(
            page=self.page,
            steps=(*self.steps, f"{name} {number}" if number else name),
            line=(ours.line if ours is not None else None) or self.line,
            actual_line=(theirs.line if theirs is not None else None) or self.actual_line,
        )

    def difference(self, kind: Kind, expected: str, actual: str) -> Difference:
        return Difference(
            page=self.page,
            line=self.line,
            path=" > ".join(self.steps),
            kind=kind,
            expected=expected,
            actual=actual,
            actual_line=self.actual_line,
        )


def _differing(ours: Element, theirs: Element, trail: _Trail, number: int) -> Iterator[Difference]:
    """Yield the differences of two elements that are not equal; ``number`` is ours' place."""
    here = trail.into(ours, theirs, number)
    if ours.kind != theirs.kind:
        yield here.difference(Kind.CONSTRUCT, _shown(ours), _shown(theirs))
        return
    mine, its = dict(ours.attributes), dict(theirs.attributes)
    for name in sorted(mine.keys() | its.keys()):
        if mine.get(name) != its.get(name) and not _gained(name, mine, its):
            expected, actual = (f"{name}={d[name]}" if name in d else "" for d in (mine, its))
            yield here.difference(_KINDS.get(name, Kind.OPTION), expected, actual)
    for one, other in _paired(ours.children, theirs.children):
        yield from _differing_child(
            ours,
            ours.children[one] if one is not None else None,
            theirs.children[other] if other is not None else None,
            here,
        )


def _gained(name: str, ours: Mapping[str, str], theirs: Mapping[str, str]) -> bool:
    """Say whether an element only has further anchors; one more breaks no link."""
    return name == "ids" and set(ours.get(name, "").split()) <= set(theirs.get(name, "").split())


def _differing_child(
    parent: Element, ours: Element | str | None, theirs: Element | str | None, here: _Trail
) -> Iterator[Difference]:
    match ours, theirs:
        case Element(), Element():
            yield from _differing(ours, theirs, here, _number(parent, ours))
        case str(), str():
            expected, actual = _around(ours, theirs)
            yield here.difference(Kind.TEXT, expected, actual)
        case _, None:
            yield here.difference(Kind.MISSING, _shown(ours), "")
        case None, _:
            yield here.difference(Kind.EXTRA, "", _shown(theirs))
        case _:
            yield here.difference(Kind.CONSTRUCT, _shown(ours), _shown(theirs))


def _number(parent: Element, child: Element) -> int:
    """Return which of its kind ``child`` is in ``parent``, 0 where it is the only one."""
    alike = [c for c in parent.children if isinstance(c, Element) and c.kind == child.kind]
    return next(n for n, c in enumerate(alike, 1) if c is child) if len(alike) > 1 else 0


def _paired(
    ours: Sequence[Element | str], theirs: Sequence[Element | str]
) -> Iterator[tuple[int | None, int | None]]:
    """Pair what differs: equal ones are left out, unequal ones of a kind are put side by side."""
    matcher = difflib.SequenceMatcher(
        None, [_identity(c) for c in ours], [_identity(c) for c in theirs], autojunk=False
    )
    for tag, first, last, other_first, other_last in matcher.get_opcodes():
        if tag == "equal":
            continue
        if last - first == other_last - other_first:
            yield from zip(range(first, last), range(other_first, other_last), strict=True)
            continue
        kinds = difflib.SequenceMatcher(
            None,
            [_kind(c) for c in ours[first:last]],
            [_kind(c) for c in theirs[other_first:other_last]],
            autojunk=False,
        )
        for _tag, a, b, c, d in kinds.get_opcodes():
            one, other = range(first + a, first + b), range(other_first + c, other_first + d)
            for place in range(max(len(one), len(other))):
                yield (
                    one[place] if place < len(one) else None,
                    other[place] if place < len(other) else None,
                )


def _identity(child: Element | str) -> bytes | str:
    return child if isinstance(child, str) else child.digest


def _kind(child: Element | str) -> str:
    return "text" if isinstance(child, str) else child.kind


def _shown(child: Element | str | None) -> str:
    match child:
        case None:
            return ""
        case str():
            return _cut(child, 0)
        case Element():
            text = _cut(child.text(), 0)
            attributes = _attributes(child)
            head = f"{child.kind}[{attributes}]" if attributes else child.kind
            return f"{head}: {text}" if text else head


def _attributes(element: Element) -> str:
    return ", ".join(f"{name}={_cut(value, 0)}" for name, value in element.attributes)


def _around(expected: str, actual: str) -> tuple[str, str]:
    same = next(
        (n for n, (a, b) in enumerate(zip(expected, actual, strict=False)) if a != b),
        min(len(expected), len(actual)),
    )
    return _cut(expected, same), _cut(actual, same)


def _cut(text: str, place: int) -> str:
    """Return ``text``, or the part of a long one around ``place``."""
    if len(text) <= _BEFORE + _AFTER:
        return text
    start = max(0, place - _BEFORE)
    end = start + _BEFORE + _AFTER
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"
