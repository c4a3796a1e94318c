"""Planning a page twice as long is twice the work, counted in calls of functions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from doctest_nix.config import Config
from doctest_nix.document import Document
from doctest_nix.formats import FORMATS
from doctest_nix.plan import plan

PARTS = {
    "transcripts": "```console\n$ echo 1\n1\n```\n\n",
    "sessions without prompts": "Run:\n\n```console\nls -la\n```\n\n",
    "outputs apart": "```console\n$ ls\n```\n\n```\na\n```\n\n",
    "files": "Create `a.nix`:\n\n```nix\n{ }\n```\n\n",
    "diffs": "Change it:\n\n```diff\n-1\n+2\n```\n\n",
    "expressions": "```nix\n1 + 1\n```\n\n    2\n\n",
    "scripts": "```bash\nls && \\\n  ls\n```\n\n",
    "comments": "<!-- doctest-nix: exit=0 -->\n```console\n$ ls\n```\n\n",
    "tabs": ":::{tab} Linux\n    $ a\n:::\n:::{tab} macOS\n    $ b\n:::\n\nNext:\n\n",
    "prose": "Open another terminal.\n\nSave it as `a.nix`.\n\n    x\n\n",
}


@pytest.mark.parametrize("part", PARTS.values(), ids=list(PARTS))
def test_the_work_of_planning_grows_with_the_length_of_the_page(part: str) -> None:
    short, long = (calls(part * number) for number in (100, 400))

    assert long < 5 * short


def calls(text: str) -> int:
    """Return how many functions of Python are called to plan a page."""
    document: Document = FORMATS[".md"](text, Path("page.md"))
    with counted() as count:
        plan(document, Config())
    return len(count)


@contextmanager
def counted() -> Iterator[list[None]]:
    count: list[None] = []

    def profile(frame: object, event: str, argument: object) -> None:
        if event == "call":
            count.append(None)

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        yield count
    finally:
        sys.setprofile(before)
