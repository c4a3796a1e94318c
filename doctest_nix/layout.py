"""What is the same output, laid out otherwise?  Values in braces, and lists of files."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Sequence

from doctest_nix.alignment import is_elision

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\s+|[{}\[\];=]|(?:\\.|[^\s"{}\[\];=\\])+|["\\]')
_OPENER = re.compile(r"\s*(?:rec\s*)?[{\[]")
_OPEN, _CLOSE = "{[", "}]"

_LONG = re.compile(
    r"(?P<mode>[bcdlps-][rwxsStT-]{9})[.+@]?\s+\d+\s+\S+\s+\S+\s+(?P<size>\d[\d.,]*[KMGT]?(?:, +\d+)?)\s+"
    r"(?:\w{3}\s+\d+\s+[\d:]+|\d+ \w{3} +[\d:]+|\d{4}-\d\d-\d\d \d\d:\d\d(?::[\d.]+ [+-]\d{4})?)\s+"
    r"(?P<name>\S.*)"
)
_TOTAL = re.compile(r"total [\d.,]+[KMGT]?")
_BRANCH = re.compile(r"^(?:[│├└|`+][─ \xa0-]*[─ ]|    )+")
_SEPARATOR = re.compile(r"&&|\|\||[;\n]")

#: What makes a long listing of `ls`, as an option of its own or among others.
_LONG_OPTION = re.compile(r"-[A-Za-z]*l|--format=long")


def values_joined(lines: Sequence[str]) -> tuple[str, ...]:
    """Return ``lines`` with each value in braces or brackets on one line, one space between words.

    A value starts a line with its brace and ends a line with the one that closes it.  JSON is
    written as Python's `json` does.  Lines between that belong to no value, and a value that is
    never closed, stay as they are.  Linear.
    """
    joined: list[str] = []
    held: list[str] = []
    depth = 0
    for line in lines:
        if not held and not _OPENER.match(line):
            joined.append(line)
            continue
        tokens = _TOKEN.findall("..." if held and is_elision(line) else line)
        held.append(line)
        depth += sum(t in _OPEN for t in tokens) - sum(t in _CLOSE for t in tokens)
        if depth <= 0:
            whole = depth == 0 and line.rstrip()[-1:] in _CLOSE
            joined += [_one_line(held)] if whole else held
            held, depth = [], 0
    return (*joined, *held)


def _one_line(lines: Sequence[str]) -> str:
    text = "\n".join(lines)
    try:
        return json.dumps(json.loads(text), ensure_ascii=False)
    except (ValueError, RecursionError):
        lines = ["..." if is_elision(line) else line for line in lines]
        return " ".join(t for t in _TOKEN.findall("\n".join(lines)) if not t.isspace())


def command_word(command: str) -> tuple[str, tuple[str, ...]]:
    """Return the program whose output ends ``command``'s, and its arguments.

    That is the first word of the last command, without variables and `sudo` before it; ``""``
    where it cannot be told, or where a pipe decides over the output.
    """
    last = _SEPARATOR.split(command.strip())[-1]
    if "|" in last:
        return "", ()
    try:
        words = shlex.split(last)
    except ValueError:
        return "", ()
    while words and (words[0] == "sudo" or re.fullmatch(r"\w+=.*", words[0])):
        words = words[1:]
    return (words[0], tuple(words[1:])) if words else ("", ())


def is_long_listing(command: str) -> bool:
    """Tell whether ``command`` is an `ls` that shows a line a file, with its owner and date."""
    word, arguments = command_word(command)
    return word == "ll" or (word == "ls" and any(map(_LONG_OPTION.fullmatch, _options(arguments))))


def _options(arguments: Sequence[str]) -> list[str]:
    return [re.sub(r"(?<=l)\w+$", "", a) for a in arguments if a.startswith("-")]


def listing(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines of a long listing without the columns that are the machine's own.

    Mode and name stay, and the size of plain files.
    """
    return tuple(map(_listed, lines))


def _listed(line: str) -> str:
    found = _LONG.fullmatch(line)
    if found is None:
        return "total" if _TOTAL.fullmatch(line) else line
    size = f" {found['size']}" if found["mode"][0] == "-" else ""
    return f"{found['mode']}{size} {found['name']}"


def names(lines: Sequence[str]) -> tuple[str, ...]:
    """Return what is left of a long listing when only names and link targets are shown."""
    kept = []
    for line in lines:
        found = _LONG.fullmatch(line)
        if found is not None:
            kept.append(found["name"])
        elif not _TOTAL.fullmatch(line):
            kept.append(line)
    return tuple(kept)


def tree(lines: Sequence[str]) -> tuple[str, ...]:
    """Return the lines of `tree`, each branch drawn with the same characters."""
    return tuple(_BRANCH.sub(_drawn, line) for line in lines)


def _drawn(branch: re.Match[str]) -> str:
    """Return one mark for each four columns: `|` goes on, `+` has a file, blank is nothing."""
    text = branch[0].replace("\xa0", " ")
    return "".join(
        "+-- " if "─" in cell or "-" in cell else "|   " if cell[:1] in "│|" else "    "
        for cell in (text[n : n + 4] for n in range(0, len(text), 4))
    )


def sections(lines: Sequence[str]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return the (header, lines) of what `ls` prints for several directories; one is headless."""
    found: list[tuple[str, list[str]]] = [("", [])]
    for line in lines:
        if line.endswith(":") and line[:1].strip():
            found.append((line, []))
        elif line.strip():
            found[-1][1].append(line)
    return tuple((header, tuple(files)) for header, files in found if header or files)
