"""Which included files only define names: of links, of substitutions?

They show nothing; the language of code is all else that they may say.  MyST would need such a
file in its own syntax; what a page uses of it is written on the page instead, and its ``include``
is left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TypeGuard

import docutils.parsers.rst
from docutils import nodes

from converters.page import substitutions_of
from converters.recorder import DirectiveRecord, Record, path_of, record

#: Where docutils has its own files, ``<isonum.txt>`` and the like.
_STANDARD = Path(docutils.parsers.rst.__file__).with_name("include")


@dataclass(frozen=True, slots=True, kw_only=True)
class Definitions:
    """What a page includes for its names.

    ``includes`` are the arguments of ``include`` with the ``highlight`` directives that are to
    stand there instead, ``substitutions`` what the files define.
    """

    includes: Mapping[str, Sequence[DirectiveRecord]] = field(default_factory=dict)
    substitutions: Mapping[str, nodes.substitution_definition] = field(default_factory=dict)


def definitions_of(page: Record, directory: Path, source: Path) -> Definitions:
    """Return what the page in ``directory`` of the site at ``source`` includes for its names."""
    includes: dict[str, Sequence[DirectiveRecord]] = {}
    substitutions: dict[str, nodes.substitution_definition] = {}
    for node in page.document.findall(DirectiveRecord):
        path = named_file(node, directory, source)
        found = _defined(path) if path is not None else None
        if found is not None:
            document = found.document
            includes[node["argument"]] = [
                child for child in document.children if _highlights(child)
            ]
            substitutions |= substitutions_of(document)
    return Definitions(includes=includes, substitutions=substitutions)


def named_file(node: DirectiveRecord, directory: Path, source: Path) -> Path | None:
    """Return the file that an ``include`` takes in whole, None for any other directive."""
    if node["name"].lower() != "include" or node["options"] or node["content"]:
        return None
    name = path_of(node)
    if name.startswith("<") and name.endswith(">"):
        return _STANDARD / name[1:-1]
    return source / name.lstrip("/") if name.startswith("/") else directory / name


@cache
def _defined(path: Path) -> Record | None:
    """Return the record of a file that only defines names, else None."""
    try:
        found = record(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        return None
    return found if all(map(_defines, found.document.children)) else None


def _defines(node: nodes.Node) -> bool:
    match node:
        case nodes.comment() | nodes.substitution_definition():
            return True
        case nodes.target():
            return ("refuri" in node or "refname" in node) and not node.get("anonymous")
        case _:
            return _highlights(node)


def _highlights(node: nodes.Node) -> TypeGuard[DirectiveRecord]:
    return isinstance(node, DirectiveRecord) and node["name"] == "highlight"
