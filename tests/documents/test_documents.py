"""Pages with the right verdicts beside them, run in both sandboxes.

`traps/` is ordinary shell that other testers get wrong; `kinds/` has each kind of step, right and
wrong.
"""

from __future__ import annotations

import json
import os
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path

import pytest

FOLDERS = ("kinds", "traps")
HERE = Path(__file__).parent
NIXPKGS = Path(__file__).parent.parent / "nixpkgs"
IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
PAGES = {path.stem: path for folder in FOLDERS for path in HERE.joinpath(folder).glob("*.md")}

#: The page's path without suffix, and its blocks' lines with `fate: reason`; those that passed
#: have in its place how strongly they were checked.
Verdicts = Mapping[str, Mapping[int, str]]


@pytest.fixture(scope="module", params=["bubblewrap", "docker"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Verdicts:
    """Run all pages in one sandbox backend, once."""
    directory = tmp_path_factory.mktemp(request.param)
    for page in PAGES.values():
        shutil.copy(page, directory)
    report = directory / "report.json"
    pytest.main(
        [
            *(str(directory), f"--rootdir={directory}", "-c", os.devnull, "-q", "--tb=short"),
            *(f"--nix-sandbox={request.param}", f"--nix-image={IMAGE}", "--nix-flakes"),
            *(f"--nix-nixpkgs={NIXPKGS}", "--nix-timeout=20", f"--nix-json={report}"),
        ]
    )
    return {
        Path(document["path"]).stem: {
            block["line"]: f"{block['fate']}: {block['reason'] or block['checked']}"
            for block in document["blocks"]
        }
        for document in json.loads(report.read_text())["documents"]
    }


@pytest.mark.parametrize("name", sorted(PAGES))
def test_every_block_has_its_right_verdict(found: Verdicts, name: str) -> None:
    expected = tomllib.loads(PAGES[name].with_suffix(".toml").read_text())
    assert expected == {
        str(line): as_expected(verdict, expected.get(str(line), ""))
        for line, verdict in found[name].items()
    }


def as_expected(verdict: str, expected: str) -> str:
    """Return ``expected`` where it is the fate and a part of the reason, else the verdict."""
    fate, _, words = expected.partition(": ")
    found, _, reason = verdict.partition(": ")
    return expected if found == fate and words in reason else verdict
