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

OWN = Path(__file__).parent / "nixpkgs"

VERIFIED = ("passed", "stale")

#: Our own packages with nixpkgs' `lib`, and what the deep dive wants besides: an image viewer, a
#: program that starts a command when files change (here once), and the maps' server in `curl`.
WITH_LIB = """\
{ overlays ? [ ], ... }@arguments:
import ./packages (
  arguments
  // {
    overlays = [
      (final: _: {
        lib = import ./lib;
        feh = final.writeShellScriptBin "feh" "exec cksum";
        entr = final.writeShellScriptBin "entr" (builtins.readFile ./entr.sh);
        curl = final.writeShellScriptBin "curl" (builtins.readFile ./curl.sh);
      })
    ] ++ overlays;
  }
)
"""
ENTR = """\
cat > /dev/null
exec sh -c "${!#}"
"""
CURL = """\
while [ "$1" != --output ]; do shift; done
echo '{"results": [{"geometry": {"location": {"lat": 46.8, "lng": 8.2}}}]}' > "$2"
echo 200
"""


@pytest.fixture
def nixpkgs(tmp_path: Path) -> Path:
    directory = tmp_path / "nixpkgs"
    shutil.copytree(str(LIB), directory / "lib")
    shutil.copytree(OWN, directory / "packages")
    directory.joinpath("default.nix").write_text(WITH_LIB)
    directory.joinpath("entr.sh").write_text(ENTR)
    directory.joinpath("curl.sh").write_text(CURL)
    return directory


#: Of blocks, by line: the fate, how strongly it was checked, and why.
Fates = dict[int, tuple[str, str, str]]


def fates(pytester: pytest.Pytester, nixpkgs: Path, page: str) -> Fates:
    """Run a page beside the files of its folder."""
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
    return {
        block["line"]: (block["fate"], block["checked"], block["reason"])
        for block in document["blocks"]
    }


def test_the_search_path_has_lib(pytester: pytest.Pytester, nixpkgs: Path) -> None:
    page = """\
```nix
(import <nixpkgs/lib>).strings.toUpper "lookup paths"
=> "LOOKUP PATHS"

(import <nixpkgs> { }).lib.concatStringsSep ", " [ "a" "b" ]
=> "a, b"
```
"""

    assert {1: ("passed", "evaluated", "")} == fates(pytester, nixpkgs, page)


def test_a_basic_module_evaluates_to_what_the_page_shows(
    pytester: pytest.Pytester, nixpkgs: Path
) -> None:
    shutil.copytree(PAGES / "a-basic-module", pytester.path, dirs_exist_ok=True)
    page = (PAGES / "a-basic-module" / "index.md").read_text()
    shown = (
        '```console\n$ nix-instantiate --eval --json --strict\n{"name":"Boaty McBoatface"}\n```\n'
    )

    found = fates(pytester, nixpkgs, page + "\n" + shown)

    assert {"passed"} == {fate for fate, checked, _ in found.values() if checked}
    assert ("passed", "run", "") == found[max(found)]


@pytest.fixture
def deep_dive(pytester: pytest.Pytester) -> str:
    shutil.copytree(PAGES / "files", pytester.path / "files")
    return PINNED.sub("<nixpkgs>", (PAGES / "deep-dive.md").read_text())


def test_the_deep_dive_is_as_documented_where_it_says_enough(
    pytester: pytest.Pytester, nixpkgs: Path, deep_dive: str
) -> None:
    found = fates(pytester, nixpkgs, deep_dive)
    left = {
        line: f"{fate}: {why}" for line, (fate, _, why) in found.items() if fate not in VERIFIED
    }

    # Maps need a key, and two diffs say nothing of where their lines go: those of the same file
    # that build on them are blocked, and those of other files are not.
    credentials = "skipped: needs credentials: No Google API key found"
    place = "needs value: where the lines go"
    assert 46 == len(found) - len(left)
    assert {220: credentials, 227: credentials} == {n: left.pop(n) for n in (220, 227)}
    assert {555: place, 633: place} == {n: left.pop(n)[9 : 9 + len(place)] for n in (555, 633)}
    assert [584, 644, 702, 840, 872, 888, 997] == list(left)
    assert {f"blocked: blocked by line 555, which {place}"} == {
        text.rpartition(":")[0].rpartition(":")[0] for text in left.values()
    }


def test_the_deep_dive_builds_and_runs_its_scripts_for_a_reader_with_a_key(
    pytester: pytest.Pytester, nixpkgs: Path, deep_dive: str
) -> None:
    key = "mkdir -p ~/.local/share/google-api; echo secret > ~/.local/share/google-api/key"

    found = fates(pytester, nixpkgs, f"<!-- doctest-nix: run\n{key}\n-->\n\n{deep_dive}")

    assert 48 == sum(fate in VERIFIED for fate, _, _ in found.values())
    assert [("passed", "run")] * 3 + [("stale", "run")] == sorted(
        (fate, checked) for fate, checked, _ in found.values() if checked == "run"
    )
