"""What a doctree becomes, where no whole page shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from docutils import nodes
from docutils.core import publish_doctree

from converters.oracle import Anchor, Block, Element, Page, Warned, normalise
from converters.oracle.warned import WarningStream

#: What Sphinx sets, of that which tells here.
SPHINX = {"doctitle_xform": False, "auto_id_prefix": "id"}


def document(*children: nodes.Node, **settings: object) -> nodes.document:
    made: nodes.document = publish_doctree("", settings_overrides=settings)
    made.extend(children)
    return made


def first(page: Page) -> Element:
    return page.blocks[0].element


def table() -> nodes.table:
    columns = [nodes.colspec(colwidth=width) for width in (1, 3)]
    return nodes.table("", nodes.tgroup("", *columns, cols=2), classes=["colwidths-grid"])


def test_column_widths_that_the_project_shows_are_compared_as_shares() -> None:
    page = normalise(document(table(), table_style="booktabs,colwidths-grid"))
    assert ["25.0%", "75.0%"] == [
        e.attribute("colwidth") for e in first(page).walk() if e.kind == "colspec"
    ]


def test_column_widths_that_nothing_shows_are_not_compared() -> None:
    page = normalise(document(table()))
    assert [None, None] == [
        e.attribute("colwidth") for e in first(page).walk() if e.kind == "colspec"
    ]


def test_a_message_that_is_shown_is_compared_without_its_place_in_the_source() -> None:
    one, other, third = (
        normalise(document(nodes.system_message(text, line=line, level=3, source="a.rst")))
        for text, line in (("failed", 3), ("failed", 5), ("broke", 3))
    )
    assert first(one) == first(other)
    assert first(one) != first(third)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("text", "text"),
        (["a", "b"], "a b"),
        ([1, ["b", "c"]], "1; b c"),
        ({"b": 1, "a": "x"}, "a=x, b=1"),
        (nodes.paragraph("", "text"), "text"),
        (True, "True"),
    ],
)
def test_an_attribute_of_any_type_is_written_down(value: object, shown: str) -> None:
    assert shown == first(normalise(document(nodes.container(own=value)))).attribute("own")


def test_an_object_is_written_down_without_its_place_in_memory() -> None:
    page = normalise(document(nodes.container(own=object())))
    assert "<object object>" == first(page).attribute("own")


def test_an_option_that_is_none_is_absent() -> None:
    assert () == first(normalise(document(nodes.container(own=None)))).attributes


def test_a_node_that_an_extension_put_in_two_places_is_in_both() -> None:
    shared = nodes.inline("", "twice")
    page = normalise(document(nodes.paragraph("", "", shared), nodes.paragraph("", "", shared)))
    assert [("twice",), ("twice",)] == [block.element.children for block in page.blocks]


def test_the_line_of_an_included_text_is_not_one_of_the_page() -> None:
    own, included = nodes.paragraph("", "a"), nodes.paragraph("", "b")
    own.line, own.source = 3, "page.rst"
    included.line, included.source = 7, "other.txt"
    whole = document(nodes.container("", included), own)
    whole["source"] = "page.rst"
    assert [None, 3] == [block.element.line for block in normalise(whole).blocks]


def test_a_comment_of_html_alone_in_its_paragraph_leaves_nothing() -> None:
    comment = nodes.raw("", "<!-- one -->\n<!-- two -->", format="html")
    shown = nodes.raw("", "<!-- one --> <b>", format="html")
    page = normalise(document(nodes.paragraph("", "", comment), shown))
    assert ["raw"] == [block.element.kind for block in page.blocks]


def test_white_space_is_joined_across_markup() -> None:
    paragraph = nodes.paragraph(
        "", "", nodes.Text(" a "), nodes.emphasis("", " b "), nodes.Text(" ")
    )
    emphasis = Element(kind="emphasis", children=("b",))
    assert Element(kind="paragraph", children=("a ", emphasis)) == first(
        normalise(document(paragraph))
    )


def test_of_two_texts_that_read_the_same_the_right_one_is_rewritten() -> None:
    texts = [nodes.Text(" and "), nodes.Text(" and ")]
    one, two = nodes.emphasis("", "a"), nodes.emphasis("", "b ")
    paragraph = nodes.paragraph("", "", one, texts[0], two, texts[1], nodes.image(uri="c.png"))
    children = first(normalise(document(paragraph))).children
    assert (" and ", "and ") == (children[1], children[3])


def test_a_space_that_does_not_break_stays() -> None:
    assert ("a\N{NO-BREAK SPACE} b",) == first(
        normalise(document(nodes.paragraph("", "a\N{NO-BREAK SPACE}  b")))
    ).children


def test_a_picture_between_words_keeps_their_spaces() -> None:
    paragraph = nodes.paragraph(
        "", "", nodes.image(uri="a.png"), nodes.Text(" a "), nodes.image(uri="b.png")
    )
    assert " a " == first(normalise(document(paragraph))).children[1]


def test_a_target_with_text_leaves_its_text() -> None:
    target = nodes.target("", "here", refuri="https://a.example")
    assert ("here",) == first(normalise(document(nodes.paragraph("", "", target)))).children


def test_sections_are_flattened_to_headings_with_levels() -> None:
    inner = nodes.section("", nodes.title("", "Inner"), nodes.paragraph("", "Text."))
    untitled = nodes.section("", nodes.paragraph("", "More."))
    page = normalise(document(nodes.section("", nodes.title("", "Outer"), inner, untitled)))
    assert [
        (("Outer",), "section", "1"),
        (("Outer", "Inner"), "section", "2"),
        (("Outer", "Inner"), "paragraph", None),
        (("Outer", ""), "section", "2"),
        (("Outer", ""), "paragraph", None),
    ] == [(b.section, b.element.kind, b.element.attribute("level")) for b in page.blocks]


def test_an_id_that_looks_counted_but_was_chosen_counts() -> None:
    page = normalise(publish_doctree(".. _id7:\n\nText.\n"))
    assert (Anchor(fragment="id7", of="paragraph"),) == page.anchors
    assert "id7" == first(page).attribute("ids")


def test_counted_ids_are_described_by_what_they_stand_at() -> None:
    text = "A\n=\n\n中\n--\n\n中\n--\n\nNote [#]_ and [CIT]_.\n\n.. [#] x\n.. [CIT] y\n"
    page = normalise(publish_doctree(text, settings_overrides=SPHINX))
    assert [
        Anchor(fragment="a", of="section 'A'"),
        Anchor(fragment="cit", of="citation CIT"),
        Anchor(fragment="id1", of="section '中'", counted=True),
        Anchor(fragment="id2", of="section '中' (2)", counted=True),
    ] == list(page.anchors)


def test_references_to_pages_ask_for_their_goal() -> None:
    references = [
        nodes.reference("", "", refuri=uri, internal=True)
        for uri in ("a.html#id1", "a.html#id2", "#id3", "b.html")
    ]
    page = normalise(
        document(nodes.paragraph("", "", *references)),
        goal=lambda address, fragment: (
            "section 'A'" if (address, fragment) == ("a.html", "id1") else None
        ),
    )
    assert ["a.html#(section 'A')", "a.html#id2", "#id3", "b.html"] == [
        e.attribute("refuri") for e in first(page).walk() if e.kind == "reference"
    ]


def test_a_description_of_a_page_is_a_fact_and_no_block() -> None:
    meta = nodes.meta(name="description", content="About it")
    page = normalise(document(meta, nodes.paragraph("", "Text.")))
    assert ["meta"] == [fact.kind for fact in page.facts]
    assert ["paragraph"] == [block.element.kind for block in page.blocks]


def test_formulas_without_labels_of_their_own_are_alike() -> None:
    identifier = "0b8d1f9c-52d5-4a0e-9c5e-000000000001"
    formulas = [
        nodes.math_block("", "a\n", label=label, ids=[f"equation-{label}"], nowrap=True)
        for label in (identifier, identifier.replace("1", "2"))
    ]
    one, two = (normalise(document(formula)) for formula in formulas)
    assert one.blocks == two.blocks
    assert (
        Block(
            section=(),
            element=Element(
                kind="math_block",
                attributes=(("label", "(automatic)"), ("nowrap", "True")),
                children=("a",),
            ),
        )
        == one.blocks[0]
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "\x1b[31m/src/a/b.rst:7: WARNING: lost in /src/c.md [ref.doc]\x1b[39;49;00m\n",
            Warned(page="a/b", line=7, message="lost in c", slug="ref.doc"),
        ),
        ("/src/a.md: WARNING: no line", Warned(page="a", line=None, message="no line")),
        ("WARNING: of no page [x]", Warned(page="", line=None, message="of no page", slug="x")),
        (
            "/src/a.rst:3: ERROR: two\nlines: here",
            Warned(page="a", line=3, message="two\nlines: here"),
        ),
        ("something else", Warned(page="", line=None, message="something else")),
    ],
)
def test_a_warning_is_read_whole_and_without_the_page_syntax(text: str, expected: Warned) -> None:
    stream = WarningStream(Path("/src"))
    stream.write(text)
    stream.write("\n")
    assert (expected,) == stream.take()
    assert () == stream.take()
