"""What does each volatile part of a page stand for, through the whole document?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, Self

from doctest_nix import rules
from doctest_nix.masks import INLINE_ELISION, Part, Reading, glob
from doctest_nix.rules import Note, Rule
from doctest_nix.volatile import Kind

#: Notes that a comparison keeps; the rest is counted.
NOTES: Final = 20


@dataclass(frozen=True, slots=True, eq=False)
class Bindings(Mapping[str, str]):
    """What was bound so far: ``kind:shown`` to what is real.

    Immutable.  ``Bindings()`` is that of a document's start; `compare` returns the next ones.
    """

    _pairs: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, key: str) -> str:
        """Return what ``key`` is bound to; raises KeyError."""
        return self._pairs[key]

    def __iter__(self) -> Iterator[str]:
        """Iterate over the keys, in the order in which they were bound."""
        return iter(self._pairs)

    def __len__(self) -> int:
        """Return the number of bindings."""
        return len(self._pairs)


#: Kinds of which a shown part stands for one real part; a bare hash may be a store path's.
_BOUND: Final = {
    Kind.STORE: "store",
    Kind.BARE: "store",
    Kind.REVISION: "revision",
    Kind.CONTENT: "content",
    Kind.SYSTEM: "system",
}

_RULE: Final = {
    Kind.STORE: rules.STORE_HASH,
    Kind.BARE: rules.STORE_HASH,
    Kind.DATE: rules.DATE,
    Kind.DURATION: rules.DURATION,
    Kind.SIZE: rules.SIZE,
    Kind.PROCESS: rules.PROCESS,
    Kind.TEMPORARY: rules.TEMPORARY,
    Kind.ADDRESS: rules.ADDRESS,
    Kind.REVISION: rules.REVISION,
    Kind.PATH: rules.DIRECTORY,
    Kind.USER: rules.USER,
    Kind.CONTENT: rules.CONTENT_HASH,
    Kind.SYSTEM: rules.SYSTEM,
    Kind.NOTATION: rules.NOTATION,
    Kind.VERSION: rules.VERSION,
}

#: The part of a shown path that names somebody's home, or just any place.
_ROOT = re.compile(r"/(?:home|Users|path|your)/[^/]+|/current(?:/directory)?|/root|~")

_FUNCTION = re.compile(
    r"(?:«|<<?)(?:partially applied )?(?P<what>lambda|primop|built-in|thunk|code)[\w-]*"
    r"(?: (?P<name>[^@\s»]+))?(?: @ (?P<place>.+?))?(?:»|>>?)$",
    re.IGNORECASE,
)
_UNEVALUATED: Final = ("thunk", "code")
_STRING: Final = ("(string)", "<<string>>")
_POSITION = re.compile(r":\d+:\d+$")


class Ledger:
    """The bindings and notes of a comparison while it tries its ways.

    A fork has everything that is here, and what it takes up later is its own.
    """

    def __init__(self, bindings: Bindings, *, home: str, directory: str) -> None:
        """Start from what is bound; the command ran in ``directory``, its home being ``home``."""
        self._known = dict(bindings)
        self._owner = {f"{key.partition(':')[0]}:{real}": key for key, real in bindings.items()}
        self._home = home
        self._places = _places(home, directory)
        self._new: dict[str, str] = {}
        self._new_owner: dict[str, str] = {}
        self._notes: dict[Note, int] = {}
        self._noted: set[str] = set()
        self._unlisted = 0

    def fork(self) -> Self:
        """Return a copy that goes its own way."""
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._new = dict(self._new)
        copy._new_owner = dict(self._new_owner)
        copy._notes = dict(self._notes)
        copy._noted = set(self._noted)
        return copy

    def cleared(self) -> Self:
        """Return a ledger for the same command, with nothing bound."""
        copy = self.fork()
        copy._known, copy._owner = {}, {}
        return copy

    def knows(self, lines: Iterable[str]) -> bool:
        """Tell whether ``lines`` hold something that is bound."""
        names = {key.partition(":")[2] for key in self._known}
        return any(name in line for line in lines for name in names)

    def contradiction(self, other: Bindings) -> str:
        """Return a sentence that names what ``other`` binds otherwise, ``""`` for nothing."""
        for key, real in other.items():
            known = self._get(key)
            if known is not None and known != real:
                name = key.partition(":")[2]
                return f"`{name}` stood for `{known}` before, and would stand for `{real}` here."
        return ""

    def bindings(self) -> Bindings:
        """Return everything that is bound now."""
        return Bindings(MappingProxyType({**self._known, **self._new}))

    @property
    def notes(self) -> tuple[Note, ...]:
        """The rules that were needed, each thing that they did once, at most `NOTES`."""
        return tuple(self._notes)

    @property
    def unlisted(self) -> int:
        """How many further notes there were."""
        return self._unlisted

    def note(self, rule: Rule, detail: str) -> None:
        """Record that ``rule`` was needed; of each rule at least one note is kept."""
        if len(self._notes) >= NOTES and rule.name in self._noted:
            self._unlisted += 1
            return
        self._noted.add(rule.name)
        self._notes[
            Note(rule=rule, detail=detail if len(detail) <= 200 else f"{detail[:199]}…")
        ] = 1

    def take(self, pairs: Iterable[tuple[Part, Part]], reading: Reading) -> bool:
        """Bind each shown part to the real one; False, the ledger then half full, if one cannot."""
        return all(self._bind(shown, actual, reading) for shown, actual in pairs)

    def _get(self, key: str) -> str | None:
        return self._new.get(key) or self._known.get(key)

    def _bind(self, shown: Part, actual: Part, reading: Reading) -> bool:
        if shown.kind is not actual.kind:
            return False
        rule = _RULE[shown.kind]
        match shown.kind:
            case Kind.PATH:
                return self._bind_path(shown.text, actual.text, reading)
            case Kind.NOTATION:
                if not _same_function(shown.text, actual.text):
                    return False
            case Kind.STORE | Kind.BARE | Kind.REVISION | Kind.CONTENT | Kind.SYSTEM:
                if not self._bind_hash(shown, actual, reading):
                    return False
                if shown.kind is Kind.BARE and reading is Reading.LOOSE:
                    rule = rules.CONTENT_HASH
            case _:
                pass
        if shown.text != actual.text:
            self.note(rule, f"{shown.text} is {actual.text}")
        return True

    def _bind_hash(self, shown: Part, actual: Part, reading: Reading) -> bool:
        name = _nickname(shown.text) if shown.kind is Kind.STORE else shown.text
        if not name:
            return True
        space = _BOUND[shown.kind]
        key, owned = f"{space}:{name}", f"{space}:{actual.text}"
        known = self._get(key)
        if known is not None:
            return known == actual.text
        if shown.kind is Kind.BARE and reading is Reading.MASKED:
            return shown.text == actual.text
        owner = self._new_owner.get(owned) or self._owner.get(owned)
        if owner is not None:
            if reading is Reading.MASKED:
                return False
            other = owner.partition(":")[2]
            self.note(rules.SHARED_HASH, f"{name} and {other} are {actual.text}")
        else:
            self._new_owner[owned] = key
        self._new[key] = actual.text
        return True

    def _bind_path(self, shown: str, actual: str, reading: Reading) -> bool:
        if shown == actual:
            return True
        real = self._home + actual[1:] if actual.startswith("~") else actual
        if (shown.endswith("/") and len(shown) > 1) != real.endswith("/"):
            return False
        for key, place in (*self._known.items(), *self._new.items()):
            space, _, prefix = key.partition(":")
            bound = space == "directory" and shown.startswith(prefix) and real.startswith(place)
            if bound and shown[len(prefix) :] == real[len(place) :]:
                return True
        for prefix, place in self._prefixes(shown.rstrip("/"), real.rstrip("/")):
            space = "home" if place == self._home else "directory"
            known = self._get(f"{space}:{prefix}")
            if known is not None and known != place:
                continue
            nested = self._nested(prefix, place) if known is None else ""
            if nested and reading is Reading.MASKED:
                continue
            if nested:
                self.note(rules.MOVED_DIRECTORY, f"{prefix} and {nested} are {place}")
            self._new[f"{space}:{prefix}"] = place
            self.note(rules.DIRECTORY, f"{prefix} is {place}")
            return True
        return False

    def _prefixes(self, shown: str, real: str) -> Iterator[tuple[str, str]]:
        """Yield what may stand for what: a prefix of ``shown`` and a place that ``real`` is below.

        Shortest prefix first: as much as possible of the path is the same by the letter.
        """
        root = _ROOT.match(shown)
        if root is None:
            return
        ends = [n for n, c in enumerate(shown) if c == "/" and n > root.end()]
        for end in (root.end(), *ends, len(shown)):
            pieces = INLINE_ELISION.split(shown[end:])
            for place in self._places:
                if place == self._home and end != root.end():
                    continue
                if not real.startswith(place) or real[len(place) : len(place) + 1] not in ("", "/"):
                    continue
                rest = real[len(place) :]
                if rest == shown[end:] or (len(pieces) > 1 and glob(pieces, rest) is not None):
                    yield shown[:end], place

    def _nested(self, prefix: str, place: str) -> str:
        """Return another directory of the page, around or in ``prefix``, that is ``place`` too."""
        for key, real in (*self._known.items(), *self._new.items()):
            space, _, other = key.partition(":")
            around = other.startswith(f"{prefix}/") or prefix.startswith(f"{other}/")
            if around and space == "directory" and real == place:
                return other
        return ""


def _places(home: str, directory: str) -> tuple[str, ...]:
    """Return the places that a path on the page may stand for: home, and down to the directory."""
    places = [directory]
    while directory.startswith(f"{home}/") and directory != home:
        directory = directory.rpartition("/")[0]
        places.append(directory)
    if home not in places:
        places.append(home)
    return tuple(p for p in places if len(p) > 1)


def _nickname(text: str) -> str:
    """Return what a shown hash is known by, ``""`` where it can be any: `...`, `<hash>`, `xxxx`."""
    if text[0] in "<$":
        return ""
    name = "".join(filter(str.isalnum, text))
    return name if len(set(name)) > 2 and name not in ("hash", "abc", "abcdef") else ""


def _same_function(shown: str, actual: str) -> bool:
    """Tell whether two printed functions can be one: what both say of name and file is the same."""
    one, other = _FUNCTION.match(shown), _FUNCTION.match(actual)
    if one is None or other is None:
        return shown == actual
    kinds = [
        "unevaluated" if what in _UNEVALUATED else "primop" if what == "built-in" else what
        for what in (one["what"].lower(), other["what"].lower())
    ]
    if kinds[0] != kinds[1]:
        return False
    if one["name"] and other["name"] and one["name"] != other["name"]:
        return False
    files = [_POSITION.sub("", m["place"]).rpartition("/")[2] for m in (one, other) if m["place"]]
    return len({"«string»" if f in _STRING else f for f in files}) <= 1
