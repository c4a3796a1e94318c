"""What holds for every value."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctest_nix.nixvalue import NotAValueError, Value, equal, parse, render
from doctest_nix.nixvalue.value import (
    Builtin,
    Derivation,
    Elision,
    Failure,
    FilePath,
    Items,
    Lambda,
    Members,
    Number,
    Opaque,
    Repeated,
    Text,
    Thunk,
    Word,
)

WORDS = st.from_regex(r"[a-z]{1,5}", fullmatch=True)
PATHS = st.from_regex(r"/[a-z0-9._-]{1,9}", fullmatch=True).filter(lambda path: ".." not in path)
STRINGS = st.text(alphabet='ab"\\\n\t\r$ {}«»;é', max_size=8)
WHOLE: st.SearchStrategy[Value] = st.one_of(
    st.builds(Text, text=STRINGS),
    st.builds(Number, text=st.one_of(st.integers().map(str), st.sampled_from(["1.5", "-2e+08"]))),
    st.builds(Word, text=st.sampled_from(["true", "false", "null"])),
    st.builds(FilePath, text=PATHS),
    st.builds(Lambda),
    st.builds(Builtin, name=st.one_of(st.just(""), WORDS), applied=st.booleans()),
    st.builds(Derivation, path=st.one_of(st.just(""), PATHS)),
    st.builds(Failure, message=WORDS),
    st.builds(Opaque, text=WORDS.map(lambda word: f"not known {word}")),
)
PARTIAL: st.SearchStrategy[Value] = st.one_of(
    WHOLE,
    st.builds(Thunk),
    st.builds(Repeated),
    st.builds(Elision),
    st.builds(Text, text=STRINGS, cut=st.just(True)),
)


def nested(leaves: st.SearchStrategy[Value], *, elided: bool) -> st.SearchStrategy[Value]:
    def around(inner: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
        names = st.one_of(WORDS, STRINGS, st.just("a-b'"))
        members = st.dictionaries(names, inner, max_size=3).map(lambda d: tuple(d.items()))
        return st.one_of(
            st.builds(Items, items=st.lists(inner, max_size=3).map(tuple)),
            st.builds(Members, members=members, elided=st.booleans() if elided else st.just(False)),
        )

    return st.recursive(leaves, around, max_leaves=8)


ANY = nested(PARTIAL, elided=True)
COMPLETE = nested(WHOLE, elided=False)


def stretched(printed: str, spaces: list[str]) -> str:
    """Return ``printed`` with other white space where there is some outside of strings."""
    gaps = iter(spaces * (len(printed) // len(spaces) + 1))
    parts = re.split(r'("(?:[^"\\]|\\.)*"|«.*?»)', printed)
    return "".join(
        part if index % 2 else re.sub(" ", lambda _: next(gaps), part)
        for index, part in enumerate(parts)
    )


@given(ANY)
def test_a_rendered_value_is_read_back(value: Value) -> None:
    assert value == parse(render(value))


@given(ANY)
def test_a_value_is_like_itself(value: Value) -> None:
    assert equal(render(value), render(value))


@given(COMPLETE, COMPLETE)
def test_complete_values_are_alike_both_ways(one: Value, other: Value) -> None:
    assert equal(render(one), render(other)) == equal(render(other), render(one))


@given(COMPLETE, COMPLETE)
def test_complete_values_with_names_are_alike_only_if_they_are_the_same(
    one: Value, other: Value
) -> None:
    text = render(one) + render(other)
    if not any(vague in text for vague in ("<PRIMOP", "«derivation", "e+08", "= ", "...")):
        assert (one == other) == equal(render(one), render(other))


@given(ANY, st.lists(st.sampled_from([" ", "\n  ", "\t", "  "]), min_size=9, max_size=9))
def test_white_space_outside_of_strings_does_not_count(value: Value, spaces: list[str]) -> None:
    assert value == parse(stretched(render(value), spaces))


@given(ANY)
def test_dots_are_like_anything(value: Value) -> None:
    assert (True, True) == (equal("...", render(value)), equal(render(value), "..."))


@given(st.text(alphabet='[]{}<>«»"\\=;./-+…1aeinf \n', max_size=30))
def test_nothing_is_raised_but_the_documented_error(text: str) -> None:
    try:
        value = parse(text)
    except NotAValueError:
        assert equal(text, text)
        return
    assert value == parse(render(value))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "a value expected at character 1, where 'the end' is"),
        ("1 2", "the end expected at character 3, where '2' is"),
        ("[ 1", "a value expected at character 4, where 'the end' is"),
        ("{ a = 1 }", "`;` expected at character 9, where '}' is"),
        ("{ a 1; }", "the name of a member expected at character 3, where 'a 1; }' is"),
        ('{ "a" 1; }', "`=` expected at character 7, where '1; }' is"),
        ("{ «thunk» }", "a member of a set expected at character 10, where ' }' is"),
        ('"a', "`\"` expected at character 3, where 'the end' is"),
        ("«a", "`»` expected at character 3, where 'the end' is"),
        (
            "[" * 200,
            f"no more than 100 nested values expected at character 102, where {'[' * 20!r} is",
        ),
    ],
)
def test_what_is_no_value_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(NotAValueError) as caught:
        parse(text)
    assert message == str(caught.value)
