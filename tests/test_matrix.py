"""Each document with each of several versions of Nix: real ones, of the host and of an image."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from doctest_nix.config import Backend, Config
from doctest_nix.errors import ConfigError, SandboxError, Slug
from doctest_nix.matrix import editions, names
from doctest_nix.report.fates import BlockReport, DocumentReport
from doctest_nix.report.matrix import meaning, table

IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
SID = "doctest-nix:sid"

NEWER = """\
# What newer versions have

```console
$ nix-instantiate --eval -E 'builtins ? convertHash'
true
```
"""

OLDER = """\
# What older versions had

```console
$ nix-instantiate --eval -E 'builtins ? convertHash'
false
```
"""

BOTH = "# Both\n\n```console\n$ echo both\nboth\n```\n\n```nix\n{ a = 1; }\n```\n"


@pytest.fixture
def pages(pytester: pytest.Pytester) -> Path:
    pytester.makeini("[pytest]\n")
    pytester.makefile(".md", both=BOTH, newer=NEWER, older=OLDER)
    return pytester.path


def test_each_document_runs_with_each_nix_and_a_table_says_since_when_it_is_broken(
    pytester: pytest.Pytester, pages: Path
) -> None:
    result = pytester.runpytest_inprocess(
        *("both.md", "newer.md", "older.md", "-v", "--nix-json=out.json"),
        *(f"--nix-image={IMAGE}", "--nix-image=host"),
    )

    result.assert_outcomes(passed=6, failed=2)
    text = result.stdout.str()
    for line in (
        "both.md::both:3[nix-2.26] PASSED",
        "both.md::both:8[nix-2.8] PASSED",
        "newer.md::what-newer-versions-have:3[nix-2.8] FAILED",
        "older.md::what-older-versions-had:3[nix-2.26] FAILED",
        "to reproduce: pytest newer.md::what-newer-versions-have:3 --nix-image=host",
        f"to reproduce: pytest older.md::what-older-versions-had:3 --nix-image={IMAGE}",
    ):
        assert line in text
    assert (
        "nix:           nix-2.8  nix-2.26\n"
        "nix: both.md   passed   passed\n"
        "nix: newer.md  failed   passed    works since 2.26\n"
        "nix: older.md  passed   failed    broken since 2.26\n"
        "nix: 8 blocks: 4 run, 2 parsed, 2 failed, 0 unexplained [container engine"
    ) in text
    report = json.loads((pages / "out.json").read_text())
    assert {
        ("both.md", "nix-2.26", "passed"),
        ("both.md", "nix-2.8", "passed"),
        ("newer.md", "nix-2.26", "passed"),
        ("newer.md", "nix-2.8", "failed"),
        ("older.md", "nix-2.26", "failed"),
        ("older.md", "nix-2.8", "passed"),
    } == {
        (document["path"], document["nix"], document["blocks"][0]["fate"])
        for document in report["documents"]
    }


def test_three_versions_tell_which_one_broke_a_page(pytester: pytest.Pytester, pages: Path) -> None:
    # Flakes' functions are there without being asked for since 2.34, and sid's Nix goes on.
    pytester.makefile(".md", flakes=OLDER.replace("convertHash", "getFlake"))

    result = pytester.runpytest_inprocess(
        *("both.md", "flakes.md", "newer.md"),
        *(f"--nix-image={SID}", f"--nix-image={IMAGE}", "--nix-image=host"),
    )

    result.assert_outcomes(passed=10, failed=2)
    newest = re.search(r"(2\.\d+)\n", result.stdout.str())
    assert newest is not None
    assert (
        f"nix:            nix-2.8  nix-2.26  nix-{newest[1]}\n"
        "nix: both.md    passed   passed    passed\n"
        f"nix: flakes.md  passed   passed    failed    broken since {newest[1]}\n"
        "nix: newer.md   failed   passed    passed    works since 2.26\n"
    ) in result.stdout.str()


def test_the_configuration_may_name_the_versions_and_one_item_is_chosen(
    pytester: pytest.Pytester, pages: Path
) -> None:
    pytester.makeini(f"[pytest]\nnix_matrix =\n    {IMAGE}\n    host\n")
    pytester.runpytest_inprocess("both.md", "-k", "2.8").assert_outcomes(passed=2, deselected=2)
    pytester.runpytest_inprocess("newer.md::what-newer-versions-have:3[nix-2.26]").assert_outcomes(
        passed=1
    )
    pytester.runpytest_inprocess("both.md", "--nix-image=host").assert_outcomes(passed=2)


def test_workers_share_the_documents_of_all_versions(
    pytester: pytest.Pytester, pages: Path
) -> None:
    result = pytester.runpytest_subprocess(
        *("both.md", "newer.md", "-n2", f"--nix-image={IMAGE}", "--nix-image=host")
    )
    result.assert_outcomes(passed=5, failed=1)
    assert "newer.md  failed   passed    works since 2.26" in result.stdout.str()


def test_a_version_that_is_not_there_has_its_images_name_and_is_our_trouble(
    pytester: pytest.Pytester, pages: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    result = pytester.runpytest_inprocess("both.md", f"--nix-image={IMAGE}", "--nix-image=host")
    result.assert_outcomes(passed=2, errors=1, skipped=1)
    assert f"both.md::both:3[{IMAGE}]" in result.stdout.str()


# The rules


def test_images_of_bubblewrap_are_refused() -> None:
    with pytest.raises(ConfigError) as caught:
        editions(Config(backend=Backend.BUBBLEWRAP), ["a:1", "host"])
    assert (
        "bubblewrap has no images, and --nix-image names 2 [doctest-nix.option]\n"
        "Leave --nix-sandbox out; the machine's own Nix is --nix-image=host."
    ) == str(caught.value)


def test_an_image_that_is_named_twice_is_one() -> None:
    assert ["a:1", "b:1"] == [each.image for each in editions(Config(), ["a:1", "b:1", "a:1"])]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ({"a:1": "2.26.3", "b:1": "2.34.1"}, ("nix-2.26", "nix-2.34")),
        ({"a:1": "2.26.3", "b:1": "2.26.4"}, ("nix-2.26.3", "nix-2.26.4")),
        ({"a:1": "2.26.3", "b:1": "2.26.3"}, ("nix-2.26.3-a:1", "nix-2.26.3-b:1")),
        ({"a:1": "2.26.3"}, ("nix-2.26", "b:1")),
    ],
)
def test_a_version_is_called_as_shortly_as_it_can_be(
    versions: Mapping[str, str], expected: tuple[str, ...]
) -> None:
    def ask(config: Config) -> str:
        if config.image not in versions:
            raise SandboxError(Slug.ENGINE_DOWN, "no engine")
        return versions[config.image]

    assert expected == names(editions(Config(), ["a:1", "b:1"]), ask)


VERSIONS = ("nix-2.8", "nix-2.26", "nix-2.34")


@pytest.mark.parametrize(
    ("fates", "said"),
    [
        ("passed passed failed", "broken since 2.34"),
        ("passed failed failed", "broken since 2.26"),
        ("failed stale passed", "works since 2.26"),
        ("passed failed passed", "broken with 2.26"),
        ("failed passed failed", "broken with 2.8, 2.34"),
        ("passed passed passed", ""),
        ("failed failed failed", ""),
        ("passed skipped failed", "broken since 2.34"),
        ("passed broken skipped", ""),
        ("skipped skipped skipped", ""),
    ],
)
def test_a_row_says_since_when(fates: str, said: str) -> None:
    assert said == meaning(VERSIONS, fates.split())


def test_versions_stand_in_their_order_and_a_document_has_its_worst_fate() -> None:
    def report(version: str, *fates: str) -> DocumentReport:
        rows = tuple(
            BlockReport(
                line=n, end_line=n, language="", kind="", fate=f, checked="", reason="", seconds=0
            )
            for n, f in enumerate(fates)
        )
        return DocumentReport(path=Path("a.md"), version=version, blocks=rows)

    reports = [
        report("nix-2.34", "passed", "failed", "blocked"),
        report("nix-2.8", "passed", "skipped"),
        report("nix-2.26"),
    ]
    assert (
        "      nix-2.8  nix-2.26  nix-2.34",
        "a.md  passed   skipped   failed    broken since 2.34",
    ) == table(reports)
