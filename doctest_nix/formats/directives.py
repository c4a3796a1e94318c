"""What a directive holds: code, prose, or something that is neither.

One table for both formats, so that a page and its migrated twin have the same blocks.  A name
that is in no set below holds prose, which is what an unknown directive most likely shows: its
body is read like the rest of the document, and a block in it is found.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum


class Holds(StrEnum):
    """What the body of a directive is to its reader."""

    CODE = "code"
    FILE = "file"  # the argument names a file whose text is shown as code
    RST = "rst"
    PROSE = "prose"
    HIGHLIGHT = "highlight"  # no body: the argument is the language of the blocks after it
    OTHER = "other"  # a language of its own, or settings: no code that a reader would type


#: Code whose first argument is its language.
_CODE_IN_A_LANGUAGE = frozenset(
    {"code", "code-block", "code-cell", "code-tab", "sourcecode", "prompt"}
    | {"substitution-code-block"}
)

#: Code that names no language; what an argument of these says is kept as ``info``.
_CODE = frozenset(
    {"parsed-literal", "doctest", "testcode", "testoutput", "testsetup", "testcleanup"}
    | {"ipython", "jupyter-execute"}
)

#: Bodies in a language of their own: formulas, pictures, data and output of one builder.
_NOTATION = frozenset(
    {"math", "mermaid", "graphviz", "graph", "digraph", "plantuml", "uml", "tikz", "kroki"}
    | {"aafig", "actdiag", "blockdiag", "nwdiag", "packetdiag", "rackdiag", "seqdiag"}
    | {"ditaa", "svgbob", "diagram", "drawio-image", "plot", "image", "video", "youtube"}
    | {"iframe", "csv-table", "bibliography", "productionlist", "raw", "html", "toctree"}
)

#: Settings and parts of other constructs: no reader sees their body as it is written.
_SETTINGS = frozenset(
    {"contents", "sectnum", "meta", "title", "role", "default-role", "default-domain", "index"}
    | {"include", "replace", "unicode", "date", "tabularcolumns", "currentmodule"}
)

#: Directives without an argument: text beside the name begins the body.
_BODY_FIRST = frozenset(
    {"attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning"}
    | {
        "seealso",
        "todo",
        "epigraph",
        "highlights",
        "pull-quote",
        "compound",
        "centered",
        "parsed-literal",
    }
)

#: Directives that hold prose and whose argument no reader sees.
_UNSEEN_ARGUMENT = frozenset(
    {"figure", "only", "ifconfig", "container", "class", "rst-class", "cssclass", "div"}
    | {"grid", "tab-set", "tabs", "hlist", "glossary"}
)

#: Roles that show their text as code: where ``{file}`x``` says more than ```x``` would.
LITERAL_ROLES = frozenset(
    {"code", "literal", "file", "command", "program", "samp", "kbd", "option", "envvar", "env"}
    | {"var", "bash", "nix"}
)

#: The name that only a comment of ours may have.
RESERVED = "doctest-nix"


def holds(name: str, has_option: Callable[[str], bool]) -> Holds:
    """Return what the directive ``name`` holds; names are compared as docutils does, lower-case.

    ``has_option`` tells whether the directive has an option: ``include`` shows a file as code
    with ``:code:`` or ``:literal:``, and is a part of the page otherwise.
    """
    match name.lower():
        case "literalinclude":
            return Holds.FILE
        case "include" if has_option("code") or has_option("literal"):
            return Holds.FILE
        case "eval-rst" | "page-rst":
            return Holds.RST
        case "highlight":
            return Holds.HIGHLIGHT
        case lower if lower in _CODE_IN_A_LANGUAGE or lower in _CODE:
            return Holds.CODE
        case lower if lower in _NOTATION or lower in _SETTINGS:
            return Holds.OTHER
        case _:
            return Holds.PROSE


def code_argument(name: str, argument: str) -> tuple[str, str]:
    """Return language and info of a code directive with this argument."""
    if name.lower() in _CODE:
        return "", argument.strip()
    language, _, info = argument.strip().partition(" ")
    return language, info.strip()


def is_tab(name: str) -> bool:
    """Tell whether a code directive is a tab itself; what follows its language is the name."""
    return name.lower() == "code-tab"


def takes_argument(name: str) -> bool:
    """Tell whether text beside the name is an argument; else the body begins there."""
    return name.lower() not in _BODY_FIRST


def shows_argument(name: str) -> bool:
    """Tell whether a reader sees the argument of this prose directive, as its title."""
    return name.lower() not in _UNSEEN_ARGUMENT
