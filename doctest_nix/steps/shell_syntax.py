"""Whether a shell command is complete, as far as its text tells."""

from __future__ import annotations

import re

_HEREDOC = re.compile(r"<<(-?)\s*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.!@%+:,-]+))")
_OPENERS = {"if": "fi", "for": "done", "while": "done", "until": "done", "case": "esac", "{": "}"}
_CLOSERS = frozenset(_OPENERS.values())

#: After these words and signs another command begins.
_STARTERS = frozenset({"then", "do", "else", "elif", "!", "time", ";", "&&", "||", "|", "&", "("})


def is_unfinished(text: str) -> bool:
    """Tell whether a shell would ask for another line after ``text``.

    That is so within quotes, a here-document, ``$(…)`` or ``(…)``, after a trailing backslash,
    ``|``, ``&&`` or ``||``, and before the ``done``, ``fi``, ``esac`` or ``}`` of a compound
    command.  Linear in the text; never raises.
    """
    lines = text.split("\n")
    closers: list[str] = []
    heredocs: list[tuple[str, bool]] = []
    quote = ""
    trailing = False
    for line in lines:
        if heredocs and not quote:
            word, stripped = heredocs[0]
            if (line.lstrip("\t") if stripped else line) == word:
                heredocs.pop(0)
            continue
        quote, trailing = _scan(line, quote, closers, heredocs)
    return bool(quote or heredocs or closers or trailing)


def logical_lines(text: str) -> list[tuple[int, str]]:
    """Split ``text`` into commands: (line offset, command), comments and blank lines left out."""
    commands: list[tuple[int, str]] = []
    pending: list[str] = []
    start = 0
    for offset, line in enumerate(text.split("\n")):
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        if not pending:
            start = offset
        pending.append(line)
        if not is_unfinished("\n".join(pending)):
            commands.append((start, "\n".join(pending)))
            pending = []
    if pending:
        commands.append((start, "\n".join(pending)))
    return commands


def _scan(
    line: str, quote: str, closers: list[str], heredocs: list[tuple[str, bool]]
) -> tuple[str, bool]:
    """Read a line; return the quote that is open after it, and whether it goes on by its end."""
    position = 0
    starts = True  # a word here is a command's first
    trailing = False
    while position < len(line):
        rest = line[position:]
        char = rest[0]
        if quote == "'":
            end = line.find("'", position)
            if end < 0:
                return quote, False
            quote, position, starts = "", end + 1, False
            continue
        if char == "\\":
            if len(rest) == 1:
                return quote, not quote or quote == '"'
            position += 2
            starts = trailing = False
            continue
        if quote:
            if rest.startswith("$(") and quote == '"':
                closers.append(')"')
                quote, position, starts = "", position + 2, True
                continue
            if char == quote:
                quote = ""
            position += 1
            starts = trailing = False
            continue
        if char in "'\"`":
            quote = char
            position += 1
            starts = trailing = False
        elif char == "#" and (position == 0 or line[position - 1] in " \t;&|("):
            break
        elif found := _HEREDOC.match(rest) if not rest.startswith("<<<") else None:
            heredocs.append((next(g for g in found.groups()[1:] if g), bool(found[1])))
            position += found.end()
            starts = trailing = False
        elif rest.startswith("<<<"):
            position += 3
        elif rest.startswith(("&&", "||")):
            position += 2
            starts = trailing = True
        elif char == "(":
            closers.append(")")
            position += 1
            starts, trailing = True, False
        elif char == ")":
            if closers and closers[-1] in (")", ')"'):
                quote = '"' if closers.pop() == ')"' else ""
            starts = line[position - 1 : position] == "("  # the body of `f()` follows
            trailing = False
            position += 1
        elif char in ";&|":
            position += 1
            starts, trailing = True, char == "|"
        elif char in " \t":
            position += 1
        else:
            word = re.match(r"[^\s;&|()<>'\"`\\]+|[<>]", rest)
            text = word[0] if word else char
            position += len(text)
            trailing = False
            if starts:
                starts = _note_keyword(text, closers)
            elif text == "}" and closers[-1:] == ["}"] and line[:position].strip() == "}":
                closers.pop()
    return quote, trailing


def _note_keyword(word: str, closers: list[str]) -> bool:
    """Open or close a compound command; True where a command's first word may follow."""
    if closers[-1:] == ["esac"] and word != "esac":
        return False
    if word in _OPENERS:
        closers.append(_OPENERS[word])
        return word not in {"for", "case"}
    if word in _CLOSERS:
        if closers[-1:] == [word]:
            closers.pop()
        return False
    return word in _STARTERS
