"""Commands that a shell would continue on another line, and those that it would not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctest_nix.steps.shell_syntax import is_unfinished, logical_lines

UNFINISHED = [
    "echo 'a",
    'echo "a',
    "echo `ls",
    "echo a \\",
    'echo "a \\',
    "cat <<EOF",
    "cat <<'E' > f\nit's",
    "cat <<-EOF\n\tEO",
    "for i in 1 2; do",
    "if true; then",
    "while read l; do echo $l",
    "case x in",
    "a |",
    "a &&",
    "[ -e a ] ||",
    "a | # the rest",
    "echo $(ls",
    'echo "$(ls "a b"',
    "f() {",
    "function f {",
    "echo $'a\\'",
    "echo `a \\`",
    "(( x = 1 +",
    "{ echo a",
    "(cd x",
    "x=(a",
    "nix eval --expr 'x:",
]

FINISHED = [
    "",
    "echo a",
    "cat <<EOF\nx\nEOF",
    "cat <<'E' > f\nit's\nE",
    "cat <<-EOF\n\tEOF",
    "cat <<A; cat <<B\n1\nA\n2\nB",
    "cat <<< 'x'",
    "for i in 1 2; do echo $i; done",
    "if true; then echo; fi",
    "if [[ a =~ (b) ]]; then echo; fi",
    "case x in\na) echo;;\nif) echo;;\nesac",
    'echo "$(ls "a b")" x',
    "f() {\n echo a\n}",
    "f() { echo a; }",
    "echo {a,b}",
    "echo }",
    "echo done",
    "echo it\\'s",
    "echo # it's",
    "echo a#'b'",
    "echo ${x:-y}",
    "echo $((1 + 2))",
    "echo $((1<<2))",
    "(( x <<= y ))",
    "(( x = 1 << y )); echo",
    "function f { echo a; }",
    "function done { echo a; }",
    "echo $'it\\'s'",
    "echo `echo \\`ls\\``",
    "echo $#",
    "echo a;",
    "sleep 1 &",
    "(cd x; ls)",
    "! true",
    "time ls",
    "x=(a\nb)",
    "nix-build -E 'with import <nixpkgs> {};\nhello'",
    "nix build .#hello",
]


@pytest.mark.parametrize("command", UNFINISHED)
def test_a_shell_asks_for_more_lines(command: str) -> None:
    assert is_unfinished(command)


@pytest.mark.parametrize("command", FINISHED)
def test_a_shell_asks_for_no_more_lines(command: str) -> None:
    assert not is_unfinished(command)


def test_commands_are_split_at_their_own_ends() -> None:
    text = "# set up\ncd x &&\n  make\n\ncat <<E\n# in\nE\nls"

    assert [(1, "cd x &&\n  make"), (4, "cat <<E\n# in\nE"), (7, "ls")] == logical_lines(text)


def test_an_unfinished_command_is_kept_to_the_end() -> None:
    assert [(0, "echo 'a\nb")] == logical_lines("echo 'a\nb")


@given(st.text(alphabet="ab '\"`\\$(){}<>EOF;|&#\n-", max_size=60))
def test_no_text_is_refused_and_none_is_lost(text: str) -> None:
    kept = [line for _, command in logical_lines(text) for line in command.split("\n")]

    assert [n for n in kept if n.strip() and not n.lstrip().startswith("#")] == [
        n for n in text.split("\n") if n.strip() and not n.lstrip().startswith("#")
    ]
