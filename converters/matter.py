"""What of a page goes to its front matter: metadata, tags of the HTML head, substitutions."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Self

from docutils import nodes

from converters.oracle.facts import FLAGS
from converters.pen import Lines, Pen, UnwritableError
from converters.recorder import DirectiveRecord

#: Directives that may stand above a page's field list and leave it the page's metadata.
_INVISIBLE = frozenset({"meta", "role", "default-role", "index"})


def is_bibliography(node: nodes.field_list) -> bool:
    """Tell whether docutils takes a field list for the page's metadata: the first thing on it."""
    parent = node.parent
    if not isinstance(parent, nodes.document):
        return False
    for child in parent.children:
        if child is node:
            return True
        invisible = isinstance(child, nodes.PreBibliographic) or (
            isinstance(child, DirectiveRecord) and child["name"].lower() in _INVISIBLE
        )
        if not invisible:
            return False
    return False


def bibliography(pen: Pen, node: nodes.field_list) -> Lines:
    """Take a page's metadata to its front matter."""
    for field in node.children:
        if not isinstance(field, nodes.field):
            raise UnwritableError("metadata that is no field list")
        name, body = field[0].astext(), field[1]
        if not isinstance(body, nodes.Element):
            raise UnwritableError("metadata without a body")
        if len(body.children) > 1 or (body.children and not isinstance(body[0], nodes.paragraph)):
            raise UnwritableError("metadata of more than a paragraph")
        pen.metadata[name] = " ".join(body.astext().split())
    return Lines()


def meta(pen: Pen, node: DirectiveRecord) -> Lines:
    """Take the tags of a ``meta`` directive to the front matter."""
    name = ""
    for line in node["content"]:
        match = re.match(r":((?:[^:\\]|\\.|:(?!\s|$))+):(?:\s+(.*))?$", line)
        if match is not None:
            name = " ".join(match[1].split())
            if name in pen.html_meta:
                raise UnwritableError("two tags of one name")
            pen.html_meta[name] = (match[2] or "").strip()
        elif line.strip() and name and line[0].isspace():
            pen.html_meta[name] = f"{pen.html_meta[name]} {line.strip()}".strip()
        elif line.strip():
            raise UnwritableError("a meta directive with something else in it")
    return Lines()


def front_matter(pen: Pen) -> Lines:
    """Return the page's front matter, no lines where it has nothing to say."""
    lines = [f"{_key(name)}: {_value(name, value)}" for name, value in pen.metadata.items()]
    myst = [
        *_mapping("html_meta", pen.html_meta),
        *_mapping("substitutions", pen.substitutions),
    ]
    if myst:
        lines += ["myst:", *(f"  {line}" for line in myst)]
    return Lines(text=("---", *lines, "---")) if lines else Lines()


def _mapping(name: str, values: dict[str, str]) -> list[str]:
    if not values:
        return []
    entries = (f"  {_key(key)}: {_text(value)}" for key, value in values.items())
    return [f"{name}:", *entries]


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_][\w-]*", name) else _text(name)


def _value(name: str, value: str) -> str:
    if not value and name in FLAGS:
        return "true"
    return value if re.fullmatch(r"\d+", value) else _text(value)


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """What a pen has collected, to be brought back where a way of writing fails half-way."""

    used: frozenset[str]
    html_meta: dict[str, str]
    metadata: dict[str, str]
    substitutions: dict[str, str]
    shared: dict[str, str]
    roles: frozenset[str]
    footnotes: bool
    default_role: str
    level: int

    @classmethod
    def of(cls, pen: Pen) -> Self:
        """Take down the state of ``pen``."""
        return cls(
            used=frozenset(pen.used),
            html_meta=dict(pen.html_meta),
            metadata=dict(pen.metadata),
            substitutions=dict(pen.substitutions),
            shared=dict(pen.shared),
            roles=frozenset(pen.roles),
            footnotes=pen.footnotes,
            default_role=pen.default_role,
            level=pen.level,
        )

    def restore(self, pen: Pen) -> None:
        """Bring the state back."""
        pen.used.clear()
        pen.used.update(self.used)
        for kept, current in (
            (self.html_meta, pen.html_meta),
            (self.metadata, pen.metadata),
            (self.substitutions, pen.substitutions),
            (self.shared, pen.shared),
        ):
            current.clear()
            current.update(kept)
        pen.roles.clear()
        pen.roles.update(self.roles)
        pen.footnotes = self.footnotes
        pen.default_role = self.default_role
        pen.level = self.level
