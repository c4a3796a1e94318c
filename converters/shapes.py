"""What a directive takes: an argument, options, a body, and how its body is read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Body(StrEnum):
    """How a directive reads its body, and so how the body is written in MyST."""

    NONE = "none"
    PROSE = "prose"  # parsed as markup: converted
    LITERAL = "literal"  # taken as it stands: kept to the letter
    INLINE = "inline"  # lines of inline markup: white space kept, markup converted
    GLOSSARY = "glossary"  # terms at the margin, definitions indented below them
    CSV = "csv"  # cells of markup between commas
    UNKNOWN = "unknown"  # an extension's own: both ways are tried


class Argument(StrEnum):
    """How a directive reads its argument."""

    NONE = "none"
    LITERAL = "literal"  # a path, a language, a signature
    TITLE = "title"  # inline markup
    VERSION = "version"  # one word, then inline markup
    URI = "uri"  # a path or URL, white space in it dropped
    SIGNATURES = "signatures"  # a signature a line


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The form of one directive.

    ``parsed_options`` are those whose value is markup.  ``colon`` is true of directives that hold
    prose for the reader: they are fenced with colons, so that the prose stays readable where
    MyST is not understood.  ``docstrings`` is true where RST from elsewhere is shown.
    ``options`` are the names it knows, None where any may stand.
    """

    argument: Argument = Argument.NONE
    body: Body = Body.NONE
    colon: bool = False
    docstrings: bool = False
    parsed_options: tuple[str, ...] = ()
    options: frozenset[str] | None = None


def _known() -> dict[str, Shape]:
    prose = Shape(body=Body.PROSE, colon=True)
    version = Shape(argument=Argument.VERSION, body=Body.PROSE, colon=True)
    code = Shape(argument=Argument.LITERAL, body=Body.LITERAL, parsed_options=("caption",))
    literal = Shape(argument=Argument.LITERAL, body=Body.LITERAL)
    bare_literal = Shape(body=Body.LITERAL)
    argument = Shape(argument=Argument.LITERAL)
    container = Shape(argument=Argument.LITERAL, body=Body.PROSE)
    titled = Shape(argument=Argument.TITLE, body=Body.PROSE)
    quote = Shape(body=Body.PROSE)
    known = dict.fromkeys(
        [
            *("attention", "caution", "danger", "error", "hint", "important", "note", "tip"),
            *("warning", "seealso", "todo"),
        ],
        prose,
    )
    known |= dict.fromkeys(
        ["versionadded", "versionchanged", "deprecated", "versionremoved"], version
    )
    known |= dict.fromkeys(["code-block", "sourcecode", "code", "literalinclude"], code)
    known |= dict.fromkeys(
        ["math", "doctest", "testcode", "testoutput", "testsetup", "testcleanup", "raw"], literal
    )
    known |= dict.fromkeys(["graphviz", "digraph", "graph", "inheritance-diagram"], literal)
    known |= dict.fromkeys(["toctree"], bare_literal)
    known |= dict.fromkeys(
        ["meta", "role"],
        Shape(body=Body.LITERAL, options=frozenset()),
    )
    known |= dict.fromkeys(
        [
            *("include", "highlight", "currentmodule", "py:currentmodule"),
            *("program", "default-domain", "tabularcolumns", "default-role", "title", "contents"),
            *("sectnum", "index", "date"),
        ],
        argument,
    )
    known |= dict.fromkeys(
        ["container", "only", "ifconfig", "rst-class", "module", "py:module"], container
    )
    known |= dict.fromkeys(["epigraph", "highlights", "pull-quote", "compound", "hlist"], quote)
    known |= dict.fromkeys(["table", "list-table"], titled)
    known |= {
        "admonition": Shape(argument=Argument.TITLE, body=Body.PROSE, colon=True),
        "topic": Shape(argument=Argument.TITLE, body=Body.PROSE, colon=True),
        "sidebar": Shape(argument=Argument.TITLE, body=Body.PROSE, colon=True),
        "rubric": Shape(argument=Argument.TITLE),
        "centered": Shape(argument=Argument.TITLE),
        "sectionauthor": Shape(argument=Argument.TITLE),
        "codeauthor": Shape(argument=Argument.TITLE),
        "moduleauthor": Shape(argument=Argument.TITLE),
        "image": Shape(argument=Argument.URI),
        "figure": Shape(argument=Argument.URI, body=Body.PROSE),
        "csv-table": Shape(argument=Argument.TITLE, body=Body.CSV, parsed_options=()),
        "glossary": Shape(body=Body.GLOSSARY),
        "parsed-literal": Shape(body=Body.INLINE),
        "line-block": Shape(body=Body.INLINE),
        "replace": Shape(body=Body.PROSE),
        "unicode": Shape(argument=Argument.LITERAL),
        "productionlist": Shape(argument=Argument.LITERAL, options=frozenset()),
    }
    return known


#: Directives of docutils and Sphinx, by name.  What is not here has the shape that the project's
#: own registry tells, with a body that is tried both ways.
KNOWN: Mapping[str, Shape] = _known()

#: Directives that read docstrings, which are RST whatever the page's format: the MyST manual's
#: own advice is to keep them in ``eval-rst``.
AUTODOC = frozenset(
    {
        *("automodule", "autoclass", "autofunction", "autoexception", "autodata", "automethod"),
        *("autoattribute", "autoproperty", "autodecorator"),
    }
)

#: Any argument, any option, any body: what is assumed of a directive that nothing is known of.
ANY = Shape(argument=Argument.LITERAL, body=Body.UNKNOWN)


def shape_of(name: str, registry: Mapping[str, Shape]) -> Shape:
    """Return the shape of directive ``name``: the known one, the registry's, else `ANY`."""
    lowered = name.lower()
    if lowered in AUTODOC:
        return Shape(argument=Argument.LITERAL, body=Body.UNKNOWN, docstrings=True)
    found = KNOWN.get(lowered) or registry.get(name) or registry.get(lowered)
    if found is None and ":" in name:  # a domain's: most of them describe an object
        return Shape(argument=Argument.SIGNATURES, body=Body.UNKNOWN)
    return found or ANY
