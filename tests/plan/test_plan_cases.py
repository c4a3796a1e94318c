"""The golden paragraphs beside this file: a page -> what `doctest-nix list` says of its blocks.

A case is a title, the page and the list, each part ended by a line that is a dot.  The page is
Markdown, or reStructuredText where the title ends in `(rst)`.  Text before the first case says
which rule the file is about.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from doctest_nix.config import Config
from doctest_nix.errors import DocumentError
from doctest_nix.formats import load
from doctest_nix.plan import plan
from doctest_nix.report.listing import listing

HERE = Path(__file__).parent
CASE = re.compile(r"^(\S[^\n]*)\n\.\n(.*?)^\.\n(.*?)^\.\n", re.MULTILINE | re.DOTALL)
CASES = [
    pytest.param(title, page, listed, id=f"{path.stem}-{title}".replace(" ", "-"))
    for path in sorted(HERE.glob("*.txt"))
    for title, page, listed in CASE.findall(path.read_text(encoding="utf-8"))
]


@pytest.mark.parametrize(("title", "page", "listed"), CASES)
def test_a_page_is_planned_as_the_rules_say(
    title: str, page: str, listed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = "page.rst" if title.endswith("(rst)") else "page.md"
    Path(name).write_text(page, encoding="utf-8")
    Path("shown.nix").write_text("{ }\n", encoding="utf-8")
    try:
        found = "\n".join(listing(plan(load(Path(name), root=tmp_path), Config())))
    except DocumentError as error:
        found = str(error)
    found = found.replace(str(tmp_path), "ROOT")
    assert listed == re.sub(r"^page\.\w+:", "", found, flags=re.MULTILINE) + "\n"
