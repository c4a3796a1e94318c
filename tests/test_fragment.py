"""What a file is when a page shows a part of it anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctest_nix.fragment import replaced

FILE = """\
{ lib }:
let
  sources = ./.;
in
{
  a = 1;
  b = {
    c = 2;
  };
}
"""


def test_a_binding_replaces_the_one_of_the_same_name_at_its_depth() -> None:
    part = "c =\n  1\n  + 1;\n"
    assert FILE.replace("c = 2;", "c =\n      1\n      + 1;") == replaced(FILE, part)


def test_several_bindings_replace_several() -> None:
    part = "  sources = ./src;\n  # more\n  a = 2"
    expected = FILE.replace("sources = ./.;", "sources = ./src;").replace("a = 1;", "a = 2;")
    assert expected == replaced(FILE, part)


@pytest.mark.parametrize(
    "part",
    [
        "x = 1;",  # not there
        "{ a = 1; }",  # no bindings alone
        "inherit a;",
        "b = { c = 3; # ...\n};",  # something is left out
        "a = 2; inherit x;",
        "",
    ],
)
def test_a_part_without_a_known_place_replaces_nothing(part: str) -> None:
    assert replaced(FILE, part) is None


def test_a_name_that_is_there_twice_is_no_place() -> None:
    assert replaced("{ a.x = 1; b = { x = 1; c.x = 1; }; d = { x = 2; }; }", "x = 3;") is None


def test_bindings_of_which_one_is_in_the_other_replace_nothing() -> None:
    assert replaced(FILE, "b = { c = 1; };\nc = 3;") is None


@given(st.integers(0, 9), st.sampled_from(["sources", "a", "b", "c"]))
def test_a_part_that_is_put_in_twice_is_put_in_once(number: int, name: str) -> None:
    part = f"{name} = {number};"
    once = replaced(FILE, part)
    assert once is not None
    assert once == replaced(once, part)
