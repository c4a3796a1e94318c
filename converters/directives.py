"""How a directive is written: in a fence of its own kind, its body as the directive reads it."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial

from docutils import nodes

from converters import escaping, fences, inline, kept, matter, tables
from converters.pen import (
    DIRECTIVE,
    EVAL_RST,
    NATIVE,
    VERBATIM,
    Key,
    Lines,
    Pen,
    UnwritableError,
    Way,
    included_page,
    named_page,
    stack,
)
from converters.recorder import DirectiveRecord, path_of
from converters.shapes import KNOWN, Argument, Body, Shape, shape_of

_READ = re.compile(r":[\w.+:-]+:`[^`]|\[#[\w.+:-]+\]_")

#: What may be inline markup of RST, and would read otherwise in MyST.
_MARKUP = re.compile(r"[`*|\\]|\w_\b|\]_|://")


#: Options of a ``csv-table`` that change how its cells are parted.
_DIALECT = frozenset({"delim", "quote", "escape", "keepspace"})


def ways(pen: Pen, node: DirectiveRecord, key: Key) -> Iterator[Way]:
    """Yield the ways of writing a directive, best first."""
    name = node["name"].lower()
    shape = shape_of(node["name"], pen.surroundings.registry)
    match name:
        case "meta":
            yield NATIVE, lambda: matter.meta(pen, node)
        case "default-role":
            yield NATIVE, lambda: _default_role(pen, node)
            return
        case "rst-class" if not node["content"]:
            yield NATIVE, lambda: _class(pen, node)
            yield DIRECTIVE, lambda: _directive(pen, node, key, shape)
        case "code-block" | "sourcecode" | "code":
            yield NATIVE, lambda: _code(node)
            yield DIRECTIVE, lambda: _directive(pen, node, key, shape)
        case "parsed-literal":
            yield NATIVE, lambda: _unmarked(node)
            yield DIRECTIVE, lambda: _directive(pen, node, key, shape)
        case "include" if included_page(node, pen.surroundings) in pen.surroundings.fragments:
            # Its headings start at one in its own page, and here below those above it.
            for offset in (0, *range(pen.level, 0, -1)):
                yield DIRECTIVE, partial(_include, pen, node, offset)
        case "include" if node["argument"] in pen.surroundings.included.includes:
            yield NATIVE, lambda: _instead(pen, node, key)
        case "include" if not {"literal", "code"} & dict(node["options"]).keys():
            # What it includes is RST, whose headings may end the sections that it stands in.
            yield EVAL_RST, lambda: kept.eval_rst(pen, node)
            for level in range(pen.level, 1, -1) if pen.surroundings.page_rst else ():
                yield EVAL_RST, partial(kept.eval_rst, pen, node, level)
            return
        case "index" if "\n" in (node["argument"] or ""):
            yield DIRECTIVE, lambda: _index(pen, node)
        case "table":
            yield DIRECTIVE, lambda: _table(pen, node)
            yield DIRECTIVE, lambda: _table_of_lists(pen, node, key)
        case _ if shape.docstrings:
            pass  # docstrings are RST
        case _ if next(node.findall(nodes.section), None) is not None:
            pass  # headings in a directive end it in MyST
        case _:
            readings = _readings(node, shape)
            for reading in readings:
                yield DIRECTIVE, partial(_directive, pen, node, key, reading)
            if shape.body is Body.UNKNOWN and node["content"]:
                for reading in readings:
                    yield VERBATIM, partial(_verbatim, pen, node, reading)
    yield EVAL_RST, lambda: kept.eval_rst(pen, node)


def _instead(pen: Pen, node: DirectiveRecord, key: Key) -> Lines:
    """Write what is left of a file that was included for its names."""
    highlights = pen.surroundings.included.includes[node["argument"]]
    return stack(_directive(pen, each, key, KNOWN["highlight"]) for each in highlights)


def generates(pen: Pen, node: DirectiveRecord) -> bool:
    """Tell whether a directive, an extension's own, has no body: it makes all that it shows.

    What describes an object shows its signature, without RST of its own.
    """
    shape = shape_of(node["name"], pen.surroundings.registry)
    described = shape.argument is Argument.SIGNATURES
    known = node["name"].lower() in KNOWN or shape.docstrings
    return not (node["content"] or known or described)


def _readings(node: DirectiveRecord, shape: Shape) -> Sequence[Shape]:
    """Return the shapes that a directive may have, likeliest first.

    Nobody knows whether an extension reads its argument and options as markup; where they hold a
    role of RST or a footnote's mark it does so more likely than not.
    """
    values = {name: value for name, value in node["options"] if _MARKUP.search(value)}
    title = shape.argument is Argument.LITERAL and bool(_MARKUP.search(node["argument"] or ""))
    if node["name"].lower() in KNOWN or not (values or title):
        return (shape,)
    argument = Argument.TITLE if title else shape.argument
    marked = replace(shape, argument=argument, parsed_options=tuple(values))
    words = [*values.values(), node["argument"] if title else ""]
    return (marked, shape) if any(map(_READ.search, words)) else (shape, marked)


def _default_role(pen: Pen, node: DirectiveRecord) -> Lines:
    pen.default_role = node["argument"] or pen.surroundings.default_role
    return Lines()


_TAKES_CLASSES = (
    nodes.paragraph, nodes.bullet_list, nodes.enumerated_list, nodes.definition_list,
    nodes.block_quote, nodes.literal_block,
)  # fmt: skip


def _class(pen: Pen, node: DirectiveRecord) -> Lines:
    following = node.next_node(descend=False, siblings=True)
    words = (node["argument"] or "").split()
    if not isinstance(following, _TAKES_CLASSES) or not all(
        re.fullmatch(r"[a-z][a-z0-9-]*", word) for word in words
    ):
        raise UnwritableError("classes on something that takes no attributes")
    pen.used.add("attrs_block")
    return Lines(text=("{" + " ".join(f".{word}" for word in words) + "}",))


def _code(node: DirectiveRecord) -> Lines:
    language = node["argument"] or ""
    if node["options"] or not re.fullmatch(r"[\w.+#-]*", language) or not node["content"]:
        raise UnwritableError("code with options")
    return fences.code_fence(language, "\n".join(node["content"]))


def _unmarked(node: DirectiveRecord) -> Lines:
    """Write a block that is parsed for markup and has none: Sphinx takes it for code."""
    marked = any(
        not isinstance(part, nodes.Text) for line in node.children for part in line.children
    )
    if node["options"] or not node["content"] or marked:
        raise UnwritableError("literal text with markup in it")
    return fences.code_fence("", "\n".join(node["content"]))


def _index(pen: Pen, node: DirectiveRecord) -> Lines:
    if node["options"]:
        raise UnwritableError("index entries with options")
    entries = (" ".join(line.split()) for line in node["argument"].split("\n") if line.strip())
    return stack([fences.fence(pen, "index", entry, [], Lines(), colon=False) for entry in entries])


def _include(pen: Pen, node: DirectiveRecord, offset: int) -> Lines:
    target = f"{posixpath.splitext(path_of(node))[0]}.md"
    options = [fences.option(name, value) for name, value in node["options"]]
    options += [fences.option("heading-offset", str(offset))] if offset else []
    return fences.fence(pen, "include", target, options, Lines(), colon=False)


def _table(pen: Pen, node: DirectiveRecord) -> Lines:
    shape = shape_of("table", {})
    table, _ = tables.only_table(node)
    return fences.fence(
        pen,
        "table",
        fences.argument(pen, node, shape),
        fences.options(pen, node, shape),
        tables.pipes(pen, table),
        colon=False,
    )


def _table_of_lists(pen: Pen, node: DirectiveRecord, key: Key) -> Lines:
    shape = shape_of("table", {})
    table, index = tables.only_table(node)
    return tables.lists(
        pen,
        table,
        (*key, index),
        pen.cell,
        title=fences.argument(pen, node, shape),
        options=fences.options(pen, node, shape),
    )


def _directive(pen: Pen, node: DirectiveRecord, key: Key, shape: Shape) -> Lines:
    name = node["name"]
    if name.lower() == "sourcecode":
        name = "code-block"
    if name.lower() == "role":
        return fences.role(pen, node["content"])
    argument, leading = _argument(pen, node, shape)
    body = stack([leading, _body(pen, node, key, shape)])
    return fences.fence(
        pen, name, argument, fences.options(pen, node, shape), body, colon=shape.colon
    )


def _argument(pen: Pen, node: DirectiveRecord, shape: Shape) -> tuple[str, Lines]:
    """Return the argument, and what of it stands in the body: a formula, a version's remark."""
    text = node["argument"] or ""
    if node["name"].lower() == "math" and text:
        return "", Lines(text=(*text.split("\n"), *([""] if node["content"] else [])))
    if shape.argument is Argument.VERSION and "\n" in text and not node["content"]:
        version, rest = text.split(None, 1)
        remark = escaping.guard(fences.markup(pen, rest))
        return version, Lines.of(remark)
    return fences.argument(pen, node, shape), Lines()


def _body(pen: Pen, node: DirectiveRecord, key: Key, shape: Shape) -> Lines:
    if not node["content"]:
        return Lines()
    match shape.body:
        case Body.UNKNOWN if shape.options == frozenset() and _starts_with_fields(node):
            return _fields_kept(pen, node, key)
        case Body.PROSE | Body.UNKNOWN:
            return pen.flow(node, key)
        case Body.INLINE:
            lines = (inline.phrase(pen, child.children) for child in node.children)
            return Lines(text=tuple(lines))
        case Body.GLOSSARY:
            return _glossary(pen, node, key)
        case Body.LITERAL if node["name"].lower() == "toctree":
            return Lines(text=tuple(_entry(pen, line) for line in node["content"]))
        case Body.CSV if not _DIALECT & dict(node["options"]).keys():
            return Lines(text=tables.comma_separated(pen, node["content"]))
        case Body.CSV | Body.LITERAL:
            return Lines(text=node["content"])
        case Body.NONE:
            raise UnwritableError(f"a body that {node['name']} does not take")


def _starts_with_fields(node: DirectiveRecord) -> bool:
    """Tell whether a body starts with fields, be they indented more than what follows them."""
    first: nodes.Node | None = node.children[0] if node.children else None
    if isinstance(first, nodes.block_quote) and len(first.children) == 1:
        first = first[0]
    return isinstance(first, nodes.field_list)


def _fields_kept(pen: Pen, node: DirectiveRecord, key: Key) -> Lines:
    """Write a body whose first lines the directive reads itself, to the letter: its fields."""
    content: Sequence[str] = node["content"]
    end = next((n for n, line in enumerate(content) if not line.strip()), len(content))
    fields = Lines(text=tuple(line.strip() for line in content[:end]))
    rest = enumerate(node.children[1:], 1)
    return stack([fields, *(pen.block(child, (*key, index)) for index, child in rest)])


def _entry(pen: Pen, line: str) -> str:
    """Return a toctree's entry; a page that is named by its file is named by its new one."""
    match = re.fullmatch(r"(.*<\s*)?([^<>]+?)(\s*>\s*)?", line)
    if match is None or named_page(match[2], pen.surroundings) not in pen.surroundings.converted:
        return line
    return f"{match[1] or ''}{posixpath.splitext(match[2])[0]}.md{match[3] or ''}"


def _glossary(pen: Pen, node: DirectiveRecord, key: Key) -> Lines:
    entries: list[Lines] = []
    for index, item in enumerate(node.children):
        terms: list[str] = []
        body = Lines()
        for place, child in enumerate(item.children):
            if isinstance(child, nodes.term):
                terms.append(inline.phrase(pen, child.children))
            elif isinstance(child, nodes.definition):
                body = pen.flow(child, (*key, index, place))
        entries.append(body.indented("    ", "    ").around(terms, []))
    return stack(entries)


def _verbatim(pen: Pen, node: DirectiveRecord, shape: Shape) -> Lines:
    return fences.fence(
        pen,
        node["name"],
        fences.argument(pen, node, shape),
        fences.options(pen, node, shape),
        Lines(text=node["content"]),
        colon=False,
    )
