"""The project's own tutorials, right and with one mistake each, in every sandbox."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

TUTORIALS = Path(__file__).parent.parent / "docs" / "tutorials"
NIXPKGS = Path(__file__).parent / "nixpkgs"
IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")

#: A tutorial, the line of an output, what a careless author writes there, and the lines of the
#: block and of the command that are then wrong.
MISTAKES = [
    ("shells-in-shells.md", 31, "Good evening", 29, 30),
    ("package-a-script.md", 88, "heralds", 86, 87),
    ("project-shell.rst", 61, "      greeting: none", 55, 60),
]


@pytest.fixture(params=["bubblewrap", "docker"])
def options(request: pytest.FixtureRequest) -> list[str]:
    return [f"--nix-sandbox={request.param}", f"--nix-image={IMAGE}", f"--nix-nixpkgs={NIXPKGS}"]


def fates(pytester: pytest.Pytester) -> list[tuple[int, str]]:
    report = json.loads((pytester.path / "report.json").read_text())
    (document,) = report["documents"]
    return [(block["line"], block["fate"]) for block in document["blocks"]]


def run(pytester: pytest.Pytester, name: str, text: str, options: list[str]) -> pytest.RunResult:
    pytester.path.joinpath(name).write_text(text)
    return pytester.runpytest_inprocess(name, "--nix-json=report.json", *options)


@pytest.mark.parametrize("name", sorted(path.name for path in TUTORIALS.iterdir()))
def test_a_tutorial_passes(pytester: pytest.Pytester, options: list[str], name: str) -> None:
    run(pytester, name, (TUTORIALS / name).read_text(), options)

    assert {"passed"} == {fate for _, fate in fates(pytester)}


@pytest.mark.parametrize(("name", "line", "mistake", "block", "command"), MISTAKES)
def test_a_wrong_output_fails_its_step_alone_and_blocks_what_builds_on_it(  # noqa: PLR0917
    pytester: pytest.Pytester,
    options: list[str],
    name: str,
    line: int,
    mistake: str,
    block: int,
    command: int,
) -> None:
    lines = (TUTORIALS / name).read_text().split("\n")
    lines[line - 1] = mistake
    result = run(pytester, name, "\n".join(lines), options)

    found = fates(pytester)
    assert [block] == [at for at, fate in found if fate == "failed"]
    assert {"passed"} == {fate for at, fate in found if at < block}
    assert {"blocked"} == {fate for at, fate in found if at > block}
    result.stdout.fnmatch_lines(
        [f"{name}:{command}: the output is not what the page shows", f"    - {mistake.strip()}"]
    )
