"""A terminal's output as text: one case for each thing that programs do to a line."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctest_nix.screen import render

PRINTABLE = st.text(st.characters(exclude_categories=("Cc", "Cs")) | st.sampled_from("\n\t"))


def shown(text: str, columns: int = 1000) -> str:
    return render(text.encode(), columns)


@given(PRINTABLE)
def test_plain_text_is_itself(text: str) -> None:
    assert text == shown(text)


@given(st.binary())
def test_any_bytes_render_and_rendering_again_changes_nothing(data: bytes) -> None:
    once = render(data, 80)
    assert once == shown(once, 80)


SEQUENCES = [
    f"\x1b[{n}{final}"
    for n in ("", "0", "1", "3", "99999999", "2;3")
    for final in "ABCDEFGHJKPX@su"
]
CONTROLS = st.lists(
    st.sampled_from(
        [
            *SEQUENCES,
            *"abc \n\r\b\t\v\x07\x0e\x7f\x1b\x9b\x00é漢─\u0301",
            *("e\u0301", "\x1b7", "\x1b8", "\x1bM", "\x1bD", "\x1bc", "\x1b(0", "\x1b(B", "\x1b)0"),
            *("\x1b]0;t\x07", "\x1b]8;;x\x1b\\", "\x1b[?1049h", "\x1b[?1049l", "\x1b[31m"),
            *("\x1b[?25l", "\x1b[", "\x1b[9q", "\x1b[2J", "\x1b[2K"),
        ]
    )
)


@given(CONTROLS)
def test_any_mixture_of_sequences_renders_to_plain_text(parts: list[str]) -> None:
    text = shown("".join(parts), 40)
    assert text == shown(text, 40)
    assert {c for c in text if unicodedata.category(c) == "Cc"} <= {"\n", "\t"}


@given(CONTROLS, PRINTABLE)
def test_a_new_line_after_any_sequences_starts_clean(parts: list[str], tail: str) -> None:
    before = "".join(parts).rstrip("\x1b")
    assert shown(before + "\x1b(B\x07\x1bcX\n" + tail, 40).endswith("X\n" + tail)


CASES = {
    "carriage return before a line feed is no text": ("a\r\nb\r\r\n", "a\nb\n"),
    "a progress bar shows its last state": ("10%\r50%\r100%\n", "100%\n"),
    "a shorter rewrite leaves the rest of the longer one": ("abcdef\rxy\n", "xycdef\n"),
    "erase to the end of the line": ("abcdef\rxy\x1b[K\n", "xy\n"),
    "erase to the start of the line": ("abcdef\x1b[3D\x1b[1K!\n", "   !ef\n"),
    "erase the whole line": ("abcdef\r\x1b[2Kxy\n", "xy\n"),
    "a backspace moves back, and what follows overwrites": ("abx\bc\n", "abc\n"),
    "backspace stops at the margin": ("\b\b\ba\n", "a\n"),
    "a spinner": ("|\b/\b-\b\\\bdone\n", "done\n"),
    "colours leave no trace": ("\x1b[1;31mred\x1b[0m plain\x1b[38;5;12m\n", "red plain\n"),
    "colours between moves leave no trace": ("ab\r\x1b[31mx\x1b[0m\n", "xb\n"),
    "a title leaves no trace": ("\x1b]0;title\x07text\n", "text\n"),
    "a link shows its text": ("\x1b]8;;https://a\x1b\\text\x1b]8;;\x1b\\\n", "text\n"),
    "a title that is not closed ends with its line": ("\x1b]0;oh\ntext\n", "\ntext\n"),
    "a title between moves": ("ab\rx\x1b]0;title\x07\n", "xb\n"),
    "paste, cursor and keypad modes leave no trace": (
        "\x1b[?2004h\x1b[?25l\x1b=a\x1b>",
        "a",
    ),
    "a bell is heard, not shown": ("a\x07b", "ab"),
    "cursor up rewrites an earlier line": ("one\ntwo\n\x1b[2Auno\n\x1b[1Bend", "uno\ntwo\nend"),
    "cursor up stops at the first line": ("one\n\x1b[9Ax\n", "xne\n"),
    "cursor down stops at the last line": ("one\x1b[9B!", "one!"),
    "cursor right leaves blanks": ("a\x1b[3Cb", "a   b"),
    "cursor right stops at the last column": ("\x1b[5000Cb", " " * 9 + "b"),
    "cursor right never moves back on a wide line": (
        "x" * 20 + "\x1b[C!",
        "x" * 20 + "!",
    ),
    "cursor left stops at the margin": ("ab\x1b[99Dc", "cb"),
    "column": ("abcdef\x1b[2GX", "aXcdef"),
    "next and previous line": ("a\nb\x1b[FX\x1b[EY", "X\nY"),
    "row and column": ("a\nb\x1b[1;3HX\x1b[3;1HY", "a X\nb\nY"),
    "row alone": ("abc\ndef\x1b[1dX", "abcX\ndef"),
    "home": ("abc\ndef\x1b[HX", "Xbc\ndef"),
    "clear": ("old\nold\n\x1b[H\x1b[2J\x1b[3Jnew\n", "new\n"),
    "clear forgets what scrolled off": ("x\n" * 200 + "\x1b[H\x1b[2J\x1b[3Jnew\n", "new\n"),
    "erase display below": ("a\nb\nc\x1b[2A\r\x1b[Jx", "x"),
    "erase display above": ("ab\ncd\x1b[1D\x1b[1Jx", "\n x"),
    "reset": ("old\nold\x1bcnew", "new"),
    "delete characters": ("abcdef\x1b[5D\x1b[2Px", "axef"),
    "erase characters": ("abcdef\x1b[5D\x1b[2Xx", "ax def"),
    "insert characters": ("abc\x1b[2D\x1b[2@x", "ax bc"),
    "save and restore with escapes": ("ab\x1b7cd\x1b8X", "abXd"),
    "save and restore with sequences": ("ab\x1b[scd\x1b[uX", "abXd"),
    "reverse index": ("one\ntwo\x1bMX", "oneX\ntwo"),
    "index and next line": ("one\x1bDtwo\x1bEsix", "one\ntwo\nsix"),
    "line drawing": ("\x1b(0lqk\x1b(B lqk", "┌─┐ lqk"),
    "another character set": ("\x1b(B\x1b)0a\rb", "b"),
    "a tab stays a tab": ("a\tb\n", "a\tb\n"),
    "a tab stays a tab after moves": ("x\ra\tb", "a\tb"),
    "a tab moves over what stands there": ("abcdefghij\r\tX", "abcdefghXj"),
    "what overwrites a tab makes blanks of it": ("a\tb\x1b[5GX", "a   X   b"),
    "vertical tab and form feed are line feeds": ("a\vb\fc", "a\nb\nc"),
    "a wide character fills two columns": ("漢x\x1b[3GX", "漢X"),
    "half a wide character is a blank": ("漢字\x1b[2GX", " X字"),
    "a mark joins its character": ("e\u0301x\x1b[2GX", "e\u0301X"),
    "a mark joins the character before the cursor": ("ax\b\x1b[0m\u0301", "a\u0301x"),
    "a mark joins a wide character": ("漢\x1b[C\x1b[D\u0301\r", "漢\u0301"),
    "a mark inside a run joins a wide character": ("\r漢\u0301", "漢\u0301"),
    "a mark with nothing before it stands alone": ("\r\u0301a", "\u0301a"),
    "a NUL is shown": ("a\x00b", "a\\x00b"),
    "an 8-bit control is shown": ("a\x9bb", "a\\x9bb"),
    "delete is not shown": ("a\x7fb", "ab"),
    "a pager's screen is gone when it ends": ("a\n\x1b[?1049hpager\n\x1b[?1049lb", "a\nb"),
    "leaving a screen that was not entered": (
        "a\n\x1b[?1049lb\x1b[?47h\x1b[?47hc\x1b[?47l",
        "a\nb",
    ),
    "a program that draws by rows": ("\x1b[5;5HX", "\n\n\n\n    X"),
    "an unfinished sequence at the end": ("a\x1b[", "a"),
    "an unknown sequence": ("a\x1b[5q\x1b[>c\x1b#8b", "ab"),
    "an escape before an escape": ("a\rb\x1b\x1b[31mc", "bc"),
    "a parameter that no screen has": ("a\x1b[99999999999999999999Cb", "a" + " " * 8 + "b"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_terminal_shows(case: str) -> None:
    printed, expected = CASES[case]
    assert expected == shown(printed, 10)


def test_bytes_that_are_not_utf8_are_shown_as_escapes() -> None:
    expected = "a\\xffb\\xc3"
    assert expected == render(b"a\xffb\xc3", 80)


def test_lines_wider_than_the_screen_are_not_wrapped() -> None:
    line = "x" * 5000
    assert line + "\n\ny" == shown(f"\x1b[31m{line}\r\n\r\n\x1b[K\x1b[31my", 80)


def test_what_scrolled_off_is_kept() -> None:
    lines = "".join(f"{n}\r\x1b[K{n}\n" for n in range(1000))
    assert "".join(f"{n}\n" for n in range(1000)) == shown(lines)


def test_cursor_up_reaches_no_line_that_scrolled_off() -> None:
    lines = shown("line\n" * 100 + "\x1b[999AX").split("\n")
    expected = ["line"] * 51 + ["Xine"] + ["line"] * 48 + [""]
    assert expected == lines


@pytest.mark.parametrize(
    "flood",
    [
        "a\r" * 300_000,
        "\x1b[999999Cx\n" * 50_000,
        "x" * 300_000 + "\r" + "\x1b[P" * 50_000,
        "x" * 300_000 + "\r" + "\x1b[99999X" * 50_000,
        "x" * 300_000 + "\x1b[1K" * 50_000,
        "x" * 300_000 + "\r" + "\x1b[99999@" * 50_000,
        "\x1b[50;999H\x1b[2J" * 50_000,
        "a" + "\x1b[31m\u0301\r\x1b[C" * 50_000,
        "\x1b[" * 200_000,
        "\x1b[" + "0" * 500_000,
        "\x1b]" * 200_000,
        "\x1b[?1049h\x1b[?1049l" * 50_000,
        "\t" * 500_000 + "\r",
        "漢\b" * 200_000,
    ],
    ids=lambda flood: repr(flood[:6] + flood[-12:]),
)
def test_a_flood_of_sequences_gives_a_bounded_text(flood: str) -> None:
    assert len(shown(flood)) <= 17 * len(flood) + 1_000_000
