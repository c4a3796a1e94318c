"""Real documentation, and a page of our own: each code block exactly once, with its lines.

What is expected comes from a second reading that shares nothing with `formats.myst`: a plain
CommonMark parser that knows no colon fence, so that their bodies are ordinary text to it, and
that looks into backtick directives by recursion over their text.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from mdit_py_plugins.front_matter import front_matter_plugin

from doctest_nix.document import Block, Style
from doctest_nix.formats import load

CORPORA = Path(
    os.environ.get("DOCTEST_NIX_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")
)

needs_corpora = pytest.mark.skipif(not CORPORA.is_dir(), reason=f"{CORPORA} is not there")

Found = tuple[int, int, str, str]  # first and last line, language, text


def pages(name: str, suffix: str) -> list[Path]:
    found = (path.relative_to(CORPORA / name) for path in (CORPORA / name).rglob(f"*{suffix}"))
    return sorted(path for path in found if not path.parts[0].startswith("."))


def collected(path: Path, root: Path) -> list[Found]:
    return [
        (b.location.line, b.location.end_line, b.language, b.text)
        for b in load(path, root=root).blocks
        if b.style is not Style.INCLUDED
    ]


def included(path: Path, root: Path) -> list[tuple[int, str | None]]:
    blocks = load(path, root=root).blocks
    return [(b.location.line, b.include) for b in blocks if b.style is Style.INCLUDED]


def walk(text: str, offset: int = 0) -> list[Found]:
    """Return the code blocks of CommonMark text, those of backtick directives included."""
    md = MarkdownIt("commonmark").enable("table").use(front_matter_plugin)
    found: list[Found] = []
    for token in md.parse(text):
        first, last = (offset + token.map[0] + 1, offset + token.map[1]) if token.map else (0, 0)
        if token.type == "code_block":
            found.append((first, last, "", token.content.rstrip("\n")))
        elif token.type == "fence":
            directive = re.match(r"\{([\w-]+)\} *(\S*)", token.info)
            if directive is None:
                found.append((first, last, token.info.strip(), token.content.removesuffix("\n")))
            elif directive[1] == "code-block":
                code = re.sub(r"\A(:[\w-]+:.*\n)*\n*", "", token.content).removesuffix("\n")
                found.append((first, last, directive[2], code))
            elif directive[1] == "glossary":
                found += glossary(token.content, first)
            elif directive[1] not in ("toctree", "literalinclude"):
                found += walk(token.content, first)
    return found


def glossary(text: str, offset: int) -> list[Found]:
    """Read definitions by taking four columns from every line: nix.dev indents them by four."""
    return walk("\n".join(line.removeprefix("    ") for line in text.split("\n")), offset)


PAGE = Path(__file__).parent / "page.md"


def test_each_block_of_our_page_is_collected_once_with_its_lines() -> None:
    expected = walk(PAGE.read_text(encoding="utf-8"))
    assert expected == collected(PAGE, PAGE.parent)
    assert 14 == len(expected)


@needs_corpora
def test_each_block_of_nix_dev_is_collected_once_with_its_lines() -> None:
    root = CORPORA / "nix.dev"
    expected, actual, files = {}, {}, 0
    for page in pages("nix.dev", ".md"):
        text = (root / page).read_text(encoding="utf-8")
        expected[page] = walk(text)
        actual[page] = collected(root / page, root)
        files += len(included(root / page, root))
    assert expected == actual
    assert (562, 4) == (sum(map(len, actual.values())), files)


@needs_corpora
def test_the_included_files_of_nix_dev_are_shown() -> None:
    root = CORPORA / "nix.dev"
    blocks = [
        block
        for page in pages("nix.dev", ".md")
        for block in load(root / page, root=root).blocks
        if block.style is Style.INCLUDED
    ]
    assert [("", True)] * 4 == [(block.fault, bool(block.text)) for block in blocks]


@needs_corpora
def test_the_fork_bomb_of_the_style_guide_is_text_of_a_markdown_block() -> None:
    path = CORPORA / "nix.dev" / "contributing" / "documentation" / "style-guide.md"
    blocks = load(path, root=CORPORA).blocks
    assert {"markdown"} == {b.language for b in blocks if ":(){" in b.text}


#: The two blocks that changed between the commits: a newer action and a newer image.
EDITED = (
    ("cachix/install-nix-action@v15", "cachix/install-nix-action@v16"),
    ("nixos-sd-image-21.05pre288297.8eed0e20953", "nixos-sd-image-22.05pre335501.c71f061c68b"),
)


@needs_corpora
def test_the_rst_and_the_markdown_of_2021_have_the_same_blocks() -> None:
    before, after = CORPORA / "nix.dev-2021-rst", CORPORA / "nix.dev-2021-md"
    expected = {
        page.with_suffix(""): [edited(b) for b in load(before / page, root=before).blocks]
        for page in pages("nix.dev-2021-rst", ".rst")
    }
    actual = {
        page: [(b.language, b.text) for b in load(path, root=after).blocks]
        for page in expected
        for path in [after / page.with_suffix(".md")]
    }
    assert expected == actual
    assert 93 == sum(map(len, actual.values()))


def edited(block: Block) -> tuple[str, str]:
    text = block.text
    for old, new in EDITED:
        text = text.replace(old, new)
    return block.language, text
