"""What counts as Nix in documentation, told by Nix itself in bubblewrap."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from doctest_nix import syntax
from doctest_nix.config import Backend, Config
from doctest_nix.sandbox import Sandbox
from doctest_nix.sandbox.select import provider

NIX = {
    "a whole file": "{ pkgs }:\npkgs.hello",
    "names that are bound elsewhere": "lib.mkIf config.enable 1",
    "attributes without braces": "a = 1;\nb.c = 2;",
    "an attribute without its semicolon": "a = [ 1 ]",
    "a header without its body": "{ config, lib, ... }:",
    "a let without its body": "let a = 1; in",
    "members of a list": "./a.nix\n./b.nix { x = 1; }\n(f 1)",
    "elided lines": "{\n  ...\n  a = 1;\n  # …\n}",
    "elided values": "{ a = ...; b = { ... }; c = [ ... ]; d = f (...); }",
    "an elided body": "let a = 1;\nin ...",
    "several snippets": "# instead of:\nwith a;\n\n# write:\nlet b = a; in b",
}

NOT_NIX = {
    "a missing value": "{ a = ; }",
    "a missing semicolon": "{ a = 1 b = 2; }",
    "a bracket too many": "{ a = [ 1 ]]; }",
    "a wrong snippet among right ones": "{ a = 1; }\n\n{ b = ; }",
    "an unclosed string": '{ a = "x; }',
    "shell": "for i in a b; do echo $i; done",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = provider(Config(backend=Backend.BUBBLEWRAP))
    sandbox = made.create()
    sandbox.start()
    yield sandbox
    sandbox.stop()
    made.close()


def test_each_form_of_documentation_is_nix(sandbox: Sandbox) -> None:
    found = dict(zip(NIX, syntax.errors(sandbox, list(NIX.values())), strict=True))

    assert dict.fromkeys(NIX) == found


def test_each_mistake_is_none(sandbox: Sandbox) -> None:
    found = dict(zip(NOT_NIX, syntax.errors(sandbox, list(NOT_NIX.values())), strict=True))

    assert [] == [name for name, error in found.items() if error is None]


def test_a_mistake_is_told_with_its_line(sandbox: Sandbox) -> None:
    (error,) = syntax.errors(sandbox, ["{\n  a = ;\n}"])

    assert "line 2 of the block: syntax error, unexpected ';'" == error


def test_a_whole_file_is_told_from_a_part(sandbox: Sandbox) -> None:
    assert (True, False) == syntax.whole(sandbox, ["{ a = 1; }", "a = 1;"])
