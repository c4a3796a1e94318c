"""Words, signs and strings of Nix code, and the bindings in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctest_nix.nixsource import bindings, is_unfinished, tokens, unclosed


def words(text: str) -> list[str]:
    return [token.text for token in tokens(text)]


def bound(text: str) -> list[tuple[str, str]]:
    return [(binding.path, text[binding.start : binding.end]) for binding in bindings(text)]


def test_comments_and_white_space_are_no_code() -> None:
    assert ["a", "=", "1", ";"] == words("a # b = 2;\n= /* c\n= 3; */ 1;")


def test_a_comment_that_is_not_closed_reaches_to_the_end() -> None:
    assert ["a"] == words("a /* b = 2;")


def test_signs_of_two_characters_are_one_token() -> None:
    assert "a == b != c -> d && e || f // g ++ h <= i >= j".split() == words(
        "a==b != c ->d&&e || f//g ++ h<=i >= j"
    )


@pytest.mark.parametrize(
    "string",
    [
        '"a ; } b"',
        r'"a \" ; b"',
        '"${ { a = "}"; }.a }"',
        "\"${''}''}\"",
        '"$${"',
        "'' a '''; b ''",
        "'' ''${ a ''",
        "'' ''\\' a ''",
        "''${ f { x = ''y''; } }''",
        '"${ /* } */ a # }\n}"',
    ],
)
def test_a_string_is_one_token_with_its_interpolations(string: str) -> None:
    assert ["a", "=", string, ";"] == words(f"a = {string};")


def test_a_string_that_is_not_closed_reaches_to_the_end() -> None:
    assert ["a", "=", '"b; ${ c } }'] == words('a = "b; ${ c } }')


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if a > b then 1 else 2", False),
        ("''it's \" open''", False),
        ("''it's \" open", True),
        ('"a', True),
        ("{ a = 1;", True),
        ("let a = 1;", True),
        ('[ "a" # b', True),
        ("a =", True),
        ("a: ", True),
        ("a = 1;", False),
        ("with lib;", True),
        ("x = assert a;", True),
        ("x = with a; b;", False),
        ("# note", False),
    ],
)
def test_nix_waits_for_what_is_not_closed(text: str, expected: bool) -> None:
    assert expected is is_unfinished(text)


@given(st.text(alphabet="ab \n\"'${}\\#/*=;.…[]()", max_size=60))
def test_tokens_are_the_text_between_white_space_and_comments(text: str) -> None:
    found = tokens(text)

    assert [text[token.start : token.end] for token in found] == [token.text for token in found]
    assert sorted(found, key=lambda token: token.start) == list(found)


def test_what_is_open_is_closed_innermost_first() -> None:
    assert ("in", ")", "]", "}") == unclosed(tokens("{ a = [ (let b = 1;"))


def test_a_bracket_that_closes_nothing_changes_nothing() -> None:
    assert ("]",) == unclosed(tokens("} [ ) { }"))


def test_bindings_are_found_with_their_semicolons() -> None:
    text = 'a = 1; b.c = { d = "x;"; };\n"e f".g = 2;'
    expected = [
        ("a", "a = 1;"),
        ("b.c", 'b.c = { d = "x;"; };'),
        ("d", 'd = "x;";'),
        ('"e f".g', '"e f".g = 2;'),
    ]
    assert expected == bound(text)


def test_the_semicolon_of_with_and_assert_ends_no_binding() -> None:
    assert [("a", "a = with lib; assert b == c; d;")] == bound("a = with lib; assert b == c; d;")


def test_a_binding_without_its_semicolon_reaches_to_the_end_of_the_text() -> None:
    assert [("a", "a = { b = 1; }"), ("b", "b = 1;")] == bound("a = { b = 1; }\n")


def test_a_let_within_a_value_ends_with_its_in() -> None:
    assert [("a", "a = let b = 1; in b;"), ("b", "b = 1;")] == bound("a = let b = 1; in b;")


@pytest.mark.parametrize("text", ["f a == b", "{ a ? 1 }: a", "inherit a;", "x: y", "a.${b} = 1;"])
def test_what_is_no_binding_of_a_plain_name_is_left_alone(text: str) -> None:
    assert [] == bound(text)
