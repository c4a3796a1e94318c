"""What can a printed Nix value consist of?"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A string, decoded; ``cut`` where Nix only printed its start."""

    text: str
    cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """An integer or a float, as printed."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """``true``, ``false`` or ``null``."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePath:
    """A path value."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Items:
    """A list; an `Elision` in it stands for any number of items."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """An attribute set, in the order printed; ``elided`` where members are left out."""

    members: tuple[tuple[str, Value], ...]
    elided: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lambda:
    """A function of the Nix language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin:
    """A built-in function, ``applied`` to some of its arguments; ``name`` is "" if not printed."""

    name: str = ""
    applied: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Thunk:
    """What was not evaluated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeated:
    """A list or set that was printed before, or that contains itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """A derivation, by the path of its ``.drv`` file, "" if not printed."""

    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An attribute or item whose evaluation failed, with the message."""

    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Elision:
    """Dots: anything may stand here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opaque:
    """Something else between ``«`` and ``»`` or ``<`` and ``>``: the words, one blank between."""

    text: str


Value = (
    Text
    | Number
    | Word
    | FilePath
    | Items
    | Members
    | Lambda
    | Builtin
    | Thunk
    | Repeated
    | Derivation
    | Failure
    | Elision
    | Opaque
)

#: Names of attributes that Nix prints without quotes.
_NAME = re.compile(r"[A-Za-z_][\w'-]*", re.ASCII)

_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def render(value: Value) -> str:
    """Return ``value`` on one line, as `nix-instantiate --eval` prints it."""
    match value:
        case Text(text=text, cut=cut):
            return f"{quote(text)} «… bytes elided»" if cut else quote(text)
        case Number(text=text) | Word(text=text) | FilePath(text=text):
            return text
        case Items(items=items):
            return " ".join(["[", *(render(item) for item in items), "]"])
        case Members(members=members, elided=elided):
            parts = [
                f"{name if _NAME.fullmatch(name) else quote(name)} = {render(member)};"
                for name, member in members
            ]
            return " ".join(["{", *parts, *(["..."] if elided else []), "}"])
        case Lambda():
            return "<LAMBDA>"
        case Builtin(name="", applied=applied):
            return "<PRIMOP-APP>" if applied else "<PRIMOP>"
        case Builtin(name=name, applied=applied):
            return f"«partially applied primop {name}»" if applied else f"«primop {name}»"
        case Thunk():
            return "<CODE>"
        case Repeated():
            return "«repeated»"
        case Derivation(path=path):
            return f"«derivation {path}»" if path else "«derivation»"
        case Failure(message=message):
            return f"«error: {message}»"
        case Elision():
            return "..."
        case Opaque(text=text):
            return f"«{text}»"


def quote(text: str) -> str:
    """Return ``text`` as a Nix string literal on one line."""
    escaped = "".join(_ESCAPES.get(char, char) for char in text)
    return '"' + escaped.replace("${", "\\${") + '"'
