"""Which value did Nix print?"""

from __future__ import annotations

import re

from doctest_nix.nixvalue.value import (
    Builtin,
    Derivation,
    Elision,
    Failure,
    FilePath,
    Items,
    Lambda,
    Members,
    Number,
    Opaque,
    Repeated,
    Text,
    Thunk,
    Value,
    Word,
)


class NotAValueError(ValueError):
    """A text that is not what Nix prints for a value: an error, prose, several values."""


#: No value that a page shows is nested deeper.
_DEEPEST = 100

_SPACE = re.compile(r"\s*")
_ELISION = re.compile(r"\.{3,}|…")
_NUMBER = re.compile(r"-?(?:\d+\.?\d*(?:[eE][+-]?\d+)?|inf|nan)(?![\w/.+-])")
_WORD = re.compile(r"(?:true|false|null)(?![\w'/.-])")
_PATH = re.compile(r"(?:/|\./|\.\./|~/)[^\s;\"{}\[\]]*")
_ANGLE = re.compile(r"<([^<>«»\n]*)>")
_NAME = re.compile(r"[^\s\"=;{}\[\]«»]+(?=\s*=)")
_ELIDED = re.compile(r"(?:\d+|…) (?:items?|attributes?) elided")
_CUT = re.compile(r"\s*«(?:\d+|…) (?:bytes?|characters?) elided»")
_UNESCAPED = {"n": "\n", "r": "\r", "t": "\t"}


def parse(text: str) -> Value:
    """Return the value that ``text`` shows.

    Takes what ``nix-instantiate --eval``, ``nix eval`` and ``nix repl`` of all versions print,
    on one line or many, and dots where an author left something out.  Raises NotAValueError
    for anything else, and for text that goes on after the value.
    """
    reader = _Reader(text)
    value = reader.value(0)
    reader.space()
    if reader.at < len(text):
        raise reader.error("the end")
    return value


class _Reader:
    """Reads from ``at`` on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def error(self, wanted: str) -> NotAValueError:
        seen = self.text[self.at : self.at + 20] or "the end"
        return NotAValueError(f"{wanted} expected at character {self.at + 1}, where {seen!r} is")

    def space(self) -> None:
        self.take(_SPACE)

    def take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """Move behind ``pattern`` if it stands here."""
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match

    def sees(self, sign: str) -> bool:
        """Move behind white space, and behind ``sign`` if it stands there."""
        self.space()
        found = self.text.startswith(sign, self.at)
        self.at += len(sign) * found
        return found

    def value(self, depth: int) -> Value:
        """Read a value; ``depth`` lists and sets are open around it."""
        if depth > _DEEPEST:
            raise self.error(f"no more than {_DEEPEST} nested values")
        if self.sees("["):
            return self.items(depth)
        if self.sees("{"):
            return self.members(depth)
        if self.sees('"'):
            return self.string()
        if self.sees("«"):
            return _guillemets(self.guillemets())
        if match := self.take(_NUMBER):
            return Number(text=match[0])
        if match := self.take(_WORD):
            return Word(text=match[0])
        if self.take(_ELISION):
            return Elision()
        if match := self.take(_PATH):
            return FilePath(text=match[0])
        if match := self.take(_ANGLE):
            return _angle(match[1])
        raise self.error("a value")

    def items(self, depth: int) -> Items:
        """Read a list behind its opening bracket."""
        items = []
        while not self.sees("]"):
            items.append(self.value(depth + 1))
        return Items(items=tuple(items))

    def members(self, depth: int) -> Members:
        """Read a set behind its opening brace."""
        members = []
        elided = False
        while not self.sees("}"):
            if self.take(_ELISION):
                elided = True
            elif self.sees("«"):
                if not isinstance(_guillemets(self.guillemets()), Elision):
                    raise self.error("a member of a set")
                elided = True
            else:
                name = self.name()
                members.append((name, self.value(depth + 1)))
                if not self.sees(";"):
                    raise self.error("`;`")
        return Members(members=tuple(members), elided=elided)

    def name(self) -> str:
        """Read the name of a member and the sign behind it."""
        if self.sees('"'):
            name = self.quoted()
        elif match := self.take(_NAME):
            name = match[0]
        else:
            raise self.error("the name of a member")
        if not self.sees("="):
            raise self.error("`=`")
        return name

    def string(self) -> Text:
        """Read a string behind its opening quote, and what Nix says of its missing end."""
        text = self.quoted()
        return Text(text=text, cut=self.take(_CUT) is not None)

    def quoted(self) -> str:
        """Read to the closing quote and undo the escapes."""
        text = ""
        while self.at < len(self.text):
            char = self.text[self.at]
            self.at += 1
            if char == '"':
                return text
            if char == "\\":
                char = self.text[self.at : self.at + 1]
                char = _UNESCAPED.get(char, char)
                self.at += 1
            text += char
        raise self.error('`"`')

    def guillemets(self) -> str:
        """Read to the closing guillemet, over those that are nested."""
        start, depth = self.at, 1
        while self.at < len(self.text):
            depth += {"«": 1, "»": -1}.get(self.text[self.at], 0)
            self.at += 1
            if depth == 0:
                return " ".join(self.text[start : self.at - 1].split())
        raise self.error("`»`")


def _guillemets(words: str) -> Value:
    """Return what Nix says between ``«`` and ``»``."""
    kind, _, rest = words.partition(" ")
    match kind:
        case "lambda":
            return Lambda()
        case "primop" | "primop-app":
            return Builtin(name=rest, applied=kind == "primop-app")
        case "derivation":
            return Derivation(path=rest)
        case "error:":
            return Failure(message=rest)
    if words.startswith("partially applied primop"):
        return Builtin(name=words.removeprefix("partially applied primop").strip(), applied=True)
    if _ELIDED.fullmatch(words) or _ELISION.fullmatch(words):
        return Elision()
    return _angle(words)


def _angle(words: str) -> Value:
    """Return what old versions say between ``<`` and ``>``, and authors between either."""
    if _ELISION.fullmatch(words.strip()):
        return Elision()
    match words.strip().lower():
        case "code" | "thunk":
            return Thunk()
        case "lambda" | "function":
            return Lambda()
        case "primop":
            return Builtin()
        case "primop-app":
            return Builtin(applied=True)
        case "cycle" | "repeated":
            return Repeated()
    return Opaque(text=" ".join(words.split()))
