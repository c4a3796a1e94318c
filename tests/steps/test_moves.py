"""Prose between transcripts tells the reader where to type, and which keys to press."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctest_nix.document import Block, Document, Element, Location, Prose, Style
from doctest_nix.steps.moves import Move, after, before, fails, goes_on, moves

PLACE = Location(path=Path("page.md"), line=1, end_line=1)


def prose(text: str) -> Prose:
    return Prose(location=PLACE, text=text)


def block(text: str) -> Block:
    return Block(location=PLACE, style=Style.FENCE, language="console", text=text, text_line=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Open another terminal and type:", (Move.OTHER,)),
        ("Open **a new terminal**:", (Move.OTHER,)),
        ("Now, in a second terminal window, ask it:", (Move.OTHER,)),
        ("Stop the virtual machine from a different terminal:", (Move.OTHER,)),
        ("Check it by opening a new terminal and typing:", (Move.OTHER,)),
        ("In a separate shell:", (Move.OTHER,)),
        ("This gives you a new shell in which `hello` is known.", ()),
        ("Open the page in a new tab.", ()),
        ("The terminal shows it.", ()),
        ("Back in the first terminal:", (Move.FIRST,)),
        ("Go back to the terminal.", (Move.FIRST,)),
        ("Press Ctrl-C to stop it.", (Move.INTERRUPT,)),
        ("Press <kbd>Ctrl</kbd>+<kbd>C</kbd> to stop `dmesg --follow`.", (Move.INTERRUPT,)),
        ("Stop it with {kbd}`Ctrl+C`.", (Move.INTERRUPT,)),
        ("Then hit :kbd:`Ctrl+C`.", (Move.INTERRUPT,)),
        ("Finally, stop the server with `^C`.", (Move.INTERRUPT,)),
        ("The server runs until somebody presses Ctrl-C.", ()),
        ("You can stop it with Ctrl-C at any time.", ()),
        ("Press `CTRL-D` to leave.", (Move.LEAVE,)),
        ("Type `exit` or press `CTRL-D` to exit the shell.", (Move.LEAVE,)),
        ("Exit the shell by typing `exit`, then start it again.", (Move.LEAVE,)),
        ("Type ``exit`` when you are done.", (Move.LEAVE,)),
        ("The status is that of `exit`.", ()),
        ("Type your name, then exit stage left.", ()),
        (
            "In the first terminal, press Ctrl-C. Then open another terminal.",
            (Move.FIRST, Move.OTHER),
        ),
        (
            "It works. Press Ctrl-C now. Then open another terminal.",
            (Move.INTERRUPT, Move.OTHER),
        ),
    ],
)
def test_a_sentence_is_a_move(text: str, expected: tuple[Move, ...]) -> None:
    assert expected == moves([prose(text)])


@pytest.mark.parametrize(
    ("shown", "text", "expected"),
    [
        ("", "In another terminal:", True),
        ("", "It runs until you press Ctrl-C.", True),
        ("Press CTRL+C to quit", "", True),
        ("", "You escape with <kbd>Ctrl</kbd>\\+<kbd>C</kbd>.", True),
        ("", "Press Ctrl-D to leave.", False),
        ("done", "That was it.", False),
    ],
)
def test_what_the_page_goes_on_beside(shown: str, text: str, expected: bool) -> None:
    assert expected is goes_on(shown, [prose(text)])


def test_prose_belongs_to_the_transcripts_around_it() -> None:
    elements: tuple[Element, ...] = (
        prose("zero"),
        block("$ one"),
        prose("a"),
        block("No transcript"),
        prose("b"),
        block("$ two"),
        prose("c"),
    )
    document = Document(path=Path("page.md"), elements=elements)
    assert ["zero"] == [p.text for p in before(document, 1)]
    assert ["a", "b"] == [p.text for p in after(document, 1)]
    assert ["a", "b"] == [p.text for p in before(document, 5)]
    assert ["c"] == [p.text for p in after(document, 5)]


def test_a_session_without_prompts_is_a_transcript_too() -> None:
    elements: tuple[Element, ...] = (block("$ one"), prose("a"), block("two"), prose("b"))
    document = Document(path=Path("page.md"), elements=elements)
    assert ["a"] == [p.text for p in after(document, 0)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("This will result in an error.", True),
        ("The command fails with a type error:", True),
        ("The error message indicates that a value must be set.", True),
        ("Building it, you will see the following error:", True),
        ("It should fail, for there is no compiler.", True),
        ("If it fails, look at the log.", False),
        ("If a program is missing, it will fail.", False),
        ("Without `jq`, you get an error.", False),
        ("The build will not take long.", False),
        ("Errors are explained below.", False),
    ],
)
def test_prose_tells_that_a_command_fails(text: str, expected: bool) -> None:
    assert expected is fails([prose(text)])
