"""Laws of the comparison, on trees and texts that nobody thought of."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from hypothesis import given
from hypothesis import strategies as st

from converters.oracle import (
    Block,
    Difference,
    Element,
    Kind,
    Page,
    Site,
    Warned,
    compare_pages,
    compare_sites,
    normalise,
)
from converters.oracle.compare import new_warnings

words = st.text(alphabet="abc é\n", min_size=1, max_size=8)
names = st.sampled_from(["classes", "refuri", "language", "ids"])
attributes = st.dictionaries(names, words, max_size=2).map(lambda d: tuple(sorted(d.items())))
kinds = st.sampled_from(["paragraph", "list_item", "emphasis", "bullet_list"])


def alternating(children: list[Element | str]) -> tuple[Element | str, ...]:
    """Join neighbouring texts, as normalised trees have them."""
    joined: list[Element | str] = []
    for child in children:
        if isinstance(child, str) and joined and isinstance(joined[-1], str):
            joined[-1] += child
        else:
            joined.append(child)
    return tuple(joined)


def element(children: st.SearchStrategy[tuple[Element | str, ...]]) -> st.SearchStrategy[Element]:
    lines = st.none() | st.integers(1, 50)
    return st.builds(Element, kind=kinds, attributes=attributes, children=children, line=lines)


elements = st.recursive(
    element(words.map(lambda text: (text,))),
    lambda inner: element(st.lists(inner | words, max_size=3).map(alternating)),
    max_leaves=6,
)
blocks = st.builds(Block, section=st.lists(words, max_size=2).map(tuple), element=elements)
facts = st.builds(Element, kind=st.just("label"), attributes=attributes.filter(bool))
pages = st.builds(
    Page,
    name=st.just("page"),
    blocks=st.lists(blocks, max_size=5).map(tuple),
    facts=st.lists(facts, max_size=2).map(tuple),
)


@given(pages)
def test_a_page_is_equal_to_itself_and_to_its_pickle(page: Page) -> None:
    proof = compare_pages(page, pickle.loads(pickle.dumps(page)))  # noqa: S301 - our own
    assert ((), len(page.blocks)) == (proof.differences, proof.equal_blocks)


@given(pages, pages)
def test_pages_are_proven_if_and_only_if_they_are_equal_but_for_further_anchors(
    one: Page, other: Page
) -> None:
    proof = compare_pages(one, other)
    if [b.element for b in one.blocks] == [b.element for b in other.blocks]:
        assert proof.equal_blocks == proof.blocks
    elif without_ids(one) != without_ids(other):
        assert not proof.proven


def without_ids(page: Page) -> list[Element]:
    def bare(element: Element) -> Element:
        children = tuple(c if isinstance(c, str) else bare(c) for c in element.children)
        kept = tuple(pair for pair in element.attributes if pair[0] != "ids")
        return Element(kind=element.kind, attributes=kept, children=children)

    return [bare(block.element) for block in page.blocks]


@given(pages, pages)
def test_equal_blocks_and_differences_agree(one: Page, other: Page) -> None:
    proof = compare_pages(replace(one, facts=()), replace(other, facts=()))
    assert 0 <= proof.equal_blocks <= proof.blocks
    if proof.proven:
        assert proof.equal_blocks == proof.blocks == len(other.blocks)


@given(elements, elements)
def test_a_digest_is_equal_where_trees_are(one: Element, other: Element) -> None:
    assert (one == other) == (one.digest == other.digest)


@given(pages, pages)
def test_every_difference_is_shown_on_one_line_of_bounded_length(one: Page, other: Page) -> None:
    for difference in compare_pages(one, other).differences:
        assert difference.expected != difference.actual
        assert f"{difference.kind} at {difference.path}" in str(difference)


source = st.lists(
    st.sampled_from(["one", "*two*", "``three``", "four", "(five)"]), min_size=1, max_size=30
)


def read(text: str) -> Page:
    document: nodes.document = publish_doctree(
        text, settings_overrides={"report_level": 5, "doctitle_xform": False}
    )
    return normalise(document)


@given(source, st.lists(st.sampled_from([" ", "\n", "  ", " \n"]), min_size=30, max_size=30))
def test_a_paragraph_may_be_filled_in_any_way(parts: list[str], spaces: list[str]) -> None:
    filled = "".join(part + space for part, space in zip(parts, spaces, strict=False))
    assert read(" ".join(parts)) == read(filled)


@given(source, source)
def test_other_words_are_noticed(one: list[str], other: list[str]) -> None:
    same = compare_pages(read(" ".join(one)), read(" ".join(other))).proven
    assert (one == other) == same


@given(st.lists(source, min_size=1, max_size=4), st.sampled_from("*+-"))
def test_bullets_may_be_any(items: list[list[str]], bullet: str) -> None:
    typed = [" ".join(item) for item in items]
    assert read("\n".join(f"- {item}" for item in typed)) == read(
        "\n\n".join(f"{bullet}   {item}" for item in typed)
    )


@pytest.mark.parametrize(
    ("expected", "actual", "kind", "shown"),
    [
        ("a" * 50 + "b" + "c" * 99, "a" * 50 + "d" + "c" * 99, Kind.TEXT, ("…", "…")),
        ("a" * 99 + "b", "a" * 99, Kind.TEXT, ("a", "b")),
    ],
)
def test_a_long_text_is_shown_around_its_difference(
    expected: str, actual: str, kind: Kind, shown: tuple[str, str]
) -> None:
    ours, theirs = (
        Page(name="p", blocks=(Block(section=(), element=Element(kind="p", children=(text,))),))
        for text in (expected, actual)
    )
    (difference,) = compare_pages(ours, theirs).differences
    assert kind == difference.kind
    assert shown == (difference.expected[0], difference.expected[-1])
    assert len(difference.expected) <= 102


def test_a_difference_prints_its_place() -> None:
    difference = Difference(
        page="a/b", line=3, path="section 'T' > p", kind=Kind.TEXT, expected="x", actual="y"
    )
    assert "a/b:3: text at section 'T' > p: 'x' became 'y'" == str(difference)
    assert "a/b: text at section 'T' > p: 'x' became 'y'" == str(replace(difference, line=None))


def test_warnings_are_counted_whatever_their_lines() -> None:
    one, two = (Warned(page="a", line=line, message="m") for line in (1, 2))
    other = Warned(page="a", line=1, message="other")
    assert (one,) == new_warnings([two], [two, one], {"a"})
    assert (other,) == new_warnings([one, two], [two, other], {"a"})


def test_a_warning_of_an_included_file_may_be_said_of_the_page_once() -> None:
    included, on_page, elsewhere = (
        Warned(page=page, line=1, message="m") for page in ("/outside/NEWS", "a", "b")
    )
    assert () == new_warnings([included], [on_page], {"a", "b"})
    assert (elsewhere,) == new_warnings([included], [on_page, elsewhere], {"a", "b"})
    assert (on_page,) == new_warnings([included], [included, on_page], {"a", "b"})
    assert (elsewhere,) == new_warnings([on_page], [elsewhere], {"a", "b"})
    assert (included,) == new_warnings([on_page], [included], {"a", "b"})


def test_an_element_finds_its_attribute_and_its_text() -> None:
    inner = Element(kind="emphasis", children=("b",))
    tree = Element(kind="paragraph", attributes=(("ids", "x"),), children=("a ", inner))
    assert ("x", None, "a b") == (tree.attribute("ids"), tree.attribute("no"), tree.text())
    assert [tree, inner] == list(tree.walk())


def test_a_site_finds_its_pages() -> None:
    page = Page(name="a", blocks=())
    site = Site(pages=(page,))
    assert (page, None) == (site.page("a"), site.page("b"))
    assert compare_sites(site, site).proven
