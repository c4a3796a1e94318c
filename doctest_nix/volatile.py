"""What do the volatile parts of an output look like?"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """What a volatile part is."""

    STORE = "store"
    BARE = "bare"
    DATE = "date"
    DURATION = "duration"
    SIZE = "size"
    PROCESS = "process"
    TEMPORARY = "temporary"
    ADDRESS = "address"
    REVISION = "revision"
    PATH = "path"
    USER = "user"
    CONTENT = "content"
    SYSTEM = "system"
    NOTATION = "notation"
    VERSION = "version"


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """How a kind of volatile part is written.

    ``starts`` names the characters that the pattern starts with, see `_CLASSES`.  The group
    ``part`` of the pattern is the part; what stands around it in the pattern is kept.
    """

    kind: Kind
    starts: str
    pattern: str


#: Placeholders stand for what is masked.  They are noncharacters, which never stand in text that
#: is meant to be exchanged, and count as parts of words: masking twice changes nothing.
PLACEHOLDER: Final = {kind: chr(0xFDD0 + n) for n, kind in enumerate(Kind)}
PLACEHOLDERS: Final = "".join(PLACEHOLDER.values())
WORD: Final = rf"[\w{PLACEHOLDERS}]"

#: Where a pattern may start.  Nearly all characters of a line are inside a word, where only few
#: patterns can start: a line is read three times as fast as with one list of alternatives.
_CLASSES: Final = {
    "d": rf"(?<!{WORD})(?=\d)",  # a number
    "v": r"(?<=[a-z])(?=\d)",  # a number at the end of a word
    "l": rf"(?<!{WORD})(?=[a-z_])",  # a word
    "u": rf"(?<!{WORD})(?=[A-Z])",  # a word with a capital
    "/": r"(?=/)",
    "p": r"(?=[~<«\[])",
}


def compiled(tokens: Iterable[Token]) -> re.Pattern[str]:
    """Return one pattern that finds all ``tokens``, earlier ones first where two start together.

    The name of the group that is found starts with the kind and ends in digits.
    """
    alternatives: dict[str, list[str]] = {}
    for number, token in enumerate(tokens):
        for name in token.starts:
            group = f"?P<{token.kind}{number}{list(_CLASSES).index(name)}>"
            pattern = token.pattern.replace("?P<part>", group)
            # A placeholder after it is the rest of the word, as the masked text was.
            pattern = pattern.replace(r"(?!\w)", rf"(?!{WORD})")
            pattern = pattern.replace(r"(?![\w", rf"(?![\w{PLACEHOLDERS}")
            alternatives.setdefault(name, []).append(pattern)
    return re.compile(
        "|".join(f"{_CLASSES[name]}(?:{'|'.join(found)})" for name, found in alternatives.items())
    )


def kind_of(group: str) -> Kind:
    """Return the kind that a group of a compiled pattern is of."""
    return _KINDS[group.rstrip("0123456789")]


_KINDS: Final = {str(kind): kind for kind in Kind}

#: A line with none of these has no volatile part, whatever the reading.
MAY_HAVE: Final = re.compile(
    r"[\d~«<@]|/(?:home|Users|root|path|your|current|build|nix)|[XxYy]\.[YyZz]"
)

_BASE32 = r"[0-9a-df-np-sv-z]"
_NAME = r"[\w.+?=-]"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AP]M)?"
_ZONE = r"(?:Z| ?[+-]\d\d:?\d\d| (?:UTC|GMT|CES?T|[ECMP][SD]T)\b)"
_UNITS = r"(?:s|secs?|seconds?|m|mins?|minutes?|h|hours?)"
_CPU = r"(?:x86_64|aarch64|i686|armv[67]l|riscv64|powerpc64le)"
_COMPONENT = r"(?:\.\.\.|…|(?:(?!\.\.\.)[\w.+@%=-])+)"
_LONG_DATE = (
    rf"(?P<part>{_DAY},? +(?:{_MONTH} +\d{{1,2}}|\d{{1,2}} +{_MONTH})(?:,? +\d{{4}})?"
    rf"(?:,? +{_CLOCK})?{_ZONE}?(?: +\d{{4}}\b{_ZONE}?)?)"
)
_TEMPORARY = (
    rf"(?<![\w.{PLACEHOLDERS}-])(?P<part>"
    r"(?:/private)?/tmp/(?:nix-(?:shell|build|\d)[\w.+-]*|tmp[.\w]+)"
    rf"|/var/folders/\w+/\w+/T/{_NAME}+|/nix/var/nix/builds/{_NAME}+|/run/user/\d+"
    r"|/build(?![\w.-]))"
)

#: What both sides may hold, whatever the command.
COMMON: Final = (
    Token(kind=Kind.STORE, starts="/", pattern=rf"/nix/store/(?P<part>{_BASE32}{{32}})(?=-)"),
    Token(kind=Kind.STORE, starts="dl", pattern=rf"(?P<part>{_BASE32}{{32}})(?=-[A-Za-z_])"),
    Token(
        kind=Kind.BARE,
        starts="dl",
        pattern=rf"(?P<part>(?=[a-z]*\d)(?=\d*[a-z]){_BASE32}{{32}})(?![\w-])",
    ),
    Token(kind=Kind.REVISION, starts="dl", pattern=r"(?<=[/=@])(?P<part>[0-9a-f]{40})(?!\w)"),
    Token(
        kind=Kind.REVISION,
        starts="lu",
        pattern=r"(?:[Rr]ev(?:ision)?\"?[:= ]\s*\"?|[Cc]ommit )(?P<part>[0-9a-f]{40})(?!\w)",
    ),
    Token(
        kind=Kind.DATE,
        starts="d",
        pattern=rf"(?<!-)(?P<part>\d{{4}}[-/]\d\d[-/]\d\d(?:[T ]{_CLOCK}{_ZONE}?)?)(?![\w-])",
    ),
    Token(kind=Kind.DATE, starts="u", pattern=_LONG_DATE),
    Token(
        kind=Kind.DATE,
        starts="u",
        pattern=(
            rf"(?P<part>{_MONTH} +\d{{1,2}}(?:, | +)(?:\d{{4}}(?:,? {_CLOCK})?|{_CLOCK})(?!\w))"
        ),
    ),
    Token(
        kind=Kind.DATE,
        starts="d",
        pattern=rf"(?<!\.)(?P<part>\d{{1,2}} {_MONTH} \d{{4}}(?: {_CLOCK})?)(?!\w)",
    ),
    Token(
        kind=Kind.DATE,
        starts="d",
        pattern=r"(?<![:.])(?P<part>\d\d:\d\d:\d\d(?:\.\d+)?)(?![\w:])",
    ),
    Token(kind=Kind.DATE, starts="l", pattern=r"lastModified\"?(?:=|: *)(?P<part>\d{9,10})(?!\d)"),
    Token(kind=Kind.DURATION, starts="d", pattern=r"(?<!\.)(?P<part>\d+m\d+(?:\.\d+)?s)(?!\w)"),
    Token(
        kind=Kind.DURATION,
        starts="d",
        pattern=rf"(?<!\.)(?P<part>\d+\.\d+ ?(?:ms|us|µs|ns|{_UNITS}))(?!\w)",
    ),
    Token(kind=Kind.DURATION, starts="d", pattern=r"(?<!\.)(?P<part>\d+ ?(?:ms|us|µs|ns))(?!\w)"),
    Token(
        kind=Kind.DURATION,
        starts="lu",
        pattern=rf"(?:in|took|[Ee]lapsed:?) (?P<part>\d+ ?{_UNITS})(?!\w)",
    ),
    Token(
        kind=Kind.SIZE,
        starts="d",
        pattern=r"(?<!\.)(?P<part>\d+(?:[.,]\d+)? ?(?:[KMGT]i?B|kB)(?:/s)?)(?!\w)",
    ),
    Token(kind=Kind.SIZE, starts="d", pattern=r"(?<!\.)(?P<part>\d+)(?= bytes (?:freed|\())"),
    Token(kind=Kind.SIZE, starts="d", pattern=r"^(?P<part>\d+(?:\.\d+)?[KMGT])(?=\s+\S)"),
    Token(kind=Kind.PROCESS, starts="p", pattern=r"^\[\d+\][+-]? +(?P<part>\d+)(?=\s|$)"),
    Token(
        kind=Kind.PROCESS, starts="lu", pattern=r"(?:pid|PID|[Pp]rocess)[ =:#]+(?P<part>\d+)(?!\w)"
    ),
    Token(kind=Kind.TEMPORARY, starts="/", pattern=_TEMPORARY),
    Token(kind=Kind.ADDRESS, starts="d", pattern=r"(?P<part>0x[0-9a-f]{6,16})(?!\w)"),
    Token(
        kind=Kind.USER,
        starts="l",
        pattern=r"(?<!.)(?P<part>[a-z_][\w-]*@[A-Za-z][\w-]*)(?=[:~$#\s\]]|$)",
    ),
    Token(
        kind=Kind.USER,
        starts="p",
        pattern=r"^\[(?P<part>[a-z_][\w-]*@[A-Za-z][\w-]*)(?=[:~$#\s\]])",
    ),
    Token(kind=Kind.USER, starts="l", pattern=r"(?<=\s)(?P<part>[a-z_][\w-]*@[A-Za-z][\w-]*)$"),
)

#: What a page may write where a real hash would be.
SHOWN: Final = (
    Token(kind=Kind.STORE, starts="dl", pattern=r"(?P<part>[0-9a-z]{32})(?=-[A-Za-z_])"),
    Token(
        kind=Kind.STORE,
        starts="/",
        pattern=(
            r"/nix/store/(?P<part><[\w .-]+>|\$\{?\w+\}?|[0-9a-zA-Z]*(?:\.{2,3}|…|\*+)[0-9a-zA-Z]*"
            r"|[0-9A-Za-z]{1,64})(?=-)"
        ),
    ),
)

#: Where the command asks for the time, a long number is one, in seconds since 1970.
SECONDS: Final = (Token(kind=Kind.DATE, starts="d", pattern=r"(?P<part>1\d{9})(?!\d)"),)

#: Where the command is Git's, hexadecimal words are revisions.
GIT: Final = (
    Token(kind=Kind.REVISION, starts="dl", pattern=r"(?P<part>[0-9a-f]{40})(?!\w)"),
    Token(
        kind=Kind.REVISION,
        starts="p",
        pattern=r"^\[[\w/.-]+(?: \(root-commit\))? (?P<part>[0-9a-f]{7,12})(?=\])",
    ),
    Token(
        kind=Kind.REVISION,
        starts="dl",
        pattern=r"(?<![^*\s])(?<!\w )(?P<part>(?=[a-f]*\d)[0-9a-f]{7,12})(?= )",
    ),
    Token(
        kind=Kind.REVISION, starts="dl", pattern=r"(?P<part>[0-9a-f]{7,12}\.\.[0-9a-f]{7,12})(?!\w)"
    ),
    Token(kind=Kind.REVISION, starts="l", pattern=r"(?:commit|at) (?P<part>[0-9a-f]{7,12})(?!\w)"),
)

#: What a loose reading masks too.
LOOSE: Final = (
    Token(
        kind=Kind.CONTENT,
        starts="l",
        pattern=r"(?P<part>sha(?:1|256|512)-(?!A+=)[A-Za-z0-9+/]{27,86}={0,2})(?![\w=])",
    ),
    Token(
        kind=Kind.CONTENT,
        starts="dl",
        pattern=rf"(?P<part>(?:sha256:)?(?!0+\b){_BASE32}{{52}})(?!\w)",
    ),
    Token(
        kind=Kind.SYSTEM,
        starts="l",
        pattern=rf"(?<!-)(?P<part>{_CPU}-(?:linux|darwin))(?![\w-])",
    ),
    Token(
        kind=Kind.SYSTEM,
        starts="l",
        pattern=rf"(?<!-)(?P<part>{_CPU}-(?:unknown|pc|apple)-(?:linux-gnu|darwin))(?![\w-])",
    ),
    Token(
        kind=Kind.NOTATION,
        starts="p",
        pattern=(
            r"(?P<part><LAMBDA>|<<lambda(?:[^<>]|<<string>>)*>>|«lambda(?:[^«»]|«string»)*»|<PRIMOP(?:-APP)?>"
            r"|«(?:partially applied )?(?:primop|built-in)[^«»]*»|<CODE>|«(?:thunk|code)»)"
        ),
    ),
    Token(kind=Kind.VERSION, starts="d", pattern=r"(?<=\(Nix\) )(?P<part>\d[\w.]*)"),
)

#: Three numbers or more, but no address of the network.
_LONG_VERSION = (
    r"(?!\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))\d+\.\d+(?:\.\d+)+[\w+]*"
    r"(?:-(?:p|r|rc|pre|beta)?\d[\w+.]*)*"
)
_VERSION = r"\d+(?:\.\d+)+[\w+]*(?:[.-](?:p|r|rc|pre|beta|unstable-)?\d[\w+]*)*"

#: Versions: of three numbers, or of two with something beside that says so.
VERSIONS: Final = (
    Token(kind=Kind.VERSION, starts="d", pattern=rf"(?<!\.)(?P<part>{_LONG_VERSION})(?!\w)"),
    Token(kind=Kind.VERSION, starts="l", pattern=rf"(?<!\.)(?P<part>v{_VERSION})(?!\w)"),
    Token(
        kind=Kind.VERSION,
        starts="lu",
        pattern=rf"[Vv]ersion\"?(?: |: *|= *)\"?(?P<part>{_VERSION}|\d+)(?!\w)",
    ),
    Token(kind=Kind.VERSION, starts="d", pattern=rf"(?<=[A-Za-z\d_+]-)(?P<part>{_VERSION})(?!\w)"),
    Token(kind=Kind.VERSION, starts="v", pattern=rf"(?P<part>{_VERSION})(?!\w)"),
    Token(
        kind=Kind.VERSION, starts="d", pattern=r"(?<!\.)(?P<part>\d\d\.\d\d(?:pre|beta|rc)[\w.]*)"
    ),
    Token(kind=Kind.VERSION, starts="d", pattern=rf"(?<=\) )(?P<part>{_VERSION})(?=,|$)"),
)

#: Where a program was asked for its version, every dotted number is one.
ASKED: Final = (
    Token(kind=Kind.VERSION, starts="dl", pattern=rf"(?<!\.)(?P<part>v?{_VERSION})(?!\w)"),
)

#: What a page may write where a version would be.
SHOWN_LOOSE: Final = (
    Token(
        kind=Kind.VERSION,
        starts="lup",
        pattern=r"(?<!\.)(?P<part>[Xx]\.[Yy](?:\.[Zz])?|<version>)(?!\w)",
    ),
)

#: The version part of a store path's name: from a dash and a digit on, as Nix itself splits
#: names, but not the output's name or suffix after it; and what is glued to a word with a dot.
NAME_VERSION: Final = re.compile(
    r"(?<=-)\d[\w.+]*(?:-(?:\d[\w.+]*|p\d+|r\d+|rc\w*|pre\w*|unstable|git))*"
    r"(?=[-/:']|\.drv|\.tar|$)"
    r"|(?<=[a-z])\d+(?:\.\d+)+"
)

#: The name in a store path, with the dash before it.
STORE_NAME: Final = re.compile(r"-(?:[\w+?=]|[.-](?=[\w+?=]))+")


def paths(*places: str, anyones: bool) -> Token:
    """Return the token of a path below one of ``places``, or below anyone's home.

    A final dot ends the sentence, not the path.
    """
    roots = [re.escape(place) for place in sorted(places, key=len, reverse=True) if len(place) > 1]
    if anyones:
        roots += [
            rf"/(?:home|Users)/(?:<[^<>\s]+>|[^/\s:'\"»)>,;{PLACEHOLDERS}]+)",
            *("/root", "/current/directory", "/current", "/path/to", "/your/path"),
        ]
    return Token(
        kind=Kind.PATH,
        starts="/p",
        pattern=(
            rf"(?<![\w.~{PLACEHOLDERS}-])(?P<part>(?:{'|'.join([*roots, '~'])})(?![\w~])"
            rf"(?:/{_COMPONENT})*/?)(?<!(?<!\.)\.)"
        ),
    )
