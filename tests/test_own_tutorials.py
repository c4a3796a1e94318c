"""The project's own tutorials, right and with one mistake each, from pytest to each sandbox."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NIXPKGS = ROOT / "tests" / "nixpkgs"
IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")

PAGES = ("shells-in-shells.md", "package-a-script.md", "project-shell.rst")

#: A line that each page shows, and what it shows instead when it is wrong.
MISTAKES = {
    "shells-in-shells.md": ("Good morning", "Good evening"),
    "package-a-script.md": ("< Hear ye! dinner >", "< Hear ye! supper >"),
    "project-shell.rst": ("    Welcome aboard", "    Welcome ashore"),
}


@pytest.fixture(params=["bubblewrap", "docker"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("page", PAGES)
def test_a_tutorial_of_ours_is_right(pytester: pytest.Pytester, backend: str, page: str) -> None:
    fates = run(pytester, backend, page, text(page))
    assert {"passed"} == {fate for _, _, fate in fates}


@pytest.mark.parametrize("page", PAGES)
def test_one_wrong_output_fails_at_its_block_and_blocks_what_follows(
    pytester: pytest.Pytester, backend: str, page: str
) -> None:
    right, wrong = MISTAKES[page]
    lines = text(page).split("\n")
    line = lines.index(right) + 1
    lines[line - 1] = wrong
    fates = run(pytester, backend, page, "\n".join(lines))
    expected = [
        "passed" if end < line else "failed" if start <= line else "blocked"
        for start, end, _ in fates
    ]
    assert expected == [fate for _, _, fate in fates]
    assert 1 == expected.count("failed")


def text(page: str) -> str:
    return (ROOT / "docs" / "tutorials" / page).read_text(encoding="utf-8")


def run(
    pytester: pytest.Pytester, backend: str, page: str, source: str
) -> list[tuple[int, int, str]]:
    """Return first line, last line and fate of each block, in the page's order."""
    pytester.path.joinpath(page).write_text(source, encoding="utf-8")
    pytester.runpytest_inprocess(
        page,
        f"--nix-sandbox={backend}",
        f"--nix-image={IMAGE}",
        f"--nix-nixpkgs={NIXPKGS}",
        "--nix-json=fates.json",
    )
    report = json.loads(pytester.path.joinpath("fates.json").read_text(encoding="utf-8"))
    (document,) = report["documents"]
    return [(block["line"], block["end_line"], block["fate"]) for block in document["blocks"]]
