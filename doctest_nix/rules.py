"""Which rules let an output pass that is not what the page shows to the letter?

The table is the reference for readers: the page on comparison is generated from it.  Code names
a rule by its constant, so that a rule without an entry cannot exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Level(StrEnum):
    """How far what is shown is what happened, best first."""

    MATCH = "match"
    STALE = "stale"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One way in which a difference does not make a page wrong.

    ``name`` is what reports and ``masks`` call it, ``level`` the best that a comparison can be
    that needs it, ``sentence`` what readers of the documentation are told.
    """

    name: str
    level: Level
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A rule that was needed, and what it did: ``name: detail``."""

    rule: Rule
    detail: str

    def __str__(self) -> str:
        """Return what a verbose report shows."""
        return f"{self.rule.name}: {self.detail}"


def _match(name: str, sentence: str) -> Rule:
    return Rule(name=name, level=Level.MATCH, sentence=sentence)


def _stale(name: str, sentence: str) -> Rule:
    return Rule(name=name, level=Level.STALE, sentence=sentence)


ELISION: Final = _match(
    "elision",
    "A line that is only `...`, `…`, `[...]`, `<snip>` or `... <words>` stands for any lines, or "
    "none; `...` inside a line stands for any text, where the line is not printed just so.",
)
BLANK_LINES: Final = _match(
    "blank lines", "Blank lines may be left out of the page, or added to it."
)
QUOTES: Final = _match(
    "quotes",
    "‘x’, `x' and 'x' are the same quotes, and so are “x” and \"x\"; 'x' and \"x\" differ.",
)
STORE_HASH: Final = _match(
    "store hash",
    "The hash of a store path may be any, as long as a hash on the page stands for one real hash "
    "through the whole document; the name after it must be the same.",
)
DIRECTORY: Final = _match(
    "directory",
    "`/home/anyone`, `/Users/anyone`, `/root`, `~`, `/path/to`, `/current/directory` and the "
    "`/current` that it is in, with directories below, stand for the home directory or the one the "
    "command runs in, each for one "
    "through the whole document; the rest of the path must be the same.",
)
DATE: Final = _match(
    "date",
    "A date or a time of day stands for any other; where the command asks for the time, so do "
    "seconds since 1970.",
)
DURATION: Final = _match(
    "duration", "A duration (`0.5s`, `12 ms`, `in 3 seconds`) stands for any other."
)
SIZE: Final = _match("size", "A size with its unit (`186.43 MiB`) stands for any other.")
PROCESS: Final = _match("process number", "The number of a process stands for any other.")
TEMPORARY: Final = _match(
    "temporary directory",
    "A temporary directory (`/tmp/nix-shell-1234-0`, `/tmp/tmp.x1Yz`, `/build`) stands for any "
    "other.",
)
ADDRESS: Final = _match("address", "An address in memory (`0x7f…`) stands for any other.")
REVISION: Final = _match(
    "revision",
    "A revision (of Git or a flake) may be any, as long as one on the page stands for one real "
    "revision through the whole document.",
)
USER: Final = _match("user and host", "`user@host` at the start or end of a line stands for any.")
SPACING: Final = _match(
    "column width", "White space between columns may differ on a line where a mask changed a width."
)
CHATTER: Final = _match(
    "chatter",
    "What Nix and friends say of downloads, builds to come, lock files and their surroundings, and "
    "the banner of the REPL, is left out on both sides; a page that shows nothing else is right "
    "where nothing else is printed.",
)
JOB_NOTICE: Final = _match(
    "job notice",
    "What the shell says of background jobs (`[1] 4711`, `[1]+  Done …`) may be left out of the "
    "page; that one ended may be said at another command than on the page.",
)
BUILD_LOG: Final = _match(
    "builder's log",
    "What builders print after `building '…'` may be left out of the page, and need not be there "
    "where the thing was built before.",
)
MISSING_COMMAND: Final = _match(
    "missing command",
    "All wordings for a command that is not installed are the same, if the command is.",
)
SHELL_NAME: Final = _match(
    "shell's name",
    "`bash: line 3: ` before a message of the shell is the same as `bash: ` or `sh: `.",
)
VALUE_LAYOUT: Final = _match(
    "value layout",
    "White space and line breaks inside a Nix or JSON value that is in braces or brackets do not "
    "count, outside of strings.",
)
FILE_ORDER: Final = _match(
    "order of files", "`ls` and `find` are right if they list the same files, in any order."
)
PATH_ORDER: Final = _match(
    "order of store paths", "Store paths in a list may come in any order: they are sorted by hash."
)
LONG_LISTING: Final = _match(
    "long listing",
    "In `ls -l`, links, owner, group, date, the total and the size of all but files may be any.",
)
TREE_LINES: Final = _match("tree lines", "`tree` may draw its lines with any characters.")
MACHINE: Final = _match(
    "this machine",
    "What `whoami`, `hostname`, `uname`, `date`, `id`, `nproc`, `tty` and `uptime` print is the "
    "machine's own.",
)
TRACE_LEFT_OUT: Final = _match(
    "trace left out", "A page may leave out the trace and the source lines around an `error:`."
)

VERSION: Final = _stale(
    "version",
    "A version number, in a name or in a program's output, may be another where the package set is "
    "not pinned; that of Nix itself may always.",
)
CONTENT_HASH: Final = _stale(
    "content hash",
    "The hash of contents (`sha256-…`) may be another: the contents changed since. It stands for "
    "one real hash through the whole document, and a hash of only `A` stands for itself.",
)
SYSTEM: Final = _stale(
    "system",
    "`x86_64-linux` and its like may be another system, the same through the whole document.",
)
NOTATION: Final = _stale(
    "notation",
    "Functions and unevaluated values may be printed in another notation (`<LAMBDA>`, "
    "`«lambda @ …»`), if their names and files do not differ.",
)
WHITE_SPACE: Final = _stale(
    "white space",
    "Words of a line may be further apart or closer than shown; not a match, since a lesson on "
    "quoting is about just that.",
)
INDENTATION: Final = _stale(
    "indentation",
    "Lines may be indented otherwise, if deeper lines stay deeper and equal ones stay equal.",
)
SHARED_HASH: Final = _stale(
    "two hashes for one path",
    "Two hashes on the page may stand for one real hash: the page was written in more than one go.",
)
MOVED_DIRECTORY: Final = _stale(
    "moved directory",
    "A directory on the page and one inside it may stand for the same real one: what is shown was "
    "printed before and after a change of directory that the page does not make.",
)
NEW_WARNING: Final = _stale(
    "new warning", "A `warning:` may be printed that the page does not show."
)
ERROR_TRACE: Final = _stale(
    "error's trace",
    "Of an error, the last `error:` message counts, without positions; what stands around it may "
    "be another.",
)
ERROR_WORDING: Final = _stale(
    "error's wording", "An error may be worded as another version of Nix words it."
)
SHORT_LISTING: Final = _stale(
    "short listing", "A page may show only names and link targets of `ls -l`."
)

#: Every rule, strict to loose.
RULES: Final[tuple[Rule, ...]] = (
    ELISION,
    BLANK_LINES,
    QUOTES,
    STORE_HASH,
    DIRECTORY,
    DATE,
    DURATION,
    SIZE,
    PROCESS,
    TEMPORARY,
    ADDRESS,
    REVISION,
    USER,
    SPACING,
    CHATTER,
    JOB_NOTICE,
    BUILD_LOG,
    MISSING_COMMAND,
    SHELL_NAME,
    VALUE_LAYOUT,
    FILE_ORDER,
    PATH_ORDER,
    LONG_LISTING,
    TREE_LINES,
    MACHINE,
    TRACE_LEFT_OUT,
    VERSION,
    CONTENT_HASH,
    SYSTEM,
    NOTATION,
    WHITE_SPACE,
    INDENTATION,
    SHARED_HASH,
    MOVED_DIRECTORY,
    NEW_WARNING,
    ERROR_TRACE,
    ERROR_WORDING,
    SHORT_LISTING,
)
