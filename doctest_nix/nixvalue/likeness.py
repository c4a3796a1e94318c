"""Is what a page shows the value that Nix printed?"""

from __future__ import annotations

import re

from doctest_nix.nixvalue.reader import NotAValueError, parse
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

_DOTS = re.compile(r"\.{3}|…")


def equal(shown: str, printed: str) -> bool:
    """Whether the value that a page shows is the one that Nix printed.

    White space between tokens, the order of attributes and the spelling of what cannot be
    printed (``<LAMBDA>`` and ``«lambda @ …»``) do not count.  What either side leaves out (`...`,
    `«3 items elided»`, `«repeated»`) is whatever the other has there; and so is what the page
    shows as not evaluated.  The other way round it is not: a page that shows a value claims more
    than ``<CODE>``.  Texts that are no values are equal where their words are.
    """
    try:
        return _like(parse(shown), parse(printed))
    except NotAValueError:
        return shown.split() == printed.split()


def _like(shown: Value, printed: Value) -> bool:
    match shown, printed:
        case (Elision() | Thunk(), _) | (_, Elision()):
            return True
        case (Repeated(), Items() | Members() | Derivation() | Repeated()):
            return True
        case (Items() | Members() | Derivation(), Repeated()):
            return True
        case (Lambda(), Lambda()):
            return True
        case (Builtin(), Builtin()):
            unnamed = "" in (shown.name, printed.name)
            return shown.applied == printed.applied and (unnamed or shown.name == printed.name)
        case (Members(), Derivation()):
            return _is_derivation(shown)
        case (Derivation(), Members()):
            return _is_derivation(printed)
        case (Derivation(), Derivation()):
            unnamed = "" in (shown.path, printed.path)
            return unnamed or _same_text(shown.path, printed.path)
        case (Number(), Number()):
            return _same_number(shown.text, printed.text)
        case (Text(), Text()):
            return _same_string(shown, printed)
        case (Word(), Word()):
            return shown == printed
        case (FilePath(), FilePath()):
            return _same_text(shown.text, printed.text)
        case (Opaque(), Opaque()):
            return _same_text(shown.text, printed.text)
        case (Failure(), Failure()):
            return _same_text(shown.message, printed.message)
        case (Items(), Items()):
            return _same_items(shown.items, printed.items)
        case (Members(), Members()):
            return _same_members(shown, printed)
    return False


def _is_derivation(value: Members) -> bool:
    """Whether the set that old versions print for a derivation is shown."""
    return value.elided or any(
        name == "type" and _like(Text(text="derivation"), member) for name, member in value.members
    )


def _same_number(shown: str, printed: str) -> bool:
    """Compare floats by the six digits that Nix prints; integers to the letter."""
    if shown == printed:
        return True
    if shown.lstrip("-").isdigit() and printed.lstrip("-").isdigit():
        return False
    return f"{float(shown):g}" == f"{float(printed):g}"


def _same_string(shown: Text, printed: Text) -> bool:
    """Compare strings; one of which only the start was printed is like all that start so."""
    if shown.cut or printed.cut:
        length = min(len(text.text) for text in (shown, printed) if text.cut)
        return _same_text(shown.text[:length], printed.text[:length])
    return _same_text(shown.text, printed.text)


def _same_text(shown: str, printed: str) -> bool:
    """Compare to the letter, then with dots on the page for any text."""
    if shown == printed:
        return True
    first, *others = _DOTS.split(shown)
    if not others or not printed.startswith(first):
        return False
    *inner, last = others
    at = len(first)
    for part in inner:
        at = printed.find(part, at)
        if at < 0:
            return False
        at += len(part)
    return len(printed) - len(last) >= at and printed.endswith(last)


def _same_items(shown: tuple[Value, ...], printed: tuple[Value, ...]) -> bool:
    """Compare lists item by item; dots in either are any number of items of the other.

    ``reach`` holds how many items of ``printed`` the items of ``shown`` so far can stand for.
    """
    reach = {0} | _skip(printed, 0)
    for item in shown:
        if isinstance(item, Elision):
            reach = set(range(min(reach, default=len(printed) + 1), len(printed) + 1))
            continue
        following: set[int] = set()
        for count in reach:
            if count < len(printed) and isinstance(printed[count], Elision):
                following |= {count} | _skip(printed, count)
            elif count < len(printed) and _like(item, printed[count]):
                following |= {count + 1} | _skip(printed, count + 1)
        reach = following
    return len(printed) in reach


def _skip(printed: tuple[Value, ...], count: int) -> set[int]:
    """Return the counts that are reached from ``count`` by leaving out dots."""
    reached = set()
    while count < len(printed) and isinstance(printed[count], Elision):
        count += 1
        reached.add(count)
    return reached


def _same_members(shown: Members, printed: Members) -> bool:
    """Compare sets by name; a side that leaves members out may lack some of the other's."""
    left, right = dict(shown.members), dict(printed.members)
    if not shown.elided and right.keys() - left.keys():
        return False
    if not printed.elided and left.keys() - right.keys():
        return False
    return all(_like(left[name], right[name]) for name in left.keys() & right.keys())
