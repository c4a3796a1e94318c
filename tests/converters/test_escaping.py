"""Plain text stays plain text, whatever characters it has and wherever it stands."""

from __future__ import annotations

import io

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import example, given, settings
from hypothesis import strategies as st
from myst_parser.parsers.docutils_ import Parser

from converters import escaping
from converters.escaping import Markup, Part, Syntax, Text

EXTENSIONS = ["attrs_block", "attrs_inline", "colon_fence", "deflist", "fieldlist", "substitution"]

#: Characters that mean something somewhere, and some that never do.
ALPHABET = "\\`*_{}[]<>()#+-.!|&;:~$%=^@\"'/1aé \n"

words = st.text(ALPHABET, min_size=1, max_size=24)


def paragraph(text: str) -> nodes.document:
    settings = {
        "myst_enable_extensions": EXTENSIONS,
        "report_level": 5,
        "warning_stream": io.StringIO(),
        "doctitle_xform": False,
    }
    return publish_doctree(text, parser=Parser(), settings_overrides=settings)


def plain(text: str) -> str:
    """Return text as a paragraph has it: lines without white space at their edges."""
    lines = (line.strip() for line in text.split("\n"))
    return "\n".join(line for line in lines if line)


def shown(document: nodes.document) -> list[tuple[str, str]]:
    return [(child.__class__.__name__, child.astext()) for child in document.children]


@settings(max_examples=400, deadline=None)
@given(words)
@example("{{a}}")
@example("a\n: b")
@example("1. a")
@example("[a]: b")
@example("+ + +")
@example("&amp;")
@example("(a)=")
@example(":a: b")
@example("a\n---|---\n")
@example("<a>")
@example("a\n===")
@example("{.a}")
@example("[^_[]")
def test_text_reads_as_it_was(text: str) -> None:
    text = plain(text)
    if text:
        written = escaping.guard(escaping.join([Text(text=text)], Syntax()))
        assert [("paragraph", text)] == shown(paragraph(written))


@settings(max_examples=200, deadline=None)
@given(words)
def test_text_with_everything_escaped_reads_as_it_was(text: str) -> None:
    text = plain(text)
    if text:
        written = escaping.guard(escaping.join([Text(text=text)], Syntax(everything=True)))
        assert [("paragraph", text)] == shown(paragraph(written))


def emphasised(text: str) -> Markup:
    inner = escaping.join([Text(text=text)], Syntax())
    return Markup(text=f"*{inner}*", delimiter="*", safe=f"{{emphasis}}`{text}`")


@settings(max_examples=300, deadline=None)
@given(
    st.text('ab.("- ', max_size=6),
    st.text('ab.("', min_size=1, max_size=6),
    st.text('ab.("- ', max_size=6),
)
def test_emphasis_is_emphasis_wherever_it_stands(before: str, inner: str, after: str) -> None:
    parts: list[Part] = [Text(text=f"x{before}"), emphasised(inner), Text(text=f"{after}x")]
    document = paragraph(escaping.guard(escaping.join(parts, Syntax())))
    assert [inner] == [node.astext() for node in document.findall(nodes.emphasis)]
    assert f"x{before}{inner}{after}x" == document.astext()


@pytest.mark.parametrize(
    ("text", "after", "expected"),
    [
        ("{a}", "`b`", "\\{a}`b`"),
        ("!", "[a](b)", "\\![a](b)"),
        ("a ", "`b`", "a `b`"),
        ("[a ", "[b](c)", "\\[a [b](c)"),
    ],
)
def test_text_before_markup_does_not_join_it(text: str, after: str, expected: str) -> None:
    assert expected == escaping.join([Text(text=text), Markup(text=after)], Syntax())


@pytest.mark.parametrize(
    ("before", "text", "expected"),
    [("`a`", "{b}", "`a`\\{b}"), ("[a](b)", "(c)", "[a](b)(c)"), ("[a]", "](b)", "[a]\\](b)")],
)
def test_text_after_markup_does_not_join_it(before: str, text: str, expected: str) -> None:
    assert expected == escaping.join([Markup(text=before), Text(text=text)], Syntax())


def test_a_link_by_its_label_alone_stays_one_before_a_bracket() -> None:
    link = Markup(text="[a]", delimiter="[", safe="[a][]")
    assert "[a][](b)" == escaping.join([link, Text(text="(b)")], Syntax())
    assert "[a], b" == escaping.join([link, Text(text=", b")], Syntax())


def test_a_label_of_the_page_is_no_link_in_text() -> None:
    syntax = Syntax(labels=frozenset({"python"}))
    assert "\\[Python] [Perl]" == escaping.join([Text(text="[Python] [Perl]")], syntax)


@pytest.mark.parametrize(
    ("extension", "text", "expected"),
    [
        ("dollarmath", "$a$", "\\$a\\$"),
        ("strikethrough", "~~a~~", "\\~\\~a\\~\\~"),
        ("tasklist", "[x] a", "\\[x] a"),
    ],
)
def test_what_an_extension_reads_is_escaped_where_it_is_on(
    extension: str, text: str, expected: str
) -> None:
    syntax = Syntax(extensions=frozenset({extension}))
    assert expected == escaping.join([Text(text=text)], syntax)
    assert text == escaping.join([Text(text=text)], Syntax())
