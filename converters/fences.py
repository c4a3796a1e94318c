"""How fences are written: their length, their first line, their options."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

from docutils import nodes

from converters import inline
from converters.pen import Lines, Pen, UnwritableError
from converters.recorder import DirectiveRecord, record_inline
from converters.shapes import Argument, Shape

#: An option's value that stands for itself without quotes.
_PLAIN = re.compile(r"[^\s!&*|>@`%{}\[\],?:\-\"'#=][^\n]*|-?\d[\w.%]*|-?[\w./]+|-[^\s-][^\n]*")


def fence(
    pen: Pen, name: str, argument: str, options: Iterable[str], body: Lines, *, colon: bool
) -> Lines:
    """Return a directive: ``options`` are its written lines, ``body`` its lines, if any.

    A fence is longer than any in the body.  Backticks cannot stand in the first line of a fence
    of backticks, so an argument with code in it takes colons.
    """
    character = ":" if colon or "`" in argument else "`"
    if character == ":":
        pen.used.add("colon_fence")
    ticks = character * max(3, _longest(body.text, character) + 1)
    first = f"{ticks}{{{name}}} {argument}".rstrip()
    options = tuple(options)
    before = [first, *options]
    if body.text:
        opening = body.text[0].lstrip()
        if options or opening.startswith(("---", ":")) or not body.text[0]:
            before.append("")
    return body.around(before, [ticks])


def role(pen: Pen, content: Sequence[str]) -> Lines:
    """Return the directive that defines a role: its name, then its options and nothing else."""
    name, *options = content or ("",)
    return fence(pen, "role", name, options, Lines(), colon=False)


def code_fence(language: str, text: str) -> Lines:
    """Return a block of code."""
    lines = text.split("\n")
    ticks = "`" * max(3, _longest(lines, "`") + 1)
    return Lines(text=(f"{ticks}{language}", *lines, ticks))


def _longest(lines: Sequence[str], character: str) -> int:
    """Return the length of the longest fence that starts one of the lines."""
    runs = (re.match(rf"[\s>*+\-\d.)]*({re.escape(character)}{{3,}})", line) for line in lines)
    return max((len(run[1]) for run in runs if run is not None), default=0)


def options(pen: Pen, node: DirectiveRecord, shape: Shape) -> list[str]:
    """Return the lines of a directive's options, markup in them converted."""
    written = []
    for name, value in _resolved(pen, node):
        converted = markup(pen, value) if name in shape.parsed_options else value
        written.append(option(name, converted))
    return written


def _resolved(pen: Pen, node: DirectiveRecord) -> Iterable[tuple[str, str]]:
    """Yield options, an image's target by name replaced by the address that it has."""
    for name, value in node["options"]:
        if name == "target" and value.endswith("_") and not value.endswith("\\_"):
            key = nodes.fully_normalize_name(value.rstrip("_").strip("`"))
            goal = pen.page.goals.get(key)
            uri = getattr(goal, "uri", None)
            if uri is None:
                raise UnwritableError(f"an image that leads to {value!r}")
            yield name, uri
        else:
            yield name, value


def option(name: str, value: str) -> str:
    """Return one option's line."""
    if not value:
        return f":{name}:"
    return f":{name}: {quoted(value)}"


def quoted(value: str) -> str:
    """Return ``value`` as a YAML scalar on one line, in quotes only where it needs them."""
    plain = _PLAIN.fullmatch(value) and not re.search(r":(\s|$)|\s#|^[?:-]\s|\s$", value)
    if plain:
        return value
    # Between single quotes nothing is escaped: what has quotes of its own is read more easily.
    single = '"' in value and not re.search(r"['\\]|[^ -~\xa0-\uffff]", value)
    return f"'{value}'" if single else json.dumps(value, ensure_ascii=False)


def markup(pen: Pen, text: str) -> str:
    """Convert a phrase that docutils has not parsed yet; its names are the page's."""
    return inline.phrase(pen, record_inline(text))


def argument(pen: Pen, node: DirectiveRecord, shape: Shape) -> str:
    """Return a directive's argument on one line."""
    text: str = node["argument"] or ""
    if not text:
        return ""
    match shape.argument:
        case Argument.TITLE:
            # A title that shows nothing is one all the same: a blank that is not stripped.
            return " ".join(markup(pen, text).split("\n")) or "&#32;"
        case Argument.SIGNATURES:
            text = re.sub(r"\\\n\s*", "", text)  # one signature on two lines
            if "\n" in text:
                raise UnwritableError("a directive with several signatures")
            return text
        case Argument.URI:
            return "".join(text.split())
        case Argument.VERSION:
            version, *rest = text.split(None, 1)
            return " ".join([version, *(markup(pen, phrase).replace("\n", " ") for phrase in rest)])
        case _:
            return " ".join(text.split("\n"))
