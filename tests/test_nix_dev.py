"""What becomes of nix.dev, whole and unmodified, with no network and no package set."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

CORPORA = Path(
    os.environ.get("DOCTEST_NIX_CORPORA", Path(__file__).parents[2] / "shared" / "corpora")
)
PAGES = CORPORA / "nix.dev"

pytestmark = pytest.mark.skipif(not PAGES.is_dir(), reason=f"{PAGES} is not there")

#: Every failure was read against its page, and is a mistake of it: see docs/findings.md.
MISTAKES = [
    "guides/recipes/dependency-management.md:158",
    "tutorials/nixos/distributed-builds-setup.md:259",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    place: str
    language: str
    classes: tuple[str, ...]
    kind: str
    fate: str
    reason: str


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> tuple[Row, ...]:
    report = tmp_path_factory.mktemp("nix.dev") / "report.json"
    pytest.main(
        [
            *(str(PAGES), f"--rootdir={PAGES}", "-c", os.devnull, "-q", "--tb=short"),
            *("-p", "no:cacheprovider", "--nix-sandbox=bubblewrap", "--nix-timeout=10", "-n2"),
            f"--nix-json={report}",
        ]
    )
    found = []
    for document in json.loads(report.read_text())["documents"]:
        path = Path(document["path"])
        path = path if path.is_absolute() else Path(os.path.normpath(Path.cwd() / path))
        lines = path.read_text(encoding="utf-8").splitlines()
        for block in document["blocks"]:
            head = [line.strip() for line in lines[block["line"] - 1 : block["line"] + 2]]
            found.append(
                Row(
                    place=f"{path.relative_to(PAGES)}:{block['line']}",
                    language=block["language"],
                    classes=tuple(line.split()[1] for line in head if line.startswith(":class:")),
                    kind=block["kind"],
                    fate=block["fate"],
                    reason=block["reason"],
                )
            )
    return tuple(found)


def test_every_block_has_a_fate_and_nothing_is_broken(rows: tuple[Row, ...]) -> None:
    fates = Counter(row.fate for row in rows)

    assert 566 == len(rows)
    assert 0 == fates["broken"]
    assert [] == [row.place for row in rows if row.fate != "passed" and not row.reason]


def test_at_least_300_blocks_are_verified(rows: tuple[Row, ...]) -> None:
    assert len([row for row in rows if row.fate in ("passed", "stale")]) >= 300


def test_only_real_mistakes_fail(rows: tuple[Row, ...]) -> None:
    assert MISTAKES == [row.place for row in rows if row.fate == "failed"]


def test_at_least_60_of_the_72_values_are_right_and_the_others_have_a_reason(
    rows: tuple[Row, ...],
) -> None:
    pairs = [row for row in rows if "expression" in row.classes and row.kind == "expression"]
    others = Counter(
        f"{row.fate}: {row.reason.partition(':')[0]}" for row in pairs if row.fate != "passed"
    )

    assert 72 == len(pairs)
    assert len(pairs) - others.total() >= 60
    assert [] == [
        reason for reason in others if not reason.startswith(("stale: ", "skipped: needs"))
    ]


def test_52_of_the_66_diffs_are_applied_36_of_them_exactly(rows: tuple[Row, ...]) -> None:
    diffs = Counter(row.fate for row in rows if row.language == "diff")

    assert 66 == diffs.total()
    assert diffs["passed"] + diffs["stale"] >= 50
    assert diffs["passed"] >= 36
    assert diffs["stale"] >= 13


@pytest.mark.parametrize(
    ("place", "need"),
    [
        ("tutorials/nixos/building-bootable-iso-image.md:34", "root: dd"),
        ("tutorials/nixos/nixos-configuration-on-vm.md:144", "kvm: run-nixos-vm"),
        ("tutorials/nixos/nixos-configuration-on-vm.md:212", "nixos: nixos-generate-config"),
        ("tutorials/nixos/distributed-builds-setup.md:107", "second-host: ssh"),
        ("tutorials/nixos/distributed-builds-setup.md:156", "nixos: systemctl"),
        ("tutorials/nixos/building-and-running-docker-images.md:85", "docker: docker"),
        ("tutorials/nixos/deploying-nixos-using-terraform.md:26", "credentials: terraform"),
        ("tutorials/nixos/installing-nixos-on-a-raspberry-pi.md:203", "root: sudo"),
        ("tutorials/nixos/binary-cache-setup.md:128", "second-host: scp"),
        ("install-nix.md:13", "network: curl"),
    ],
)
def test_what_no_container_can_do_is_skipped_for_the_right_reason(
    rows: tuple[Row, ...], place: str, need: str
) -> None:
    (row,) = [row for row in rows if row.place == place]

    assert ("skipped", f"needs {need}") == (row.fate, row.reason)
