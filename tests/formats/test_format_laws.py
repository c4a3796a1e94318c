"""What holds for any text: no surprise, exact lines, no traces."""

from __future__ import annotations

import re
from contextlib import redirect_stderr
from io import StringIO
from pathlib import Path

import pytest
from docutils.parsers.rst import directives, roles
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from doctest_nix.document import Block, Document, Heading, Style
from doctest_nix.errors import DocumentError
from doctest_nix.formats import FORMATS
from doctest_nix.formats.source import normalise

MARKDOWN = [
    *(
        "```",
        "````",
        "~~~",
        ":::",
        "::::",
        "```nix",
        "```{note}",
        "````{code-block} nix",
        ":::{tip}",
    ),
    *(
        "::: {.x #y}",
        "::: tip Title",
        "```{literalinclude} a.nix",
        "```{eval-rst}",
        "::",
        ".. note::",
    ),
    *(
        "```{glossary}",
        "```{math}",
        "```{highlight} nix",
        "{{#include a.nix}}",
        "---",
        "...",
        "+++",
    ),
    *(
        "# Title",
        "Title",
        "===",
        "> ",
        ">",
        "- ",
        "* a",
        "1. b",
        "    code",
        "\tcode",
        "  ",
        "a | b",
    ),
    *("--|--", ": definition", "[^1]: note", "[a]: b", "(label)=", "% comment", "<!--", "-->"),
    *("<!-- doctest-nix: skip -->", "% doctest-nix: skip", "<div>", "</div>", "<details>", "<pre>"),
    *(
        ":caption: a.nix",
        ":dedent:",
        "key: value",
        "{caption=x}",
        "$ echo `a`",
        "`b` {file}`c`",
        "$$",
    ),
    *(
        '!!! note "Title"',
        '=== "Tab"',
        "[]{#id}",
        "\\",
        "a <!-- doctest-nix: exit=1",
        "\f",
        "\u2028",
    ),
]
RST = [
    *(
        "::",
        "text::",
        "  code",
        "    code",
        "> quoted",
        ">>> 1",
        ".. code-block:: nix",
        ".. note::",
    ),
    *(
        "   :caption: a",
        "   :dedent:",
        "   body",
        "      body",
        ".. highlight:: nix",
        "Title",
        "=====",
    ),
    *(
        "-----",
        "=====  =====",
        "+---+---+",
        "| a | b |",
        "+===+===+",
        "| line",
        ":field: body",
        "-o  x",
    ),
    *(
        "* item",
        "1. item",
        "(a) item",
        "I. item",
        "term : class",
        ".. [1] note",
        ".. _target:",
        "__ x_",
    ),
    *(
        ".. doctest-nix: skip",
        "   doctest-nix: run",
        "..",
        ".. literalinclude:: a",
        ".. only:: html",
    ),
    *(
        ".. |x| replace:: y",
        "|x|",
        ":role:`a`",
        "`a`_",
        "``a",
        "*a",
        "\\",
        ".. glossary::",
        ".. role:: a",
    ),
    *(
        ".. list-table::",
        "   * - a",
        "     - b",
        ".. unknown:: a",
        ".. include:: x",
        "\t",
        "\v",
        "\x85",
    ),
]


def sources(fragments: list[str]) -> st.SearchStrategy[str]:
    """Texts of lines as documents have them, at any indentation, and some with any characters."""
    line = st.builds(
        "{}{}{}".format,
        st.sampled_from(["", "", "", "  ", "   ", "    ", "> ", "- ", "\t"]),
        st.sampled_from(["", *fragments]),
        st.one_of(st.just(""), st.just(""), st.text(max_size=5)),
    )
    return st.one_of(st.lists(line, max_size=25).map("\n".join), st.text(max_size=60))


def parsed(text: str, suffix: str) -> Document | None:
    """Return the document, None where it is refused: with a line that it has."""
    try:
        return FORMATS[suffix](text, Path(f"page{suffix}"))
    except DocumentError as error:
        lines = range(1, len(normalise(text).split("\n")) + 1)
        if error.line not in lines:
            raise AssertionError(error) from error
        return None


def code(document: Document | None) -> list[tuple[int, str, str]]:
    return [(b.text_line, b.language, b.text) for b in document.blocks] if document else []


#: Containers run beside the tests: a law has no deadline.
law = settings(deadline=None, max_examples=60)

MARKDOWN_TEXT = sources(MARKDOWN)
RST_TEXT = sources(RST)


@law
@given(MARKDOWN_TEXT)
@example("```nix")
@example("- " * 200)
@example("> " * 5000)
@example("---\na: " + "[" * 2000 + "\n---\n")
@example("---\ntitle: \x07\n---\n")
@example("```{code-block}\n:dedent: " + "9" * 5000 + "\n\n  a\n```")
@example(":::{a}\n" * 40 + "```\nx\n```\n" + ":::\n" * 40)
def test_markdown_raises_nothing_but_document_errors(text: str) -> None:
    for_each_element(parsed(text, ".md"), text)


@law
@given(RST_TEXT)
@example("- " * 400)
@example("* " * 400 + "::")
@example(".. code-block::\n   :dedent: " + "9" * 5000 + "\n\n   a")
@example("x" * 20_000 + "::\n\n a")
@example(".. |x| code-block:: nix\n\n   a")
def test_rst_raises_nothing_but_document_errors(text: str) -> None:
    for_each_element(parsed(text, ".rst"), text)


def for_each_element(document: Document | None, text: str) -> None:
    total = len(normalise(text).split("\n"))
    for element in document.elements if document else ():
        assert 1 <= element.location.line <= element.location.end_line <= total


@law
@given(MARKDOWN_TEXT)
def test_the_text_of_a_markdown_block_stands_at_its_lines(text: str) -> None:
    document = parsed(text, ".md")
    lines = normalise(text).split("\n")
    for block in document.blocks if document else ():
        for number, line in numbered(block):
            source = lines[number - 1].expandtabs(4)
            wanted = line.strip(" \t").expandtabs(4)
            assert source.rstrip().endswith(wanted.rstrip()), block
            before = source.rstrip()[: len(source.rstrip()) - len(wanted.rstrip())]
            assert AROUND.fullmatch(before), block


#: What may stand before a block's line: quotes, indentation, and on its first line list markers.
AROUND = re.compile(r"([\s>*+:-]|\d+[.)]|\[\^[^\]]*\]:)*")


@law
@given(RST_TEXT)
def test_the_text_of_an_rst_block_stands_at_its_lines(text: str) -> None:
    document = parsed(text, ".rst")
    lines = [line.expandtabs(8) for line in normalise(text).translate(SPACES).split("\n")]
    for block in document.blocks if document else ():
        for number, line in numbered(block):
            assert line.strip() in lines[number - 1], block


#: Characters that end a line for Python, but for no editor.
SPACES = str.maketrans(dict.fromkeys("\v\f\x1c\x1d\x1e\x85\u2028\u2029", " "))


def numbered(block: Block) -> list[tuple[int, str]]:
    if block.style is Style.INCLUDED or not block.text:
        return []
    return list(enumerate(block.text.split("\n"), block.text_line))


@law
@given(MARKDOWN_TEXT)
def test_a_quote_around_a_page_changes_no_block(text: str) -> None:
    text = normalise(text).replace("\t", "  ")  # a tab ends at the next of the page's columns
    quoted = "\n".join(f"> {line}".rstrip("\n") for line in text.split("\n"))
    assume(not text.startswith("---"))  # front matter, and options of directives
    assert code(parsed(text, ".md")) == code(parsed(quoted, ".md"))


@law
@given(MARKDOWN_TEXT)
def test_a_directive_around_a_page_moves_its_blocks_by_a_line(text: str) -> None:
    text = normalise(text)
    assume(not text.lstrip().startswith(("---", ":", "```{highlight}")))
    nested = code(parsed(f"{'`' * 9}{{admonition}} A\n{text}\n{'`' * 9}\n", ".md"))
    assert [(line + 1, *rest) for line, *rest in code(parsed(text, ".md"))] == nested


@law
@given(RST_TEXT)
def test_a_directive_around_rst_moves_its_blocks_by_two_lines(text: str) -> None:
    text = text.replace("\t", "  ")
    plain = parsed(text, ".rst")
    assume(plain is not None and not any(isinstance(e, Heading) for e in plain.elements))
    inner = "\n".join(f"   {line}" for line in normalise(text).split("\n"))
    assume(text[:1] not in (" ", "\t", ":", "\v", "\f"))
    nested = code(parsed(f".. unknown::\n\n{inner}", ".rst"))
    assert [(line + 2, *rest) for line, *rest in code(plain)] == nested


@pytest.mark.parametrize("suffix", [".md", ".rst"])
@law
@given(st.data())
def test_line_ends_of_windows_change_nothing(suffix: str, data: st.DataObject) -> None:
    text = normalise(data.draw(MARKDOWN_TEXT if suffix == ".md" else RST_TEXT))
    windows = "\ufeff" + text.replace("\n", "\r\n")
    assert parsed(text, suffix) == parsed(windows, suffix)


@law
@given(RST_TEXT)
def test_a_parse_leaves_no_trace(text: str) -> None:
    before = (directives.directive, roles.role, dict(directives._directives), dict(roles._roles))
    with redirect_stderr(StringIO()) as stderr:
        parsed(text, ".rst")
    after = (directives.directive, roles.role, dict(directives._directives), dict(roles._roles))
    assert (before, "") == (after, stderr.getvalue())
