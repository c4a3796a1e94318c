"""Code blocks have the same fates before and after the conversion of real tutorials."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from doctest_nix.__main__ import main

RST = Path(__file__).parents[3] / "shared" / "corpora" / "nix.dev-2021-rst"


@pytest.mark.skipif(not RST.is_dir(), reason="the tutorials of 2021 are not beside the checkout")
def test_real_tutorials_have_the_same_fates_in_myst(tmp_path: Path) -> None:
    for name in ("before", "after"):
        shutil.copytree(RST, tmp_path / name)
    assert 0 == main(["convert", str(tmp_path / "after"), "--write"])
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    run = ["--nix-sandbox=bubblewrap", "--nix-json=fates.json", "before", "after"]
    subprocess.run([*command, *run], cwd=tmp_path, capture_output=True, timeout=600, check=False)
    report = json.loads((tmp_path / "fates.json").read_text())
    fates: dict[str, dict[str, list[tuple[str, ...]]]] = {"before": {}, "after": {}}
    for document in report["documents"]:
        side, _, page = document["path"].partition("/")
        fates[side][page.rpartition(".")[0]] = [
            tuple(block[key] for key in ("language", "kind", "fate", "checked"))
            for block in document["blocks"]
        ]
    assert fates["before"] == fates["after"]
    assert 93 == sum(map(len, fates["before"].values()))
