"""What a command leaves for the reader to say: placeholders, variables, names of a repl.

Asked only where a command went wrong.  A name that is a slip of one that is there is the page's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from doctest_nix.config import Need
from doctest_nix.slips import is_slip
from doctest_nix.stage import Stage
from doctest_nix.steps.needs import Unmet
from doctest_nix.steps.transcript import Exchange

_QUOTED = re.compile(r"'[^'\n]*'|\"[^\"\n]*\"")
_SINGLE_QUOTED = re.compile(r"'[^'\n]*'|\\\\.")
_PLACEHOLDER = re.compile(r"(?<![<\w])<[A-Za-z][^<>\n|&;]*>(?!>)")
_ELISION = re.compile(r"(?:^|\s)\.\.\.(?=\s|$)|\S*…\S*|/nix/store/\S*?\.\.\.\S*")
_ANY_PATH = re.compile(r"(?<!\S)/(?:path/to|your/path)/\S*")
_VARIABLE = re.compile(r"\$\{?([A-Za-z_]\w*)\b(?!\}?[-:=+?])")
_UNDEFINED = re.compile(r"undefined variable ['`]([^'`]+)'")
_ERROR = re.compile(r"(?:^|\n)\s*error\b")

#: Prints the variables that are set in the session.
_SET = "compgen -v"

#: What Nix binds without `builtins.`.
_GLOBAL_NAMES = frozenset(
    "abort baseNameOf builtins derivation dirOf false fetchGit fetchTarball fetchTree fromTOML"
    " import isNull map null placeholder removeAttrs scopedImport throw toString true".split()
)


def placeholder(command: str) -> Unmet | None:
    """Return the need of what a placeholder stands for, or dots."""
    plain = _QUOTED.sub("", command)
    found = _PLACEHOLDER.search(plain) or _ELISION.search(plain) or _ANY_PATH.search(plain)
    return _value(found[0].strip()) if found else None


def variable(command: str, stage: Stage) -> Unmet | None:
    """Return the need of a variable that neither the session nor any block of the page sets."""
    names = _VARIABLE.findall(_SINGLE_QUOTED.sub("", command))
    own = set(re.findall(r"\b(\w+)=|\b(?:for|read)\s+(\w+)", command))
    names = [name for name in names if not any(name in pair for pair in own)]
    if not names:
        return None
    known = stage.type(_SET, timeout=10).output.split()
    if not known:
        return None
    shown = [block.text for block in stage.document.blocks]
    free = (
        name
        for name in names
        if name not in known and not is_slip(name, known) and not _is_named(name, shown)
    )
    return next((_value(f"${name}") for name in free), None)


def name_in_repl(exchange: Exchange, output: str, stage: Stage) -> Unmet | None:
    """Return the need of a name that nothing typed into the repl binds."""
    if _ERROR.search(exchange.expected):
        return None
    name = undefined(output, stage.typed_in_repl)
    bound = re.compile(rf"\b{re.escape(name)}\s*=(?!=)")
    is_bound = any(bound.search(line) for line in stage.typed_in_repl)
    return _value(name) if name and not is_bound else None


def undefined(messages: str, texts: Iterable[str]) -> str:
    """Return the name that neither ``texts`` nor Nix bind, ``""`` for none or a slip.

    ``messages`` is what Nix said.
    """
    found = _UNDEFINED.search(messages)
    if found is None:
        return ""
    words = {word for text in texts for word in re.findall(r"[A-Za-z_][\w'-]*", text)}
    return "" if is_slip(found[1], (words | _GLOBAL_NAMES) - {found[1]}) else found[1]


def _is_named(name: str, texts: Iterable[str]) -> bool:
    """Tell whether a variable is spoken of otherwise than by its value, as where it is set."""
    named = re.compile(rf"(?<![\w$])(?<!\${{){name}\b")
    return any(named.search(text) for text in texts)


def _value(name: str) -> Unmet:
    return Unmet(need=Need.VALUE, sign=f"what {name} stands for")
