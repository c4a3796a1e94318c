"""What counts as a shell script in documentation, told by bash in bubblewrap."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from doctest_nix import scripts
from doctest_nix.config import Backend, Config
from doctest_nix.sandbox import Sandbox
from doctest_nix.sandbox.select import provider

SCRIPTS = {
    "a loop on one line": "for i in {1..5}; do echo $i; done",
    "a condition on one line": "if true; then echo yes; fi",
    "a comment in place of a body": "for arg in a b\ndo\n  # statements\ndone",
    "an elided body": "f() {\n  ...\n  true\n}",
    "what the reader fills in": "cp <your file> /mnt && chown <user>:users /home/old<user>",
    "an elided body of nothing else": "f() {\n    # ...\n}\nfunction g() {\n    ...\n}",
    "the rest of a pipe": " | sed 's/a/b/'\n",
    "the rest of a list": "&& make install",
    "the head of a loop": "for i in $(seq 1 10); do",
    "the head of a loop without its do": "for i in 1 2 3",
    "a whole loop on a line": "for i in 1 2; do echo $i; done",
    "the head of a condition": "if [ -f a ]; then",
    "a word that may be left out": "ninja\n(sudo) ninja install",
}
NO_SCRIPTS = {
    "a pipe that begins a line": "cat a\n | sort",
    "a loop whose word is misspelt": "for i on a b; do",
    "a loop that is not closed": "for a in b; do\n  echo $a",
    "a quote that is not closed": "nix-build -A system`",
    "a body with nothing in it": "if true; then\nfi",
}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    made = provider(Config(backend=Backend.BUBBLEWRAP))
    sandbox = made.create()
    sandbox.start()
    yield sandbox
    sandbox.stop()
    made.close()


def test_what_documentation_leaves_out_of_scripts_is_no_mistake(sandbox: Sandbox) -> None:
    found = dict(zip(SCRIPTS, scripts.errors(sandbox, list(SCRIPTS.values())), strict=True))

    assert dict.fromkeys(SCRIPTS) == found


def test_what_bash_does_not_read_is_a_mistake(sandbox: Sandbox) -> None:
    found = dict(zip(NO_SCRIPTS, scripts.errors(sandbox, list(NO_SCRIPTS.values())), strict=True))

    assert [] == [name for name, error in found.items() if error is None]
