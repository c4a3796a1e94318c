"""Whether a shell command is complete, as far as its text tells."""

from __future__ import annotations

import re

_HEREDOC = re.compile(r"<<(-?)\s*(?:'([^'\n]+)'|\"([^\"\n]+)\"|\\?([\w.!@%+:,-]+))")
_TOKEN = re.compile(r"<<<|&&|\|\||[;&|()<>'\"`]|\s+|\\.?|[^\s;&|()<>'\"`\\]+")
_IN_DOUBLE_QUOTES = re.compile(r'\\.?|"|\$\((?!\()|[^"\\$]+|\$')

#: What ends a quote in which a backslash takes the meaning of the next character: $'…' and `…`.
_ENDS = {"$'": re.compile(r"(?:[^'\\]|\\.)*'"), "`": re.compile(r"(?:[^`\\]|\\.)*`")}
_OPENERS = {"if": "fi", "for": "done", "while": "done", "until": "done", "case": "esac", "{": "}"}
_CLOSERS = frozenset(_OPENERS.values())

#: After these words and signs another command begins.
_STARTERS = frozenset({"then", "do", "else", "elif", "!", "time"})

#: What closes `((`: within, `<<` is a shift.
_ARITHMETIC = "))"


def is_unfinished(text: str) -> bool:
    """Tell whether a shell would ask for another line after ``text``.

    That is so within quotes, a here-document, ``$(…)`` or ``(…)``, after a trailing backslash,
    ``|``, ``&&`` or ``||``, and before the ``done``, ``fi``, ``esac`` or ``}`` of a compound
    command.  Linear in the text; never raises.
    """
    scanner = _Scanner()
    for line in text.split("\n"):
        scanner.read(line)
    return scanner.unfinished


def logical_lines(text: str) -> list[tuple[int, str]]:
    """Split ``text`` into commands: (line offset, command), comments and blank lines left out."""
    commands: list[tuple[int, str]] = []
    pending: list[str] = []
    start = 0
    scanner = _Scanner()
    for offset, line in enumerate(text.split("\n")):
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        if not pending:
            start = offset
            scanner = _Scanner()
        pending.append(line)
        scanner.read(line)
        if not scanner.unfinished:
            commands.append((start, "\n".join(pending)))
            pending = []
    if pending:
        commands.append((start, "\n".join(pending)))
    return commands


def without_heredocs(text: str) -> str:
    """Return ``text`` without the bodies of its here-documents."""
    if "<<" not in text:
        return text
    scanner = _Scanner()
    kept = []
    for line in text.split("\n"):
        if not scanner.in_heredoc:
            kept.append(line)
        scanner.read(line)
    return "\n".join(kept)


def awaited_end(text: str) -> tuple[str, bool] | None:
    """Return the word that ends the here-document which the next line after ``text`` belongs to.

    With it, whether tabs before the word do not count.  None where no here-document is open.
    """
    scanner = _Scanner()
    for line in text.split("\n"):
        scanner.read(line)
    return scanner.awaited_end


class _Scanner:
    """What is open after the lines read so far."""

    def __init__(self) -> None:
        self._quote = ""
        self._closers: list[str] = []  # what ends each open bracket or compound, outermost first
        self._heredocs: list[tuple[str, bool]] = []  # end word, and whether tabs before it go
        self._goes_on = False  # the line ends in a backslash or an operator
        self._starts = True  # the next word is a command's first
        self._names = False  # the next word is a function's name

    @property
    def unfinished(self) -> bool:
        """Whether something is open."""
        return bool(self._quote or self._heredocs or self._closers or self._goes_on)

    @property
    def in_heredoc(self) -> bool:
        """Whether the next line is a here-document's."""
        return bool(self._heredocs and not self._quote)

    @property
    def awaited_end(self) -> tuple[str, bool] | None:
        """What ends the here-document that the next line belongs to, and whether tabs go."""
        return self._heredocs[0] if self.in_heredoc else None

    def read(self, line: str) -> None:
        """Read one line."""
        if self.in_heredoc:
            word, stripped = self._heredocs[0]
            if (line.lstrip("\t") if stripped else line) == word:
                self._heredocs.pop(0)
            return
        self._goes_on = False
        self._starts = True
        position = 0
        while position < len(line):
            match self._quote:
                case "":
                    position = self._read_plain(line, position)
                case '"':
                    position = self._read_double_quoted(line, position)
                case "'":
                    end = line.find("'", position)
                    if end < 0:
                        return
                    self._quote = ""
                    position = end + 1
                case quote:
                    found = _ENDS[quote].match(line, position)
                    if found is None:
                        return
                    self._quote = ""
                    position = found.end()

    def _read_double_quoted(self, line: str, position: int) -> int:
        token = _IN_DOUBLE_QUOTES.match(line, position)
        text = token[0] if token else line[position]
        if text == '"':
            self._quote = ""
        elif text == "$(":
            self._open(')"')
            self._quote = ""
        return position + len(text)

    def _read_plain(self, line: str, position: int) -> int:
        if line[position] == "#" and (position == 0 or line[position - 1] in " \t;&|("):
            return len(line)
        if (
            (heredoc := _HEREDOC.match(line, position))
            and line[position : position + 3] != "<<<"
            and _ARITHMETIC not in self._closers
        ):
            word = next(group for group in heredoc.groups()[1:] if group)
            self._heredocs.append((word, bool(heredoc[1])))
            return heredoc.end()
        token = _TOKEN.match(line, position)
        text = token[0] if token else line[position]
        if not text.isspace():
            self._take(text, before=line[:position])
        return position + len(text)

    def _take(self, text: str, *, before: str) -> None:
        """Take one token outside quotes."""
        first = self._starts
        self._starts = False
        self._goes_on = text in {"\\", "|", "||", "&&"}
        if text in {"'", '"', "`"}:
            self._quote = "$'" if text == "'" and before.endswith("$") else text
        elif text == "(":
            self._open(_ARITHMETIC if before.endswith("(") else ")")
        elif text == ")":
            if self._closers[-1:] in ([")"], [')"'], [_ARITHMETIC]):
                self._quote = '"' if self._closers.pop() == ')"' else ""
            self._starts = before.endswith("(")  # the body of `f()` follows
        elif text in {";", "&", "|", "||", "&&"}:
            self._starts = True
        elif first:
            self._starts = self._take_keyword(text)

    def _take_keyword(self, word: str) -> bool:
        """Take a command's first word; True where another command's first word may follow."""
        if self._names:
            self._names = False
            return True
        if word == "function":
            self._names = True
            return True
        if self._closers[-1:] == ["esac"] and word != "esac":
            return False
        if word in _OPENERS:
            self._closers.append(_OPENERS[word])
            return word not in {"for", "case"}
        if word in _CLOSERS:
            if self._closers[-1:] == [word]:
                self._closers.pop()
            return False
        return word in _STARTERS

    def _open(self, closer: str) -> None:
        self._closers.append(closer)
        self._starts = True
