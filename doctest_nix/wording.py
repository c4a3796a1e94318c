"""What is the same message, worded by another program, or by another version of it?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from doctest_nix.alignment import is_elision

_NAME = r"['\"‘’“”`]?([^\s'\"‘’“”:`]+?)['\"‘’“”`]?"

#: How shells and distributions say that a program is not installed.
_MISSING: Final = tuple(
    map(
        re.compile,
        (
            rf"The program {_NAME} is (?:currently )?not (?:installed|in your PATH)\b.*",
            rf"Command {_NAME} (?:not found|is not installed)\b.*",
            rf"(?:zsh: |fish: |ksh: )?(?:command not found|Unknown command): {_NAME}",
            rf"(?:\S+: )?(?:line \d+: |\d+: )?{_NAME}: command not found\.*",
            rf"-?(?:\S*/)?(?:ba|da|a|z|k)?sh: (?:line \d+: |\d+: )?{_NAME}: not found",
            rf"error: unable to execute {_NAME}: No such file or directory",
        ),
    )
)

#: Advice below such a message: how to get the program.
_ADVICE = re.compile(
    r"You can (?:make|install|run|get)\b.*|It is provided by\b.*|\s+(?:nix-shell|nix-env|nix shell|nix run)\b.*"
    r"|\s*(?:sudo )?(?:apt|apt-get|dnf|snap|pacman)\b.*install\b.*|Did you mean:?|or|Try: .*|See .*|\s+command .*"
    r"|following by typing.*|the following:?|typing.*:"
)

_SHELL = re.compile(
    r"-?(?:\S*/)?(?:ba|da|a|z|k)?sh: (?:line \d+: |\d+: )?(?=\S)|\S+\.sh: line \d+: (?=\S)"
)

_ERROR = re.compile(r"\s*error:(?: (?P<message>.*\S))?\s*")
_BLAMED = re.compile(
    r"\d+ dependenc(?:y|ies) of |build of .* failed|some (?:outputs|substitutes) of |Build failed due to "
)
_BLAMED_BELOW = re.compile(r"\s*Reason: \d+ dependenc(?:y|ies) failed")
_OLD_TRACE = re.compile(r"while (?:evaluating|calling)\b")
_AROUND = re.compile(
    r"\s*(?:at (?:«|/|\(|'|~|<|\S+:\d)|\d*\||…|\.\.\.|\(use '--show-trace'|Did you mean|For full logs"
    r"|[Ll]ast \d+ log lines|> |note: )"
)
_CONTINUES = re.compile(r"\s|error:|while |at |\(use |note: |Try '.* --help'|$")

_PLACE = r"(?:«\w+»|\((?:string|stdin)\)|'?[^\s':]+'?):\d+(?::\d+)?"
_POSITION = re.compile(
    rf",? at (?:undefined position|{_PLACE})|,? \((?:{_PLACE})\)|(?<= ){_PLACE}(?=:$)"
)

_KIND = r"(?P<found>.+?)"

#: (what a version of Nix says, what all of them mean).  Of 2.8 and 2.26 both were run with the
#: same mistakes, others are from the release notes; `...` stands for what one of them keeps quiet.
_FAMILIES: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), meaning)
    for pattern, meaning in (
        (r"value is (.+?) while (.+?) was expected.*", r"expected \2 but found \1"),
        (
            r"expected (.+?) but found (an? \S+|null|the \S+|\S+)(?:: .*)?",
            r"expected \1 but found \2",
        ),
        (r"cannot coerce (.+?) to a string(?:: .*)?", r"cannot coerce \1 to a string"),
        (
            r"attempt to call something which is not a function but ([^:]+)(?:: .*)?",
            r"attempt to call something which is not a function but \1",
        ),
        (r"'builtins\.elemat' called with index (-?\d+) on .*", r"list index \1 is out of bounds"),
        (r"'builtins\.head' called on an empty list", "list index 0 is out of bounds"),
        (r"anonymous function called (.*)", r"function 'anonymous lambda' called \1"),
        (r"(?:function )?'([^']+)' called (with(?:out)? .*)", r"function '\1' called \2"),
        (r"assertion \(?'?\(?(.*?)\)?'?\)? failed", r"assertion \1 failed"),
        (r".+ with value .+ is not equal to .+", "assertion ... failed"),
        (r"infinite recursion encountered\b.*", "infinite recursion encountered"),
        (r"stack overflow\b.*", "stack overflow"),
        (r"list index (\d+) is out of bounds.*", r"list index \1 is out of bounds"),
        (
            r"(?:getting status of|opening file|reading file|file|path) '(.+?)'"
            r"(?:: No such file or directory| does not exist)",
            r"path '\1' does not exist",
        ),
        (r"attribute '(.+?)' missing(?: for call to .*)?", r"attribute '\1' missing"),
        (r"attribute '(.+?)' already defined.*", r"attribute '\1' already defined"),
        (r"file '(.+?)' was not found in the Nix search path.*", r"file '\1' was not found"),
        (r"experimental Nix feature '(.+?)' is disabled.*", r"feature '\1' is disabled"),
        (
            r"builder for '(.+?)' failed with exit code (\d+).*",
            r"building '\1' failed with exit code \2",
        ),
        (
            r"Cannot build '(.+?)'\. Reason: builder failed with exit code (\d+).*",
            r"building '\1' failed with exit code \2",
        ),
        (r"unable to download '(.+?)':.*", r"unable to download '\1'"),
        (
            r"The option '(.+?)'(?: .*)? (?:is used but not defined|was accessed but has no value defined).*",
            r"option '\1' is not defined",
        ),
        (
            r"A definition for option '(.+?)' is not of type '(.+)'\. .*",
            r"option '\1' is not of type '\2'",
        ),
        (
            r"The option value '(.+?)' in '.+?' is not of type '(.+?)'.*",
            r"option '\1' is not of type '\2'",
        ),
        (r"undefined variable '(.+?)'.*", r"undefined variable '\1'"),
    )
)

#: What parsers call their tokens.
_TOKENS: Final = (
    (re.compile(r"\$end\b"), "end of file"),
    (re.compile(r", expecting .*", re.IGNORECASE), ""),
    (re.compile(r"\bID\b"), "identifier"),
    (
        re.compile(
            r"unexpected '?(IN|LET|IF|THEN|ELSE|WITH|ASSERT|REC|INHERIT)\b'?", re.IGNORECASE
        ),
        None,
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """An output that ends in an error.

    ``before`` are the lines before its first ``error:`` line, ``block`` all from there on.
    ``message`` is the error that counts, the last one that is not merely the consequence of
    another: its lines joined, without positions; ``head`` is the first line of it alone and
    ``plain`` are its further lines that are not indented.  ``after`` are the lines below it that
    belong to no trace, and those that are elisions.
    """

    before: tuple[str, ...]
    block: tuple[str, ...]
    message: str
    head: str
    plain: tuple[str, ...]
    after: tuple[str, ...]


def fault(lines: Sequence[str]) -> Fault | None:
    """Return the error that ``lines`` end in, None where they show none."""
    first = next((n for n, line in enumerate(lines) if _ERROR.fullmatch(line)), None)
    if first is None:
        return None
    block = tuple(lines[first:])
    start, head = _principal(block)
    tail: list[str] = []
    for line in block[start + 1 :]:
        if not line.strip() or _AROUND.match(line) or _ERROR.fullmatch(line) or is_elision(line):
            break
        tail.append(line)
    return Fault(
        before=tuple(lines[:first]),
        block=block,
        message=_placeless(" ".join([head, *tail])),
        head=_placeless(head),
        plain=tuple(line for line in tail if line[:1].strip()),
        after=tuple(
            line
            for line in block[start + 1 + len(tail) :]
            if is_elision(line) or not _CONTINUES.match(line)
        ),
    )


def _principal(block: Sequence[str]) -> tuple[int, str]:
    """Return the line of the error that counts and its text."""
    candidates = [
        (n, found["message"])
        for n, line in enumerate(block)
        if (found := _ERROR.fullmatch(line)) and found["message"]
    ]
    causes = [
        (n, message)
        for n, message in candidates
        if not _BLAMED.match(message) and not _BLAMED_BELOW.match("".join(block[n + 1 : n + 2]))
    ]
    number, message = (causes or candidates or [(0, "")])[-1]
    if _OLD_TRACE.match(message):
        # Nix up to 2.3 ends an unindented trace with the message.
        plain = [n for n, line in enumerate(block) if n > number and line[:1].strip()]
        if plain:
            return plain[-1], block[plain[-1]]
    return number, message


def _placeless(message: str) -> str:
    return _POSITION.sub("", " ".join(message.split())).rstrip(" :;,")


def meaning(message: str) -> str:
    """Return ``message`` as all versions of Nix mean it; quotes are straight in it."""
    if message.startswith("syntax error"):
        for pattern, replacement in _TOKENS:
            message = (
                pattern.sub(replacement, message)
                if replacement is not None
                else pattern.sub(lambda found: f"unexpected '{found[1].lower()}'", message)
            )
        return message
    for family, common in _FAMILIES:
        found = family.fullmatch(message)
        if found is not None:
            return found.expand(common)
    return message


def shells_unnamed(lines: Sequence[str]) -> tuple[str, ...]:
    """Return ``lines`` with each message of a shell as if any shell had said it.

    All wordings for a command that is not there become one, and advice on how to install it is
    left out.
    """
    kept: list[str] = []
    advice: list[str] | None = None
    for line in lines:
        if advice is not None:
            if not line.strip():
                advice.append(line)
                continue
            if _ADVICE.fullmatch(line):
                advice = []
                continue
            kept += advice
            advice = None
        name = _missing(line)
        if name is not None:
            kept.append(f"sh: {name}: command not found")
            advice = []
        else:
            kept.append(_SHELL.sub("sh: ", line, count=1) if _SHELL.match(line) else line)
    return (*kept, *(advice or ()))


def _missing(line: str) -> str | None:
    if "not" not in line and "Unknown" not in line and "No such" not in line:
        return None
    return next((found[1] for p in _MISSING if (found := p.fullmatch(line))), None)


def names_missing(lines: Sequence[str]) -> bool:
    """Tell whether a line says that a command is not installed."""
    return any(_missing(line) is not None for line in lines)
