"""The way that the documentation recommends for pull requests from strangers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

SECURITY = Path(__file__).parent.parent / "docs" / "security.md"

HOSTILE = "from pathlib import Path\nPath(__file__).with_name('executed').touch()\n"
SETTINGS = (
    "[tool.pytest.ini_options]\nnix_network = 'full'\naddopts = ['--nix-json=written.json']\n"
)
PAGE = "# T\n\n```console\n$ tail -n +2 /proc/net/route | wc -l\n0\n```\n"


def test_nothing_of_a_pull_request_is_loaded_but_its_pages(pytester: pytest.Pytester) -> None:
    folder = pytester.path / "pull-request"
    (folder / "docs").mkdir(parents=True)
    for place in (folder, folder / "docs"):
        (place / "conftest.py").write_text(HOSTILE)
    (folder / "pyproject.toml").write_text(SETTINGS)
    (folder / "docs" / "page.md").write_text(PAGE)
    typed = r"^\$ pytest (.*) --nix-sandbox=docker$"
    recommended = re.search(typed, SECURITY.read_text(), re.MULTILINE)
    assert recommended is not None

    result = pytester.runpytest_subprocess(*recommended[1].split(), "--nix-sandbox=bubblewrap")

    result.assert_outcomes(passed=1)
    assert [] == [*folder.rglob("executed"), *pytester.path.rglob("written.json")]
