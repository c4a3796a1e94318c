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
    "an application with the semicolon of its attribute": "derivation {\n  builder = x;\n};",
    "an elided let": "let a = 1;\n...",
    "an elided body after with": "with (import ./a.nix); ...",
    "an elided function": "{ system ? a\n  ...\n}: ...",
    "an elided argument": "f { a = 1; ... } ...",
    "an elided end": "f = x:\n  let\n    a = [ 1 ];\n  # ...",
    "an elided end of a file": "{ lib, ... }:\n{\n  a = { b = 1;\n  ...",
    "numbers of notes": "assert a; ①\nf ② { b = 1; ③ }",
    "an elision between attributes": "{ a = 1; ...; b = 2; ... c = 3; }",
    "an attribute whose value is left out": "a = ...\n",
    "dots in a string": '{ a = "{ ... }"; b = [ "…" ]; }',
    "names that the reader fills in": "disk.<name>.size = 1;\nuser = <your own name>;",
    "names like variables of a shell": "packages.$pkg.doCoverage = true;",
    "a last value that is left out": "a = f {\n  b = 1;\n  c = ...\n};",
    "snippets with words between": "a = 1;\n# ... and then:\nf a",
    "values as Nix prints them": "{ a = «derivation»; b = <derivation go-1.21.5>; }",
    "a value that is a comment": "a = [ ];\n\noptions.b = # ...",
    "what stands in a string": "${pkgs.nginx}/conf/mime.types",
    "a comment in place of a value": "{ systems = /* ... */; a = (/* the body */); }",
    "an elision in words": "{ config = ... use flake ...; }",
    "an elided end in brackets": "{\n  a = {\n    b = {\n      c = 1;\n      # ...\n}",
    "an end that is cut off": "{\n  a = {\n    b = 1;\n  };\n# --snip--",
    "an end that is cut off in a string": 'let\n  a = 1;\nin\n  f (g "x....',
    "an end that is cut off in a script": "{\n  a = {\n    b = ''\n      # --snip--\n}",
    "pipes": 'a = b\n  |> map (x: "|> ${x}")\n  |> f c;',
    "a pipe to the left": "f <| g a",
    "a line that goes on elsewhere": "config = lib.mkIf (a || b) {",
    "a header that goes on elsewhere": "outputs = { self, nixpkgs, ... }:",
    "a body of a let that stands elsewhere": "in\nf {\n  a = 1;\n}",
    "a header without its colon": "{\n  config,\n  lib,\n  ...\n}",
    "bindings and an expression": "inc = x: x + 1;\ninc 5",
    "lines that mdBook hides": "{\n  a = 1;\n~  b = 2;\n}",
    "an end that was cut out": "  config = f {\n    a = 1;\n  };\n}",
    "an attribute both ways": "a = 1; # wrong\na = 2; # right",
    "two files": "# a.nix\n{ a = f (x: {\n  b = 1;\n}); }\n\n# b.nix\n{ x }:\ng {\n  # ...\n}",
    "a value that a comment tells of": "{\n  a = # ... use b\n}",
    "one or the other": "args@{ x, ... }: x\n# or\n{ x, ... }@args: x",
    "several snippets": "# instead of:\nwith a;\n\n# write:\nlet b = a; in b",
}

NOT_NIX = {
    "a missing value": "{ a = ; }",
    "a missing semicolon": "{ a = 1 b = 2; }",
    "a brace too many at the end": "{\n  a = { b = 1; };\n  };\n}",
    "a bracket too many": "{ a = [ 1 ]]; }",
    "a wrong snippet among right ones": "{ a = 1; }\n\n{ b = ; }",
    "a bracket that is open before an elision": "{\n  a = [ 1;\n  ...\n}",
    "a brace too few": "{\n  # ...\n  a = {\n    b = 1;\n}",
    "a value in place of a binding": "a = 1;\nb 2;",
    "a binding without its semicolon, before an expression": "a = 1\nb = 2;\nc",
    "a bracket too many at the end of a let": "let\n  a = { };\n};\nin a",
    "an operator without its right side": "let a = 1; in\na +",
    "a pipe into nothing": "{ a = b |> ; }",
    "an unclosed string": '{ a = "x; }',
    "an unclosed string that speaks of dots": '{ a = "x...; }\n{ b = 1; }',
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
