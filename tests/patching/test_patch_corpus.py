"""The diffs of nix.dev, each applied to the file that its page has built until there."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

from doctest_nix.patching import Applied, Refused, Rung, apply, create, parse

CORPORA = Path(
    os.environ.get("DOCTEST_NIX_CORPORA", Path(__file__).parents[3] / "shared" / "corpora")
)
PAGES = CORPORA / "nix.dev"

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason=f"{PAGES} is not there")

#: What does not apply exactly: each was read against its page, and each place is right.
EXPECTED = {
    "guides/faq.md:92": "unknown file",
    "tutorials/first-steps/declarative-shell.md:119": "blank lines",
    "tutorials/module-system/deep-dive.md:46": "white space",
    "tutorials/module-system/deep-dive.md:57": "tokens",
    "tutorials/module-system/deep-dive.md:125": "tokens",
    "tutorials/module-system/deep-dive.md:161": "white space",
    "tutorials/module-system/deep-dive.md:264": "white space",
    "tutorials/module-system/deep-dive.md:492": "created",
    "tutorials/module-system/deep-dive.md:555": "no context",
    "tutorials/module-system/deep-dive.md:584": "nowhere",
    "tutorials/module-system/deep-dive.md:633": "no context",
    "tutorials/module-system/deep-dive.md:644": "nowhere",
    "tutorials/module-system/deep-dive.md:702": "nowhere",
    "tutorials/module-system/deep-dive.md:734": "blank lines",
    "tutorials/module-system/deep-dive.md:802": "elision",
    "tutorials/module-system/deep-dive.md:840": "nowhere",
    "tutorials/module-system/deep-dive.md:872": "nowhere",
    "tutorials/module-system/deep-dive.md:888": "nowhere",
    "tutorials/module-system/deep-dive.md:954": "fuzz",
    "tutorials/module-system/deep-dive.md:997": "nowhere",
    "tutorials/module-system/deep-dive.md:1013": "fuzz",
    "tutorials/module-system/deep-dive.md:1070": "blank lines",
    "tutorials/module-system/deep-dive.md:1088": "fuzz",
    "tutorials/module-system/deep-dive.md:1110": "tokens",
    "tutorials/module-system/deep-dive.md:1184": "fuzz",
    "tutorials/module-system/deep-dive.md:1219": "fuzz",
    "tutorials/nixos/binary-cache-setup.md:178": "blank lines",
    "tutorials/nixos/distributed-builds-setup.md:259": "nowhere",
    "tutorials/packaging-existing-software.md:68": "tokens",
}


def outcomes() -> Iterator[tuple[str, str]]:
    """Yield the place of each diff, and its rung or the reason why it was refused."""
    for path in sorted(PAGES.rglob("*.md")):
        for line, outcome in page(path.read_text(encoding="utf-8")):
            yield f"{path.relative_to(PAGES)}:{line}", outcome


def page(text: str) -> Iterator[tuple[int, str]]:
    """Follow one page as a reader does; the file without a name is the block shown last."""
    files: dict[str, str] = {}
    last, prose = "", ""
    for token in MarkdownIt("commonmark").parse(text):
        if token.type == "inline" and not token.content.startswith("{"):
            prose = token.content
        if token.type != "fence" or token.map is None:
            continue
        language, caption, content = block(token.info, token.content)
        comment = re.match(r"# ([\w./-]+\.\w+)\n", content)
        spoken = re.findall(r"`([\w./-]*\w\.[a-z]+)`", prose)
        named = caption or (comment[1] if comment else "") or (spoken[-1] if spoken else "")
        prose = ""
        if language == "nix":
            last = named or last
            files[named] = content
        elif language == "diff":
            patch = parse(content)
            last = caption or patch.target or named or last
            outcome = apply(patch, files[last]) if last in files else create(patch)
            match outcome:
                case Applied(text=new, rung=rung):
                    files[last] = new
                    yield token.map[0] + 1, str(rung)
                case Refused(why=why):
                    yield token.map[0] + 1, str(why)
                case str(made):
                    files[last] = made
                    yield token.map[0] + 1, "created"
                case None:
                    yield token.map[0] + 1, "unknown file"


def block(info: str, content: str) -> tuple[str, str, str]:
    """Return language, caption and text of a fence or a directive."""
    directive = re.fullmatch(r"\{code-block\}\s*(\w*)", info.strip())
    if not directive:
        return info.strip(), "", content
    head = re.match(r"(?::[\w-]+:.*\n)*", content)
    options = head[0] if head else ""
    caption = re.search(r":caption: (.*)", options)
    return directive[1], caption[1] if caption else "", content.removeprefix(options)


def test_each_diff_of_nix_dev_has_the_outcome_that_was_read_against_its_page() -> None:
    assert EXPECTED == {place: outcome for place, outcome in outcomes() if outcome != Rung.EXACT}


def test_thirty_seven_of_the_sixty_six_diffs_of_nix_dev_apply_exactly() -> None:
    count = Counter(outcome for _, outcome in outcomes())
    assert (66, 37) == (count.total(), count[Rung.EXACT])
