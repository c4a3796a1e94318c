"""Which tabs of a page are read: of those that stand for each other, a reader opens one."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from doctest_nix.document import Block, Container, Document, Element, Prose

#: Directives whose argument is the name of a tab (sphinx-design, sphinx-tabs, sphinx-inline-tabs,
#: Material for MkDocs), and those that hold a set of them.
_TABS = frozenset({"tab-item", "tab", "group-tab", "code-tab"})
_SETS = frozenset({"tab-set", "tabs"})

#: Tabs that are marks in the text: those of mdbook-tabs and of GitBook.
_MARK = re.compile(
    r"\{\{#tab\s+name=\"(?P<mdbook>[^\"]*)\"[^}]*\}\}|\{% tab title=\"(?P<gitbook>[^\"]*)\"[^%]*%\}"
    r"|(?P<end>\{\{#endtab\s*\}\}|\{% endtab %\})|(?P<set>\{\{#(?:end)?tabs[^}]*\}\}"
    r"|\{% (?:end)?tabs %\})"
)


@dataclass(slots=True)
class _Set:
    """The tabs of one set in their order, and which of them the site opens by itself."""

    names: list[str] = field(default_factory=list)
    opened: str = ""

    def chosen(self, wanted: Sequence[str]) -> str:
        """Return the tab to read: the first that is wanted, else what the site opens."""
        for word in wanted:
            is_wanted = re.compile(rf"\b{re.escape(word)}\b", re.IGNORECASE).search
            if found := next(filter(is_wanted, self.names), None):
                return found
        return self.opened or self.names[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tab:
    """A tab that an element stands in: its set, its name, and whether it is the open one."""

    key: Hashable
    name: str
    is_open: bool = False


def unchosen(document: Document, wanted: Sequence[str]) -> Mapping[int, str]:
    """Return the elements that stand in a tab that is not read: index -> name of the tab.

    Of a set, the tab is read whose name has the first of the words ``wanted`` that is in any;
    where none is, the one that the site opens: the one that the page marks, or the first.
    """
    sets: dict[Hashable, _Set] = {}
    tabs = list(_tabs(document))
    for path in tabs:
        for tab in path:
            found = sets.setdefault(tab.key, _Set())
            if tab.name not in found.names:
                found.names.append(tab.name)
            if tab.is_open:
                found.opened = tab.name
    chosen = {key: found.chosen(wanted) for key, found in sets.items()}
    closed: dict[int, str] = {}
    for index, path in enumerate(tabs):
        for tab in path[::-1]:
            if tab.name != chosen[tab.key]:
                closed[index] = tab.name
    return closed


def _tabs(document: Document) -> Iterator[tuple[_Tab, ...]]:
    """Yield for each element the tabs that it stands in, outermost first."""
    runs = _Runs()
    marked: _Tab | None = None
    number = 0
    for element in document.elements:
        found = runs.of(element)
        yield found if marked is None else (marked, *found)
        if isinstance(element, Prose):
            for mark in _MARK.finditer(element.text):
                number += bool(mark["set"])
                name = mark["mdbook"] or mark["gitbook"]
                marked = _Tab(key=number, name=name) if name else None


class _Runs:
    """Finds the set of a tab, also where tabs are no more than directives in a row."""

    def __init__(self) -> None:
        self._run = 0
        self._seen: dict[str, int] = {}  # the tabs of the run by name, and the lines they begin on
        self._around: tuple[Container, ...] | None = None

    def of(self, element: Element) -> tuple[_Tab, ...]:
        """Return the tabs that ``element`` stands in; elements are asked about in order."""
        if not isinstance(element, Block | Prose):
            return ()
        found = []
        in_row = False
        for depth, container in enumerate(element.containers):
            if container.name not in _TABS:
                continue
            around = element.containers[:depth]
            key: Hashable = around
            if not around or around[-1].name not in _SETS:
                in_row = True
                key = self._row(around, container)
            is_open = any(name == "selected" for name, _ in container.options)
            found.append(_Tab(key=key, name=container.argument, is_open=is_open))
        if not in_row:
            self._around = None
        return tuple(found)

    def _row(self, around: tuple[Container, ...], tab: Container) -> Hashable:
        """Return the run of a tab without a set: a name that comes again begins another."""
        if around != self._around or self._seen.get(tab.argument, tab.line) != tab.line:
            self._run += 1
            self._seen = {}
            self._around = around
        self._seen[tab.argument] = tab.line
        return ("row", self._run)
