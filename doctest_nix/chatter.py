"""Which lines are fetch and build chatter, which no reader compares?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

#: What announces a list: the lines below it that are indented belong to it.
_LIST = re.compile(
    r"(?:these|this) (?:\d+ )?(?:paths?|derivations?) will be "
    r"(?:fetched|built|downloaded|copied|substituted)\b.*:?$"
    r"|(?:don't know how to build )?these paths? \(.*\) may be fetched.*:$"
    r"|perl: warning: (?:Setting locale failed|Please check that your locale)"
)

#: What announces a list of flake inputs.
_LOCK = re.compile(r"(?:warning: |• )?(?:[Cc]reating|[Uu]pdating|[Uu]pdated) lock file\b.*")
_LOCK_LINE = re.compile(
    r"\s*(?:•|→|'(?:github|gitlab|path|git\+|https?|tarball|flake):?).*|\s+follows .*"
)

#: Starts of lines, cheap to test: most lines of a long output are none of it.
_STARTS: Final = (
    "building '/nix/store/",
    "building ‘/nix/store/",
    "building `/nix/store/",
    "building /nix/store/",
    "building path(s) ",
    "copying path ",
    "copying path(s) ",
    "downloading '",
    "downloading ‘",
    "fetching path ",
    "fetching Git repository ",
    "fetching git input ",
    "fetching github input ",
    "fetching source from ",
    "unpacking '",
    "unpacking channels...",
    "evaluating derivation ",
    "evaluating file ",
    "querying info about ",
    "querying path",
    "waiting for locks",
    "waiting for lock ",
    "waiting for exclusive access",
    "resolved derivation: ",
    "trying https://",
    # The REPL's banner.
    "Type :? for help.",
    "Welcome to Nix ",
    # Git's progress and advice.
    "hint:",
    "remote: Enumerating objects:",
    "remote: Counting objects:",
    "remote: Compressing objects:",
    "remote: Total ",
    "Receiving objects:",
    "Resolving deltas:",
    "Unpacking objects:",
    "Updating files:",
    # Terminals and shells that are poorer than the author's.
    "bash: cannot set terminal process group",
    "bash: no job control in this shell",
    "bash: bind: warning: line editing not enabled",
    "Warning: Permanently added ",
    "will use bash from your environment",
    "(use '--show-trace' to show detailed location information)",
)

_LINE = re.compile(
    r"copying \d+ paths?\.\.\.|Nix \d[\w.]*$|Loading .*\.\.\.$|Added \d+ variables\.$"
    r"|Loading [Ii]nstallable .*|\[\d+(?:/\d+)*(?:/\d+)? (?:built|copied|fetched)\b.*"
    r"|\s*% Total\s+% Received.*|\s+Dload\s+Upload\s+Total.*|\s*\d+\s+[\d.]+[kMG]?\s+\d+\s.*--:--.*"
    r"|(?:bash|sh|perl): warning: setlocale: .*"
    r"|don't forget to .* nix-channel --update.*"
)

#: Warnings about where a command runs, not about what it does.
_WARNING = re.compile(
    r"warning: (?:"
    r"you did not specify '--add-root'"
    r"|Nix search path entry "
    r"|Git tree '.*' is dirty"
    r"|(?:not writing|creating|updating) (?:modified )?lock file"
    r"|unknown (?:experimental feature|setting) "
    r"|ignoring (?:untrusted substituter|the user-specified setting|the client-specified setting)"
    r"|[Ii]gnoring setting '.*' because experimental feature"
    r"|you don't have Internet access"
    r"|error: unable to download "
    r"|unable to download "
    r"|'https?://.*' does not appear to be a binary cache"
    r"|SQLite database .* is busy"
    r"|\$HOME \('.*'\) is not owned by you"
    r"|the group 'nixbld' "
    r"|Nix 2\.\d+ .* deprecated"
    r"|nix-channel --"
    r"|dumping very large path"
    r"|download buffer is full"
    r"|setting '.*' is deprecated"
    r"|The interpretation of store paths arguments ending in `?\.drv"
    r"|Using '.*' as .*chroot store|'/nix' does not exist"
    r")"
)

#: A warning that nixpkgs gives; a page that shows one must be right about it.
_EVALUATION_WARNING: Final = (
    "evaluation warning:",
    "trace: warning:",
    "trace: evaluation warning:",
)

_BUILD: Final = ("building '/nix/store/", "building ‘/nix/store/", "building `/nix/store/")
#: Further lines of a warning.
_FOLDED = re.compile(r"\s+\S")
_LISTED = re.compile(r"\s+(?:/nix/store/|\.{3}|…|\S+ = |are supported)")

#: What lines of chatter start with: a look at four characters, or at one, clears most others.
_HEADS: Final = frozenset(
    (
        *(start[:4] for start in _STARTS),
        *("copy", "Nix ", "Load", "Adde", "bash", "sh: ", "perl", "don'", "thes", "this", "warn"),
        *("• Up", "• Cr", "• up", "• cr", "Upda", "Crea", "upda", "crea"),
    )
)
_ODD: Final = frozenset(" [")

#: What a line of curl's progress has, which starts with a number.
_PROGRESS: Final = "--:--"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sifted:
    """An output without its chatter.

    ``dropped`` counts the lines of chatter; ``built`` is the index in ``lines`` of what followed
    the first ``building '…'``, None where nothing was built.
    """

    lines: tuple[str, ...]
    dropped: int
    built: int | None


def sift(lines: Sequence[str]) -> Sifted:
    """Return ``lines`` without chatter and the lists that belong to it.  Linear."""
    kept: list[str] = []
    built: int | None = None
    belongs: re.Pattern[str] | None = None
    for line in lines:
        if (
            belongs is None
            and line[:4] not in _HEADS
            and line[:1] not in _ODD
            and not (line[:1].isdecimal() and _PROGRESS in line)
        ):
            kept.append(line)
            continue
        if belongs is not None and belongs.match(line):
            continue
        belongs = None
        if built is None and line.startswith(_BUILD):
            built = len(kept)
        if line.startswith(_STARTS) or _LINE.match(line):
            continue
        if _LOCK.match(line):
            belongs = _LOCK_LINE
        elif _WARNING.match(line):
            belongs = _FOLDED
        elif _LIST.match(line):
            belongs = _LISTED
        else:
            kept.append(line)
    return Sifted(lines=tuple(kept), dropped=len(lines) - len(kept), built=built)


def unannounced(page: Sequence[str], printed: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """Return ``printed`` without evaluation warnings, and their number.

    A page that shows one keeps them all: it is about them.
    """
    return _without(page, printed, _EVALUATION_WARNING)


def new_warnings(page: Sequence[str], printed: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """Return ``printed`` without any warning of Nix, and their number, as `unannounced` does."""
    return _without(page, printed, ("warning:", *_EVALUATION_WARNING))


def _without(
    page: Sequence[str], printed: Sequence[str], starts: tuple[str, ...]
) -> tuple[tuple[str, ...], int]:
    if any(line.startswith(starts) for line in page):
        return tuple(printed), 0
    kept: list[str] = []
    number = 0
    inside = False
    for line in printed:
        if line.startswith(starts):
            inside = True
            number += 1
        elif not (inside and _FOLDED.match(line)):
            inside = False
            kept.append(line)
    return tuple(kept), number
