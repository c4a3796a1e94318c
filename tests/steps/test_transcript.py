"""Which lines are prompts, which are commands and which are output."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctest_nix.document import Block, Location, Style
from doctest_nix.steps.transcript import Prompt, exchanges


def block(text: str, language: str = "console", line: int = 10) -> Block:
    lines = text.count("\n") + 1
    return Block(
        location=Location(path=Path("a.md"), line=line, end_line=line + lines + 1),
        style=Style.FENCE,
        language=language,
        text=text,
        text_line=line + 1,
    )


def shown(text: str, language: str = "console") -> list[tuple[str, str, str]]:
    return [(e.prompt.value, e.input, e.expected) for e in exchanges(block(text, language))]


@pytest.mark.parametrize(
    ("line", "prompt"),
    [
        ("$ ls", Prompt.SHELL),
        ("[nix-shell:~]$ ls", Prompt.NESTED),
        ("[nix-shell]$ ls", Prompt.NESTED),
        ("[nix-develop:~/x]$ ls", Prompt.NESTED),
        ("nix-repl> ls", Prompt.REPL),
        ("alice@host:~/x$ ls", Prompt.SHELL),
        ("[alice@nixos:/tmp]$ ls", Prompt.SHELL),
        ("[root@nixos:~]# ls", Prompt.SHELL),
        ("bash-5.1$ ls", Prompt.SHELL),
        ("# ls", Prompt.ROOT),
    ],
)
def test_each_prompt_is_known(line: str, prompt: Prompt) -> None:
    (exchange,) = exchanges(block(line))

    assert (prompt, "ls") == (exchange.prompt, exchange.input)


def test_output_goes_up_to_the_next_prompt_without_blank_lines_at_its_end() -> None:
    assert [("shell", "a", "1\n\n2"), ("shell", "b", "")] == shown("$ a\n1\n\n2\n\n$ b\n")


def test_a_prompt_counts_whatever_the_language() -> None:
    assert [("shell", "a", "1")] == shown("$ a\n1", "nix")


def test_a_prompt_counts_at_the_common_indentation_alone() -> None:
    assert [("shell", "a", "  $ b")] == shown("  $ a\n    $ b")


def test_a_hash_is_output_or_a_comment_where_dollar_prompts_are_shown() -> None:
    assert [("shell", "cat x", "# title")] == shown("$ cat x\n# title")


def test_a_hash_is_no_prompt_in_other_languages() -> None:
    assert [] == shown("# ls", "nix")


def test_a_continuation_prompt_continues_an_unfinished_command() -> None:
    assert [("shell", "cat <<E\na\nE", "a")] == shown("$ cat <<E\n> a\n> E\na")


def test_a_continuation_prompt_after_a_finished_command_is_output() -> None:
    assert [("shell", "cat q", "> a")] == shown("$ cat q\n> a")


def test_a_command_goes_on_in_lines_without_a_prompt() -> None:
    assert [("shell", "nix-build \\\n  --no-out-link", "ok")] == shown(
        "$ nix-build \\\n  --no-out-link\nok"
    )


def test_in_a_repl_the_syntax_of_nix_tells_what_goes_on() -> None:
    page = """\
nix-repl> ''test " test''
"test \\" test"
nix-repl> if 1 > 2 then "yes" else "no"
"no"
nix-repl> {
  a = 1;
}
{ a = 1; }"""

    assert [
        ("repl", "''test \" test''", '"test \\" test"'),
        ("repl", 'if 1 > 2 then "yes" else "no"', '"no"'),
        ("repl", "{\n  a = 1;\n}", "{ a = 1; }"),
    ] == shown(page)


def test_an_unclosed_quote_ends_at_the_next_prompt() -> None:
    assert [("shell", "echo 'a\nb", ""), ("shell", "ls", "")] == shown("$ echo 'a\nb\n$ ls")


def test_a_bare_prompt_is_an_exchange_without_a_command() -> None:
    assert [("shell", "nix-shell", ""), ("nested", "", "")] == shown(
        "$ nix-shell\n\n[nix-shell:~]$"
    )


def test_locations_are_document_lines() -> None:
    found = exchanges(block("$ a\n1\n2\n\n$ b", line=10))

    assert [(11, 13), (15, 15)] == [(e.location.line, e.location.end_line) for e in found]


def test_text_without_a_prompt_has_no_exchanges() -> None:
    assert [] == shown("hello\nworld")
