"""Whether the YAML of a Markdown document can be read: its front matter, and directive options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import yaml

from doctest_nix.errors import DocumentError, Slug

_KEY = re.compile(r"[A-Za-z_][\w-]*:(?:\s|\Z)")
_REMEDY = "Write `key: value` lines between two lines `---`."


def check(content: str, path: Path, line: int) -> None:
    """Raise DocumentError unless ``content``, below the ``---`` on ``line``, is a YAML mapping.

    An empty one is fine.  Only the syntax is read: no value is constructed, no tag resolved.
    """
    problem = ""
    try:
        node = yaml.compose(content, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line += 1 + (mark.line if mark else 0)
        problem = f"the front matter is no YAML: {error.problem or error.context}"
    except yaml.YAMLError as error:  # a character that YAML does not allow
        problem = f"the front matter is no YAML: {str(error).splitlines()[0]}"
    else:
        if node is not None and not isinstance(node, yaml.MappingNode):
            problem = "the front matter is no YAML mapping"
    if problem:
        raise DocumentError(path, line, Slug.FRONT_MATTER, problem, remedy=_REMEDY)


def check_closed(text: str, path: Path) -> None:
    """Raise DocumentError for a document that opens front matter and never closes it.

    A first line ``---`` is also Markdown's rule between paragraphs: it is front matter if a
    ``key:`` follows at once.
    """
    lines = text.split("\n")
    if lines[0].rstrip() != "---" or len(lines) == 1 or not _KEY.match(lines[1]):
        return
    if not any(line.rstrip() in ("---", "...") for line in lines[1:]):
        problem = "the front matter is never closed"
        raise DocumentError(path, 1, Slug.FRONT_MATTER, problem, remedy=_REMEDY)


def scalars(text: str) -> Iterator[tuple[str, str]]:
    """Yield the scalars of a YAML mapping as they are written, without quotes; none if broken."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError:
        return
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode) and isinstance(value, yaml.ScalarNode):
                yield str(key.value), str(value.value)
