"""Which parts of a line are volatile, and what do two lines have in common without them?

A line is read into a key, in which one placeholder character stands for each volatile part, and
the parts themselves.  Two lines agree where their keys are equal (or the shown one's `...` can
make them so) and their parts can be bound to each other, which `bindings` decides.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
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


class Reading(StrEnum):
    """How closely a line is read: LOOSE ignores more than MASKED."""

    MASKED = "masked"
    LOOSE = "loose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A volatile part of a line, as written."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A line as it was read.

    ``key`` is equal for lines that differ in volatile parts only; ``parts`` are those parts, in
    order.  ``pieces`` are what stands between the elisions of a shown line, two or more where it
    has any.  ``fragment`` is text that every line with this key has (``""`` where none is sure).
    """

    raw: str
    key: str
    parts: tuple[Part, ...] = ()
    pieces: tuple[str, ...] = ()
    fragment: str = ""


#: Placeholders are noncharacters: they never stand in text that is meant to be exchanged.
_PLACEHOLDER: Final = {kind: chr(0xFDD0 + n) for n, kind in enumerate(Kind)}
_PLACEHOLDERS: Final = "".join(_PLACEHOLDER.values())

INLINE_ELISION = re.compile(r"\[(?:\.\.\.|…)\]|\((?:\.\.\.|…)\)|<(?:\.\.\.|…|snip)>|\.{3,}|…")
_SURE = re.compile(rf"[\s{_PLACEHOLDERS}]+")
_SPACES = re.compile(r"(?<=\S)\s+(?=\S)")
#: White space that a loose reading makes one blank: not that inside double quotes.
_LOOSE_SPACES = re.compile(r'(?P<string>"[^"]*")|\s+')
_GNU_QUOTE = re.compile(r"`(?=[^`']*')")
_CURLY: Final = str.maketrans("‘’´“”", "'''\"\"")

#: A line with none of these has no volatile part, whatever the reading.
_MAY_HAVE_PARTS = re.compile(
    r"[\d~«<@]|/(?:home|Users|root|path|your|current|build|nix)|[XxYy]\.[YyZz]"
)

_BASE32 = r"[0-9a-df-np-sv-z]"
_NAME = r"[\w.+?=-]"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?: ?[AP]M)?"
_ZONE = r"(?:Z|\ ?[+-]\d\d:?\d\d|\ (?:UTC|GMT|CES?T|[ECMP][SD]T)\b)"
_UNITS = r"(?:s|secs?|seconds?|m|min|mins|minutes?|h|hours?)"
_CPU = r"(?:x86_64|aarch64|i686|armv[67]l|riscv64|powerpc64le)"
_COMPONENT = r"(?:\.\.\.|…|(?:(?!\.\.\.)[\w.+@%=-])+)"

#: What a version looks like where nothing says that it is one: three numbers, not an IP address.
_LONG_VERSION = r"(?!\d{1,3}(?:\.\d{1,3}){3}(?![\w.]))\d+\.\d+(?:\.\d+)+[\w+]*(?:-(?:p|r|rc|pre|beta)?\d[\w+.]*)*"
_VERSION = r"\d+(?:\.\d+)+[\w+]*(?:[.-](?:p|r|rc|pre|beta|unstable-)?\d[\w+]*)*"

#: (kind, pattern).  The named group is the part, what stands before it in the pattern is kept.
#: Earlier ones win where two start at the same character.
_Table = tuple[tuple[Kind, str], ...]

_BOTH: Final[_Table] = (
    (Kind.STORE, rf"/nix/store/(?P<part>{_BASE32}{{32}})(?=-)"),
    (Kind.STORE, rf"(?<!\w)(?P<part>{_BASE32}{{32}})(?=-[A-Za-z_])"),
    (Kind.BARE, rf"(?<!\w)(?P<part>(?=[a-z]*\d)(?=\d*[a-z]){_BASE32}{{32}})(?![\w-])"),
    (
        Kind.REVISION,
        r"(?:(?<=[/=@])|\b[Rr]ev(?:ision)?\"?[:=\ ]\s*\"?|\b[Cc]ommit\ )(?P<part>[0-9a-f]{40})(?!\w)",
    ),
    (Kind.DATE, rf"(?<![\w-])(?P<part>\d{{4}}[-/]\d\d[-/]\d\d(?:[T\ ]{_CLOCK}{_ZONE}?)?)(?![\w-])"),
    (
        Kind.DATE,
        rf"\b(?P<part>{_DAY},?\ +(?:{_MONTH}\ +\d{{1,2}}|\d{{1,2}}\ +{_MONTH})(?:,?\ +\d{{4}})?"
        rf"(?:,?\ +{_CLOCK})?{_ZONE}?(?:\ +\d{{4}}\b)?)",
    ),
    (
        Kind.DATE,
        rf"\b(?P<part>{_MONTH}\ +\d{{1,2}}(?:,\ |\ +)(?:\d{{4}}(?:,?\ {_CLOCK})?|{_CLOCK})(?!\w))",
    ),
    (Kind.DATE, rf"(?<![\w.])(?P<part>\d{{1,2}}\ {_MONTH}\ \d{{4}}(?:\ {_CLOCK})?)(?!\w)"),
    (Kind.DATE, r"(?<![\w:.])(?P<part>\d\d:\d\d:\d\d(?:\.\d+)?)(?![\w:])"),
    (Kind.DATE, r"lastModified\"?(?:=|:\ *)(?P<part>\d{9,10})(?!\d)"),
    (Kind.DURATION, r"(?<![\w.])(?P<part>\d+m\d+(?:\.\d+)?s)(?!\w)"),
    (Kind.DURATION, rf"(?<![\w.])(?P<part>\d+\.\d+\ ?(?:ms|us|µs|ns|{_UNITS}))(?!\w)"),
    (Kind.DURATION, r"(?<![\w.])(?P<part>\d+\ ?(?:ms|us|µs|ns))(?!\w)"),
    (Kind.DURATION, rf"\b(?:in|took|[Ee]lapsed:?)\ (?P<part>\d+\ ?{_UNITS})(?!\w)"),
    (Kind.SIZE, r"(?<![\w.])(?P<part>\d+(?:[.,]\d+)?\ ?(?:[KMGT]i?B|kB)(?:/s)?)(?!\w)"),
    (Kind.SIZE, r"(?<![\w.])(?P<part>\d+)(?=\ bytes\ (?:freed|\())"),
    (Kind.SIZE, r"^(?P<part>\d+(?:\.\d+)?[KMGT])(?=\s+\S)"),
    (Kind.PROCESS, r"^\[\d+\][+-]?\ +(?P<part>\d+)(?=\s|$)"),
    (Kind.PROCESS, r"\b(?:pid|PID|[Pp]rocess)[\ =:#]+(?P<part>\d+)(?!\w)"),
    (
        Kind.TEMPORARY,
        r"(?<![\w.-])(?P<part>(?:/private)?/tmp/(?:nix-(?:shell|build|\d)[\w.+-]*|tmp[.\w]+)"
        rf"|/var/folders/\w+/\w+/T/{_NAME}+|/nix/var/nix/builds/{_NAME}+|/run/user/\d+"
        r"|/build(?![\w.-]))",
    ),
    (Kind.ADDRESS, r"(?<!\w)(?P<part>0x[0-9a-f]{6,16})(?!\w)"),
)

_USER: Final[_Table] = (
    (Kind.USER, r"^\[?(?P<part>[a-z_][\w-]*@[A-Za-z][\w-]*)(?=[:~$#\s\]]|$)"),
    (Kind.USER, r"(?<=\s)(?P<part>[a-z_][\w-]*@[A-Za-z][\w-]*)$"),
)

#: What a page may write where a real hash or path would be.
_SHOWN: Final[_Table] = (
    (Kind.STORE, r"(?<!\w)(?P<part>[0-9a-z]{32})(?=-[A-Za-z_])"),
    (
        Kind.STORE,
        r"/nix/store/(?P<part><[\w\ .-]+>|\$\{?\w+\}?|[0-9a-zA-Z]*(?:\.{2,3}|…|\*+)[0-9a-zA-Z]*"
        r"|[0-9A-Za-z]{1,64})(?=-)",
    ),
)

_SHOWN_ROOTS = r"/(?:home|Users)/(?:<[^<>\s]+>|[^/\s:'\"»)>,;]+)|/root|/current/directory|/path/to|/your/path|~"

#: Where the command is Git's, hexadecimal words are revisions.
_GIT: Final[_Table] = (
    (Kind.REVISION, r"(?<!\w)(?P<part>[0-9a-f]{40})(?!\w)"),
    (Kind.REVISION, r"^\[[\w/.-]+(?:\ \(root-commit\))?\ (?P<part>[0-9a-f]{7,12})(?=\])"),
    (Kind.REVISION, r"^(?:\*\ )?(?P<part>(?=[a-f]*\d)[0-9a-f]{7,12})(?=\ )"),
    (Kind.REVISION, r"(?<!\w)(?P<part>[0-9a-f]{7,12}\.\.[0-9a-f]{7,12})(?!\w)"),
    (Kind.REVISION, r"\b(?:commit|at)\ (?P<part>[0-9a-f]{7,12})(?!\w)"),
)

_LOOSE: Final[_Table] = (
    (Kind.CONTENT, r"(?<!\w)(?P<part>sha(?:1|256|512)-(?!A+=)[A-Za-z0-9+/]{27,86}={0,2})(?![\w=])"),
    (Kind.CONTENT, rf"(?<!\w)(?P<part>(?:sha256:)?(?!0+\b){_BASE32}{{52}})(?!\w)"),
    (Kind.SYSTEM, rf"(?<![\w-])(?P<part>{_CPU}-(?:linux|darwin))(?![\w-])"),
    (
        Kind.SYSTEM,
        rf"(?<![\w-])(?P<part>{_CPU}-(?:unknown|pc|apple)-(?:linux-gnu|darwin))(?![\w-])",
    ),
    (
        Kind.NOTATION,
        r"(?P<part><LAMBDA>|«lambda(?:[^«»]|«string»)*»|<PRIMOP(?:-APP)?>|«(?:partially\ applied\ )?"
        r"(?:primop|built-in)[^«»]*»|<CODE>|«(?:thunk|code)»)",
    ),
    (Kind.VERSION, r"(?<=\(Nix\)\ )(?P<part>\d[\w.]*)"),
)

_VERSIONS: Final[_Table] = (
    (Kind.VERSION, rf"(?<![\w.])(?P<part>v?{_LONG_VERSION})(?!\w)"),
    (Kind.VERSION, rf"(?<![\w.])(?P<part>v{_VERSION})(?!\w)"),
    (Kind.VERSION, rf"\b[Vv]ersion\"?(?:\ |:\ *|=\ *)\"?(?P<part>{_VERSION}|\d+)(?!\w)"),
    (Kind.VERSION, rf"(?<=[A-Za-z\d_+]-)(?P<part>{_VERSION})(?!\w)"),
    (Kind.VERSION, rf"(?<=[a-z])(?P<part>{_VERSION})(?!\w)"),
    (Kind.VERSION, r"(?<![\w.])(?P<part>\d\d\.\d\d(?:pre|beta|rc)[\w.]*)"),
    (Kind.VERSION, rf"(?<=\)\ )(?P<part>{_VERSION})(?=,|$)"),
)

#: Where a program was asked for its version, every dotted number is one.
_ASKED: Final[_Table] = ((Kind.VERSION, rf"(?<![\w.])(?P<part>v?{_VERSION})(?!\w)"),)
_PLACEHOLDER_VERSIONS: Final[_Table] = (
    (Kind.VERSION, r"(?<![\w.])(?P<part>[Xx]\.[Yy](?:\.[Zz])?|<version>)(?!\w)"),
)

#: The version part of a store path's name: from a dash and a digit on, as Nix itself splits
#: names, but not the output's name or suffix after it; and what is glued to a word with a dot.
_NAME_VERSION = re.compile(
    r"(?<=-)\d[\w.+]*(?:-(?:\d[\w.+]*|p\d+|r\d+|rc\w*|pre\w*|unstable|git))*(?=[-/:']|\.drv|\.tar|$)"
    r"|(?<=[a-z])\d+(?:\.\d+)+"
)
_NAME_ONLY = re.compile(r"-(?:[\w+?=]|[.-](?=[\w+?=]))+")

_GIT_COMMAND = re.compile(r"\bgit\b")
_VERSION_COMMAND = re.compile(r"(?:^|\s)(?:--?version|version|-V)(?:\s|$)")


class Reader:
    """Reads the lines of one comparison; it knows where the command ran and what it was."""

    def __init__(self, *, home: str, directory: str, pinned: bool, command: str) -> None:
        """Compile the patterns for a command that ran in ``directory``, its home being ``home``."""
        self.home = home
        self.directory = directory
        roots = sorted({r for r in (home, directory) if len(r) > 1}, key=len, reverse=True)
        ours = "|".join([*map(re.escape, roots), "~"])
        git = _GIT if _GIT_COMMAND.search(command) else ()
        both = (*_BOTH, *git, *_USER)
        loose = _LOOSE
        if not pinned:
            loose += _VERSIONS
            if _VERSION_COMMAND.search(command):
                loose += _ASKED
        shown = (*_SHOWN, *both, _path(f"{_SHOWN_ROOTS}|{ours}"))
        actual = (*both, _path(ours))
        self._pinned = pinned
        self._patterns = {
            (True, Reading.MASKED): _pattern(shown),
            (True, Reading.LOOSE): _pattern((*shown, *loose, *_PLACEHOLDER_VERSIONS)),
            (False, Reading.MASKED): _pattern(actual),
            (False, Reading.LOOSE): _pattern((*actual, *loose)),
        }
        self._actual: dict[tuple[str, Reading], Text] = {}

    def shown(self, raw: str, reading: Reading) -> Text:
        """Read a line of the page, elisions inside it included."""
        key, parts = self._read(raw, reading, shown=True)
        pieces = tuple(INLINE_ELISION.split(key))
        if len(pieces) == 1:
            pieces = ()
        sure = max(
            (
                f
                for piece in pieces or (key,)
                for f in re.split(r"['\"]", piece)
                for f in _SURE.split(f)
            ),
            key=len,
        )
        return Text(raw=raw, key=key, parts=parts, pieces=pieces, fragment=sure)

    def actual(self, raw: str, reading: Reading) -> Text:
        """Read a line that was printed."""
        known = self._actual.get((raw, reading))
        if known is None:
            if len(self._actual) > 10_000:  # enough for repeated lines, and bounded
                self._actual.clear()
            key, parts = self._read(raw, reading, shown=False)
            known = self._actual[raw, reading] = Text(raw=raw, key=key, parts=parts)
        return known

    def _read(self, raw: str, reading: Reading, *, shown: bool) -> tuple[str, tuple[Part, ...]]:
        line = straight(raw)
        parts: list[Part] = []
        if _MAY_HAVE_PARTS.search(line):
            line = self._mask(line, self._patterns[shown, reading], reading, parts)
        if reading is Reading.LOOSE:
            line = _LOOSE_SPACES.sub(lambda found: found["string"] or " ", line.strip())
        elif parts and "  " in line:
            line = _SPACES.sub(" ", line)
        return line, tuple(parts)

    def _mask(
        self, line: str, pattern: re.Pattern[str], reading: Reading, parts: list[Part]
    ) -> str:
        pieces: list[str] = []
        position = 0
        names = reading is Reading.LOOSE and not self._pinned
        for found in pattern.finditer(line):
            if found.start() < position:
                continue
            group = str(found.lastgroup)
            kind = Kind(group.rstrip("0123456789"))
            start, end = found.span(group)
            parts.append(Part(kind=kind, text=found[group]))
            pieces += [line[position:start], _PLACEHOLDER[kind]]
            position = end
            if names and kind is Kind.STORE and (name := _NAME_ONLY.match(line, end)):
                last = 0
                for version in _NAME_VERSION.finditer(name[0]):
                    parts.append(Part(kind=Kind.VERSION, text=version[0]))
                    pieces += [name[0][last : version.start()], _PLACEHOLDER[Kind.VERSION]]
                    last = version.end()
                pieces.append(name[0][last:])
                position = name.end()
        return "".join([*pieces, line[position:]])


def straight(line: str) -> str:
    """Return ``line`` with straight quotes: ‘x’ and `x' are 'x'."""
    line = line.translate(_CURLY)
    return _GNU_QUOTE.sub("'", line) if "`" in line else line


def agree(shown: Text, actual: Text) -> tuple[tuple[Part, Part], ...] | None:
    """Return the volatile parts that stand for each other, None where the lines differ.

    The literal reading of an elision comes first, then any text in its place.
    """
    if shown.key == actual.key and len(shown.parts) == len(actual.parts):
        return tuple(zip(shown.parts, actual.parts, strict=True))
    if shown.raw == actual.raw:
        return ()
    if not shown.pieces:
        return None
    spans = glob(shown.pieces, actual.key)
    if spans is None:
        return None
    kept: list[Part] = []
    position = taken = 0
    for start, end in (*spans, (len(actual.key), len(actual.key))):
        count = _count(actual.key[position:start])
        kept += actual.parts[taken : taken + count]
        taken += count + _count(actual.key[start:end])
        position = end
    if len(kept) != len(shown.parts):
        return None
    return tuple(zip(shown.parts, kept, strict=True))


def glob(pieces: Sequence[str], text: str) -> list[tuple[int, int]] | None:
    """Return the spans of ``text`` that the gaps between ``pieces`` stand for, None for no match.

    Each piece is taken where it comes first, which finds a match if there is one.
    """
    first, last = pieces[0], pieces[-1]
    end = len(text) - len(last)
    if end < len(first) or not text.startswith(first) or not text.endswith(last):
        return None
    spans: list[tuple[int, int]] = []
    position = len(first)
    for piece in pieces[1:-1]:
        found = text.find(piece, position, end)
        if found < 0:
            return None
        spans.append((position, found))
        position = found + len(piece)
    return [*spans, (position, end)]


def _count(text: str) -> int:
    return sum(map(text.count, _PLACEHOLDERS))


def _path(roots: str) -> tuple[Kind, str]:
    # A final dot ends the sentence, not the path.
    return (
        Kind.PATH,
        rf"(?<![\w.~-])(?P<part>(?:{roots})(?![\w~])(?:/{_COMPONENT})*/?)(?<!(?<!\.)\.)",
    )


def _pattern(table: Iterable[tuple[Kind, str]]) -> re.Pattern[str]:
    """Join the table into one pattern, the groups being ``store0``, ``store1``, …

    Parts start at punctuation, digits or the start of a word: the look-ahead saves trying all
    alternatives inside words, which makes a line of 80 characters five times as fast to read.
    """
    alternatives = [
        pattern.replace("?P<part>", f"?P<{kind}{n}>") for n, (kind, pattern) in enumerate(table)
    ]
    return re.compile(r"(?=[/~<«\d\[]|\b\w)(?:" + "|".join(alternatives) + ")")
