"""What has to change in a conf.py, and how is the change made so that it stays small?"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from converters.separate import ProjectError
from doctest_nix.errors import Slug


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What the pages of a site need of its settings.

    ``extensions`` are Sphinx extensions to add, ``myst`` MyST extensions to enable,
    ``substitutions`` the project-wide ones by name, ``exclude`` files that would become pages.
    ``keep_footnotes`` keeps those where they are written.
    """

    extensions: Sequence[str] = ()
    myst: Sequence[str] = ()
    substitutions: Mapping[str, str] = field(default_factory=dict)
    exclude: Sequence[str] = ()
    keep_footnotes: bool = False

    def settings(self) -> dict[str, object]:
        """Return the MyST settings alone, as Sphinx takes them on its command line."""
        settings: dict[str, object] = {}
        if self.myst:
            settings["myst_enable_extensions"] = sorted(self.myst)
        if self.substitutions:
            settings["myst_substitutions"] = dict(self.substitutions)
        if self.keep_footnotes:
            settings["myst_footnote_sort"] = False
        return settings


def read(path: Path) -> str:
    """Return the text of a conf.py, line ends as they are; raises ProjectError."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise ProjectError(
            Slug.PROJECT, f"{path} is no UTF-8: {error}", remedy="Save it as UTF-8 first."
        ) from error


def edited(conf: str, change: Change) -> str:
    """Return the text of a conf.py with ``change`` made: lists extended where they stand.

    A list that is written as one gets its new items in its own layout; a setting that is
    computed is extended by a line of its own at the end.  Line ends stay as they are.
    """
    if "\r\n" in conf:
        return edited(conf.replace("\r\n", "\n"), change).replace("\n", "\r\n")
    text = _with_items(conf, "extensions", change.extensions)
    text = _with_items(text, "exclude_patterns", change.exclude)
    known = _names(text)
    text = _with_items(text, "myst_enable_extensions", sorted(change.myst))
    added: list[str] = []
    if change.keep_footnotes and "myst_footnote_sort" not in known:
        added.append("myst_footnote_sort = False")
    if change.substitutions:
        items = "".join(
            f"    {_literal(name)}: {_literal(value)},\n"
            for name, value in sorted(change.substitutions.items())
        )
        own = _items_of("myst_substitutions", known, "**", "{}")
        own = f"    {own.rstrip()}\n" if own else ""
        added.append(f"myst_substitutions = {{\n{own}{items}}}")
    return _with_lines(text, added)


def _with_lines(text: str, added: Sequence[str]) -> str:
    if not added:
        return text
    body = text if not text or text.endswith("\n") else f"{text}\n"
    gap = "" if not body or body.endswith("\n\n") else "\n"
    return body + gap + "\n".join(added) + "\n"


def _names(text: str) -> dict[str, bool]:
    """Return the names that a module assigns, and of each whether it surely does.

    Those that are assigned in a branch may be, and all may be (``*``) where some come from
    elsewhere.  Functions and classes have names of their own.
    """
    found: dict[str, bool] = {}
    for statement in ast.parse(text).body:
        for name, surely in _assigned_in(statement, surely=True):
            found[name] = surely or found.get(name, False)
    return found


def _assigned_in(node: ast.AST, *, surely: bool) -> Iterator[tuple[str, bool]]:
    match node:
        case (
            ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef()
            | ast.Lambda() | ast.comprehension()
        ):  # fmt: skip
            return
        case ast.alias(name=name, asname=other):
            yield other or name, surely
        case ast.Name(id=name, ctx=ast.Store()):
            yield name, surely
        case ast.Name(id="globals" | "locals" | "vars" | "exec"):
            yield "*", False
        case _:
            pass
    for child in ast.iter_child_nodes(node):
        yield from _assigned_in(child, surely=surely and not isinstance(child, ast.stmt))


def _with_items(text: str, name: str, items: Sequence[str]) -> str:
    """Add ``items`` to the list ``name``, where it is last written."""
    if not items:
        return text
    values = [value for node in ast.parse(text).body if (value := _assigned(node, name))]
    if values and isinstance(values[-1], (ast.List, ast.Tuple, ast.Set)):
        return _extended(text, values[-1], items)
    before = _items_of(name, _names(text), "*", "()")
    written = ", ".join(_literal(item) for item in items)
    return _with_lines(text, [f"{name} = [{before}{written}]"])


def _items_of(name: str, known: Mapping[str, bool], stars: str, nothing: str) -> str:
    """Return what takes over the items that ``name`` has, where it may have some."""
    if known.get(name):
        return f"{stars}{name}, "
    return f'{stars}globals().get("{name}", {nothing}), ' if {name, "*"} & known.keys() else ""


def _assigned(node: ast.stmt, name: str) -> ast.expr | None:
    """Return what a statement assigns to ``name``."""
    match node:
        case ast.Assign(targets=targets, value=value):
            named = any(isinstance(target, ast.Name) and target.id == name for target in targets)
            return value if named else None
        case ast.AnnAssign(target=ast.Name(id=found), value=value) if found == name:
            return value
        case _:
            return None


def _extended(text: str, value: ast.List | ast.Tuple | ast.Set, items: Sequence[str]) -> str:
    lines = text.split("\n")
    if not value.elts:
        end = _offset(lines, value.end_lineno or 1, value.end_col_offset or 0)
        start = _offset(lines, value.lineno, value.col_offset)
        inner = ", ".join(_literal(item) for item in items)
        comma = "," if isinstance(value, ast.Tuple) and len(items) == 1 else ""
        return f"{text[: start + 1]}{inner}{comma}{text[end - 1 :]}"
    last = value.elts[-1]
    quote = text[_offset(lines, last.lineno, last.col_offset)]
    end = _offset(lines, last.end_lineno or 1, last.end_col_offset or 0)
    written = [_literal(item, quote) for item in items]
    if last.lineno == value.lineno and value.end_lineno == value.lineno:
        return f"{text[:end]}, {', '.join(written)}{text[end:]}"
    line = lines[last.lineno - 1]
    margin = line[: len(line) - len(line.lstrip())]
    rest = text[end:]
    if rest.lstrip().startswith(","):
        at = end + rest.index(",") + 1
        line_end = text.find("\n", at)
        return text[:line_end] + "".join(f"\n{margin}{item}," for item in written) + text[line_end:]
    joined = ",".join(f"\n{margin}{item}" for item in written)
    return f"{text[:end]},{joined}{text[end:]}"


def _offset(lines: Sequence[str], line: int, column: int) -> int:
    """Return where a place of the syntax tree is in the text; its columns count bytes."""
    before = sum(len(text) + 1 for text in lines[: line - 1])
    return before + len(lines[line - 1].encode()[:column].decode())


def _literal(text: str, quote: str = '"') -> str:
    if quote == "'" and text.isascii() and "'" not in text and "\\" not in text:
        return f"'{text}'"
    return json.dumps(text, ensure_ascii=False)
