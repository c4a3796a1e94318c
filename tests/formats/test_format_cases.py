"""The golden paragraphs of `md.cases` and `rst.cases`: a source -> the elements of its document."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from doctest_nix.document import Block, Comment, Container, Document, Element, Heading, Prose
from doctest_nix.errors import DocumentError
from doctest_nix.formats import FORMATS

HERE = Path(__file__).parent


def read(name: str) -> list[tuple[str, str, str, str]]:
    """Return suffix, title, source and outcome of each case; the first paragraph is prose."""
    cases = []
    lines = iter((HERE / name).read_text(encoding="utf-8").split("\n")[2:])
    for title in lines:
        if title:
            assert next(lines) == "."
            source, outcome = ("".join(section(lines)) for _ in range(2))
            cases.append((f".{name.partition('.')[0]}", title, source, outcome))
    return cases


def section(lines: Iterator[str]) -> Iterator[str]:
    """Yield the lines up to one that is a dot."""
    for line in lines:
        if line == ".":
            return
        yield f"{line}\n"


def show(document: Document) -> str:
    """Write a document as the cases do: an element a line, the text of a block below it."""
    return "".join(f"{line}\n" for element in document.elements for line in shown(element))


def shown(element: Element) -> Iterator[str]:
    where = element.location
    lines = str(where.line) if where.line == where.end_line else f"{where.line}-{where.end_line}"
    match element:
        case Heading():
            yield f"{lines} heading {element.level}: {element.title}"
        case Comment():
            yield f"{lines} comment: {element.text}"
            yield from (f"    {line}".rstrip() for line in element.body.split("\n") if element.body)
        case Prose():
            code = f" code {list(element.code)}" if element.code else ""
            yield f"{lines} prose{inside(element.containers)}{code}: {element.text}"
        case Block():
            parts = [element.style.value, element.language or "-"]
            parts += [f"caption={element.caption}"] if element.caption is not None else []
            parts += [f"info={element.info}"] if element.info else []
            parts += [f"include={element.include}"] if element.include is not None else []
            parts += [
                f":{key}: {' '.join(value.split())}".rstrip() for key, value in element.options
            ]
            under = f" under {' / '.join(element.section)}" if element.section else ""
            yield f"{lines} block {' '.join(parts)}{inside(element.containers)}{under}"
            if element.text:
                for number, line in enumerate(element.text.split("\n"), element.text_line):
                    yield f"  {number}| {line}".rstrip()
            else:
                yield f"  {element.text_line}: no text"


def inside(containers: tuple[Container, ...]) -> str:
    names = []
    for container in containers:
        options = "".join(f" :{key}: {value}" for key, value in container.options)
        names.append(f"{container.name}({container.argument}{options})")
    return f" in {' > '.join(names)}" if names else ""


def outcome_of(suffix: str, source: str) -> str:
    path = Path(f"page{suffix}")
    try:
        return show(FORMATS[suffix](source, path))
    except DocumentError as error:
        return f"{error}\n"


@pytest.mark.parametrize(
    ("suffix", "source", "outcome"),
    [
        pytest.param(suffix, source, outcome, id=f"{suffix[1:]}-{title}".replace(" ", "-"))
        for name in ("md.cases", "rst.cases")
        for suffix, title, source, outcome in read(name)
    ],
)
def test_a_golden_paragraph(suffix: str, source: str, outcome: str) -> None:
    assert outcome == outcome_of(suffix, source)
