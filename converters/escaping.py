"""How plain text is written so that MyST reads it as plain text."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass

PUNCTUATION = frozenset(string.punctuation)

#: Text after these, in braces, would be read as their attributes (``attrs_inline``).
_TAKES_ATTRIBUTES = re.compile(r"[`)\]>]\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """Plain text between marked-up parts, not yet escaped."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Markup:
    """A part that is MyST already.

    ``delimiter`` is ``*`` or ``**`` where the part only stands for emphasis if what is around it
    allows it, and ``[`` for a link by its label alone; ``safe`` is the spelling for elsewhere.
    """

    text: str
    delimiter: str = ""
    safe: str = ""


Part = Text | Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Syntax:
    """What the page's parser gives a meaning to beyond CommonMark and MyST's core.

    ``labels`` are the normalised labels of the page's link definitions; ``everything`` escapes
    every punctuation character, for text on which the sparing rules were not enough.  ``table``
    is true in a cell, ``link`` in a link's text.
    """

    extensions: frozenset[str] = frozenset()
    labels: frozenset[str] = frozenset()
    everything: bool = False
    table: bool = False
    link: bool = False


def join(parts: Sequence[Part], syntax: Syntax) -> str:
    """Return the paragraph that ``parts`` make, its text escaped for where it stands."""
    merged = _merged(parts)
    written: list[str] = []
    for index, part in enumerate(merged):
        before = _last(written)
        if isinstance(part, Text):
            after = merged[index + 1] if index + 1 < len(merged) else None
            written.append(_escape(part.text, before, after, syntax))
        else:
            following = _first(merged, index + 1)
            written.append(_spelling(part, before, following))
    return "".join(written)


def label(text: str) -> str:
    """Return the normalised form of a link label, by which CommonMark compares labels."""
    return " ".join(text.split()).casefold()


def _merged(parts: Sequence[Part]) -> list[Part]:
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and merged and isinstance(merged[-1], Text):
            merged[-1] = Text(text=merged[-1].text + part.text)
        elif part.text:
            merged.append(part)
    return merged


def _last(written: Sequence[str]) -> str:
    return next((text[-1] for text in reversed(written) if text), "")


def _first(parts: Sequence[Part], index: int) -> str:
    return parts[index].text[:1] if index < len(parts) else ""


def _spelling(part: Markup, before: str, after: str) -> str:
    if not part.delimiter:
        return part.text
    if part.delimiter == "[":
        return part.safe if after in {"(", "[", "{", ":"} else part.text
    inner = part.text[len(part.delimiter) : -len(part.delimiter)]
    opens = not inner[:1].isspace() and (not _mark(inner[:1]) or _edge(before))
    closes = not inner[-1:].isspace() and (not _mark(inner[-1:]) or _edge(after))
    alone = "*" not in (before, after, inner[:1], inner[-1:])
    return part.text if opens and closes and alone else part.safe


def _mark(character: str) -> bool:
    """Tell whether CommonMark counts the character as punctuation."""
    return character in PUNCTUATION or unicodedata.category(character or "a")[0] in "PS"


def _edge(character: str) -> bool:
    return not character or character.isspace() or _mark(character)


def _escape(text: str, before: str, after: Part | None, syntax: Syntax) -> str:
    if syntax.everything:
        return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", text)
    following = after.text[:1] if after is not None else ""
    result: list[str] = []
    position = 0
    while position < len(text):
        character = text[position]
        previous = text[position - 1] if position else before
        if character in "*_":
            end = position + 1
            while end < len(text) and text[end] == character:
                end += 1
            run = text[position:end]
            successor = text[end] if end < len(text) else following
            result.append(_delimiters(run, previous, successor))
            position = end
            continue
        rest = text[position:]
        rule = _RULES.get(character)
        if rule is not None and rule(
            _Place(text=text, position=position, rest=rest, before=previous, after=after), syntax
        ):
            result.append("\\")
        result.append(character)
        position += 1
    return "".join(result)


def _delimiters(run: str, before: str, after: str) -> str:
    blank_before, blank_after = not before or before.isspace(), not after or after.isspace()
    if blank_before and blank_after and len(run) == 1:
        return run
    if run[0] == "_" and before.isalnum() and after.isalnum():
        return run
    return "".join(f"\\{character}" for character in run)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A character of a text: ``rest`` starts with it, ``after`` is the part after the text."""

    text: str
    position: int
    rest: str
    before: str
    after: Part | None

    @property
    def following(self) -> str:
        """What stands after the character, in this text or the next part."""
        return self.rest[1:] or (self.after.text if self.after is not None else "")


def _backslash(place: _Place, syntax: Syntax) -> bool:
    following = place.following[:1]
    return not following or following in PUNCTUATION or following == "\n"


def _less_than(place: _Place, syntax: Syntax) -> bool:
    return bool(re.match(r"[A-Za-z/!?]", place.following))


def _ampersand(place: _Place, syntax: Syntax) -> bool:
    return bool(re.match(r"&(?:#\w+|\w+);", place.rest))


def _bracket(place: _Place, syntax: Syntax) -> bool:
    closing = _closing(place.rest)
    if syntax.link or place.following.startswith("^"):
        return True
    if closing is None:
        # The bracket may be closed in a later part, and what follows there makes it a link.
        return place.after is not None
    inner = place.rest[1:closing]
    following = place.rest[closing + 1 :] or (place.after.text if place.after is not None else "")
    if following[:1] in {"(", "[", ":", "{"}:
        return True
    tasklist = "tasklist" in syntax.extensions and inner.lower() in {"x", " "}
    return tasklist or label(inner) in syntax.labels


def _closing(rest: str) -> int | None:
    depth = 0
    for index, character in enumerate(rest):
        if character == "[":
            depth += 1
        elif character == "]":
            depth -= 1
            if not depth:
                return index
    return None


def _closing_bracket(place: _Place, syntax: Syntax) -> bool:
    """Tell whether a ``]`` in text closes a bracket that was opened in an earlier part."""
    if syntax.link:
        return True
    return place.text[: place.position].count("[") <= place.text[: place.position].count("]") and (
        place.following[:1] in {"(", "[", "{", ":"}
    )


def _brace(place: _Place, syntax: Syntax) -> bool:
    if place.position == 0 and _TAKES_ATTRIBUTES.search(place.before):
        return True
    if place.rest.startswith("{{") or (place.before == "{" and "{{" in place.text):
        return True
    after = place.after.text[:1] if place.after is not None else ""
    return bool(re.match(r"\{[\w+:-]+\}(?:`|\Z)", place.rest)) and (
        "}`" in place.rest or after == "`"
    )


def _exclamation(place: _Place, syntax: Syntax) -> bool:
    """Tell whether a link follows, which would become an image; brackets in text are escaped."""
    return place.rest == "!" and place.following[:1] == "["


def _dollar(place: _Place, syntax: Syntax) -> bool:
    return "dollarmath" in syntax.extensions


def _tilde(place: _Place, syntax: Syntax) -> bool:
    return "strikethrough" in syntax.extensions


def _pipe(place: _Place, syntax: Syntax) -> bool:
    return syntax.table


def _always(place: _Place, syntax: Syntax) -> bool:
    return True


_RULES: dict[str, Callable[[_Place, Syntax], bool]] = {
    "\\": _backslash,
    "`": _always,
    "<": _less_than,
    "&": _ampersand,
    "[": _bracket,
    "]": _closing_bracket,
    "{": _brace,
    "!": _exclamation,
    "$": _dollar,
    "~": _tilde,
    "|": _pipe,
}

#: A line that starts like this starts a block; the group is what must not be read so.
_LINE_STARTS = re.compile(
    r"""
    (?P<indent>\s*)
    (?:
        (?P<mark>[-+*](?=\s|$)|\#{1,6}(?=\s|$)|>|%|\+(?=[ \t+]*\+[ \t+]*\+))
      | (?P<number>\d{1,9})(?P<stop>[.)])(?=\s|$)
      | (?P<rule>(?:=+|-+)[ \t]*$|(?:[-*_][ \t]*){3,}$)
      | (?P<table>\|?[ ]*:?-+:?[ ]*(?:\|[ ]*:?-+:?[ ]*)*\|?[ ]*$)
      | (?P<fence>~{3,}|:{3,}|`{3,}(?=[^`]*$))
      | (?P<target>\((?=.+\)=\s*$))
      | (?P<definition>[:~](?=\s))
      | (?P<field>:(?=\S.*:))
      | (?P<attributes>\{(?!\{)(?=.*\}\s*$)(?![\w+:-]+\}`))
      | (?P<reference>\[(?=[^\]]+\]:))
    )
    """,
    re.VERBOSE,
)


def guard(text: str) -> str:
    """Return a paragraph's text with no line of it starting a block of its own."""
    return "\n".join(_guarded(line) for line in text.split("\n"))


def _guarded(line: str) -> str:
    match = _LINE_STARTS.match(line)
    if match is None:
        return line
    at = match.start("stop") if match["number"] else match.end("indent")
    return f"{line[:at]}\\{line[at:]}"


def starts_block(line: str) -> bool:
    """Tell whether a line of a paragraph would start a block of its own.

    The text of code and roles cannot be escaped: such a line is joined to the one before.
    """
    return not line.strip() or bool(_LINE_STARTS.match(line)) or line.lstrip()[:1] in "<|$"
