"""The module system's tutorials of nix.dev, with a `lib` of nixpkgs at hand.

`DOCTEST_NIX_LIB` is the path of nixpkgs' `lib` directory.  The package set that is pinned on a
page is replaced by the one that is provided, since nothing is downloaded.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

CORPORA = Path(
    os.environ.get("DOCTEST_NIX_CORPORA", Path(__file__).parents[2] / "shared" / "corpora")
)
PAGES = CORPORA / "nix.dev" / "tutorials" / "module-system"
LIB = os.environ.get("DOCTEST_NIX_LIB")

pytestmark = [
    pytest.mark.skipif(not PAGES.is_dir(), reason=f"{PAGES} is not there"),
    pytest.mark.skipif(LIB is None, reason="DOCTEST_NIX_LIB names no `lib` of nixpkgs"),
]

PINNED = re.compile(r'fetchTarball "https://github.com/NixOS/nixpkgs/tarball/[\w.-]+"')

#: A package set that has `lib` alone: what a page builds with it stays unbuilt.
ONLY_LIB = "{ ... }: { lib = import ./lib; }\n"


@pytest.fixture
def nixpkgs(tmp_path: Path) -> Path:
    directory = tmp_path / "nixpkgs"
    shutil.copytree(str(LIB), directory / "lib")
    directory.joinpath("default.nix").write_text(ONLY_LIB)
    return directory


def fates(pytester: pytest.Pytester, nixpkgs: Path, page: str) -> dict[int, tuple[str, str]]:
    """Run a page; return the fates and how strongly each was checked, by the block's line."""
    pytester.path.joinpath("page.md").write_text(page)
    pytester.runpytest_inprocess(
        "page.md",
        f"--nix-nixpkgs={nixpkgs}",
        "--nix-sandbox=bubblewrap",
        "--nix-json=report.json",
        "--nix-timeout=20",
        "-Wdefault",
    )
    (document,) = json.loads(pytester.path.joinpath("report.json").read_text())["documents"]
    return {block["line"]: (block["fate"], block["checked"]) for block in document["blocks"]}


def test_the_search_path_has_lib(pytester: pytest.Pytester, nixpkgs: Path) -> None:
    page = """\
```nix
(import <nixpkgs/lib>).strings.toUpper "lookup paths"
=> "LOOKUP PATHS"

(import <nixpkgs> { }).lib.concatStringsSep ", " [ "a" "b" ]
=> "a, b"
```
"""

    assert {1: ("passed", "evaluated")} == fates(pytester, nixpkgs, page)


def test_a_basic_module_evaluates_to_what_the_page_shows(
    pytester: pytest.Pytester, nixpkgs: Path
) -> None:
    shutil.copytree(PAGES / "a-basic-module", pytester.path, dirs_exist_ok=True)
    page = (PAGES / "a-basic-module" / "index.md").read_text()
    shown = (
        '```console\n$ nix-instantiate --eval --json --strict\n{"name":"Boaty McBoatface"}\n```\n'
    )

    found = fates(pytester, nixpkgs, page + "\n" + shown)

    assert {"passed"} == {fate for fate, checked in found.values() if checked}
    assert ("passed", "run") == found[max(found)]


def test_the_deep_dive_meets_the_errors_that_it_shows(
    pytester: pytest.Pytester, nixpkgs: Path
) -> None:
    page = (PAGES / "deep-dive.md").read_text()
    lines = page.split("\n")
    undefined = lines.index("nix-instantiate --eval eval.nix -A config.scripts.output")
    wrong_type = lines.index("$ nix-instantiate --eval eval.nix -A config.scripts.output")

    found = fates(pytester, nixpkgs, PINNED.sub("<nixpkgs>", page))

    assert ("passed", "run") == found[undefined]
    assert found[wrong_type] in [("passed", "run"), ("stale", "run")]
    assert {"passed", "stale"} == {fate for line, (fate, _) in found.items() if line <= wrong_type}
