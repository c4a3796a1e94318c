"""What holds for every comparison."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from doctest_nix.expectation import Bindings, Comparison, Level, compare
from doctest_nix.masks import Reader, Reading
from doctest_nix.wording import meaning

HOME, DIRECTORY = "/home/user", "/home/user/tutorial"

#: Pieces that masks, chatter, layout and wording look for, so that their mixtures come up.
PIECES = st.sampled_from(
    [
        *"ab1.-/~@:'\"`‘’«»<>{}[];=()…",
        *(" ", "  ", "\t", "\n", "\n\n", "\x1b[1m", "\r", "\x00", "\udc80", "\ufdd0"),
        *("...", "/nix/store/", "a1b2c3d4f5g6h7i8j9k0l1m2n3p4q5r6", "-hello", "-2.10", "/home/"),
        *("/home/user/tutorial", "/home/user", "/path/to", "/tmp/tmp.x", "2023-01-02", "12:34:56"),
        *("0.5s", "12 MiB", "pid 12", "0x7f00aa", "me@host", "v1.2.3", "x86_64-linux", "<LAMBDA>"),
        *("«lambda @ «string»:1:1»", "sha256-", "error:", "error: ", "at «string»:1:1:", "trace: "),
        *("warning: ", "building '/nix/store/", "these 2 paths will be fetched:", "  /nix/store/"),
        *(
            "bash: x: command not found",
            "Did you mean",
            "total 8",
            "drwxr-xr-x 2 a b 4 Jan 2 12:34 x",
        ),
    ]
)
TEXT = st.lists(PIECES, max_size=30).map("".join) | st.text()
COMMANDS = st.sampled_from(
    ["", "ls", "ls -l", "tree", "git log", "x --version", "find", "whoami", "'"]
)


def compared(page: str, printed: str, command: str = "") -> tuple[Comparison, Bindings]:
    return compare(
        page,
        printed,
        bindings=Bindings(),
        home=HOME,
        directory=DIRECTORY,
        pinned=False,
        command=command,
    )


@given(TEXT, TEXT, COMMANDS)
def test_any_two_texts_can_be_compared(page: str, printed: str, command: str) -> None:
    comparison, bindings = compared(page, printed, command)
    assert (comparison.level is Level.MATCH) == (comparison.reason == "")
    assert all(line.startswith(("- ", "+ ", "  ")) for line in comparison.diff)
    assert bindings == dict(bindings)
    if comparison.level is Level.MISMATCH:
        assert (comparison.masks, bindings) == ((), Bindings())


@given(TEXT, COMMANDS)
def test_a_text_is_itself(text: str, command: str) -> None:
    comparison, bindings = compared(text, text, command)
    assert comparison == Comparison(level=Level.MATCH)
    assert all(key.partition(":")[2] == real for key, real in bindings.items())


@given(TEXT, TEXT, COMMANDS)
def test_comparing_twice_with_what_was_bound_gives_the_same(
    page: str, printed: str, command: str
) -> None:
    first, bound = compared(page, printed, command)
    again, bindings = compare(
        page,
        printed,
        bindings=bound,
        home=HOME,
        directory=DIRECTORY,
        pinned=False,
        command=command,
    )
    assert (first.level, bound) == (again.level, bindings)


@given(st.lists(PIECES, max_size=12).map(lambda parts: "".join(parts).replace("\n", " ")))
@example("x86_64-linux0.5s")
@example("/home/user0.5s")
@example(" me@host ")
def test_masks_are_idempotent(line: str) -> None:
    reader = Reader(home=HOME, directory=DIRECTORY, pinned=False, command="git --version")
    for reading in Reading:
        once = reader.actual(line, reading)
        assert once.key == reader.actual(once.key, reading).key
        shown = reader.shown(line, reading)
        assert shown.key == reader.shown(shown.key, reading).key


@given(TEXT)
def test_the_meaning_of_a_message_is_its_own_meaning(text: str) -> None:
    assert meaning(text) == meaning(meaning(text))


@given(st.lists(st.sampled_from(["a", "b", "c 1", "{ d"]), max_size=12), st.data())
def test_lines_replaced_by_elisions_match(lines: list[str], data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(lines)), max_size=6)))
    page = list(lines)
    for start, end in zip(cuts[-2::-2], cuts[::-2], strict=False):
        page[start:end] = ["..."]
    comparison, _ = compared("\n".join(page), "\n".join(lines))
    assert comparison.level is Level.MATCH


HASHES = st.text("0123456789abcdfghijklmnpqrsvwxyz", min_size=32, max_size=32).filter(
    lambda text: len(set(text)) > 2
)
RENAMING = st.dictionaries(HASHES, HASHES, min_size=1, max_size=5).filter(
    lambda names: len(set(names.values())) == len(names)
)


@given(RENAMING, st.data())
def test_hashes_that_are_renamed_throughout_match(
    names: dict[str, str], data: st.DataObject
) -> None:
    used = data.draw(st.lists(st.sampled_from(sorted(names)), min_size=1, max_size=8))
    page = "\n".join(f"{n} /nix/store/{name}-x" for n, name in enumerate(used))
    printed = "\n".join(f"{n} /nix/store/{names[name]}-x" for n, name in enumerate(used))
    comparison, bindings = compared(page, printed)
    assert comparison.level is Level.MATCH
    assert bindings == {f"store:{name}": names[name] for name in used}


@given(HASHES, HASHES, HASHES)
def test_a_hash_does_not_stand_for_two(name: str, one: str, other: str) -> None:
    page = f"/nix/store/{name}-x\nand /nix/store/{name}-x"
    printed = f"/nix/store/{one}-x\nand /nix/store/{other}-x"
    comparison, _ = compared(page, printed)
    assert (comparison.level is Level.MATCH) == (one == other)
