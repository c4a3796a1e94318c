"""Nothing that a page says or prints gives orders to a terminal or to a CI system."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctest_nix.report.neutral import neutral

#: What CI systems take for orders: GitHub's two forms, Azure's and TeamCity's.
ORDER = re.compile(r"^\s*::|##[\w.-]*\[")

SHOWN = {
    "plain text": "plain text",
    "\x1b[2J\rgone\a": r"\x1b[2J\x0dgone\x07",
    "right\u202eleft": r"right\u202eleft",
    "::error file=a::b": r"\x3a:error file=a::b",
    "   ::set-output name=a::b": r"   \x3a:set-output name=a::b",
    "std::vector::size": "std::vector::size",
    "  a ::b": "  a ::b",
    "a ##[error]b ##vso[task.x]c": r"a \x23#[error]b \x23#vso[task.x]c",
    "## [Unreleased]": "## [Unreleased]",
    "\udcff": r"\xff",
}


@pytest.mark.parametrize("text", SHOWN)
def test_orders_are_shown_by_their_code(text: str) -> None:
    assert SHOWN[text] == neutral(text)


@given(st.text(st.sampled_from(" \t:#[ab\x1b\n\r\udc80\u2028-+") | st.characters()))
def test_no_text_gives_orders_and_a_second_time_changes_nothing(text: str) -> None:
    shown = neutral(text)
    assert not ORDER.search(shown)
    assert shown.replace("\t", "").isprintable()
    assert shown == neutral(shown)


HOSTILE = """\
# Orders

```console
$ printf '::set-output name=a::b\\n::error::owned\\n##[error]c\\n'
::set-output name=a::b
::error::owned
##[error]c
$ printf '::set-output name=a::b\\n::error::owned\\n\\033]0;title\\007\\033[2J\\n'; false
::set-output name=a::b
::error::owned
e
```

## Others

<!-- doctest-nix: skip reason="##[error]skipped" -->
```console
$ echo ::warning::x
```

```##[error]
x
```

```::error::language
x
```
"""

EXPRESSION = "# T\n\n```nix\n(##[error]\n::error::x\n```\n"
MALFORMED = "# T\n\n<!-- doctest-nix: \x1b[2J::error:: ##[error] -->\n```nix\n1\n```\n"


@pytest.fixture
def hostile(pytester: pytest.Pytester) -> Path:
    """Return a folder with pages that shout in every place that is printed somewhere."""
    pytester.makeini("[pytest]\nnix_sandbox = bubblewrap\n")
    folder = pytester.path
    (folder / "page.md").write_text(HOSTILE)
    (folder / "::error::named.md").write_text(HOSTILE)
    (folder / "##[error]n\x1b[2J\n::error::x.md").write_text(EXPRESSION)
    (folder / "::error::malformed.md").write_text(MALFORMED)
    (folder / "page.rst").write_text("T\n=\n\n.. include:: \x07::error::\n   :code:\n")
    return folder


def orders(text: str) -> list[str]:
    return [
        line
        for line in text.split("\n")
        if ORDER.search(line) or not line.replace("\t", "").isprintable()
    ]


@pytest.mark.parametrize(
    "options", [(), ("-v",), ("-vv", "-rA", "--tb=short"), ("--collect-only",)]
)
def test_the_terminal_is_given_no_order(
    pytester: pytest.Pytester, hostile: Path, options: tuple[str, ...]
) -> None:
    result = pytester.runpytest_subprocess(".", "--nix-strict", "--color=no", *options)
    said = result.stdout.str() + result.stderr.str()
    assert [] == orders(said)
    assert "named.md" in said


def test_the_reports_for_machines_give_no_order(pytester: pytest.Pytester, hostile: Path) -> None:
    pytester.runpytest_subprocess(".", "--nix-json=out.json", "--junitxml=junit.xml")
    written = (hostile / "out.json").read_text()
    assert [] == orders(written)
    assert [] == orders((hostile / "junit.xml").read_text())
    report = json.loads(written)
    words = [document["path"] + document["error"] for document in report["documents"]]
    words += [
        block["reason"] + block["language"]
        for document in report["documents"]
        for block in document["blocks"]
    ]
    assert [] == [order for word in words for order in orders(word)]


def test_the_list_of_blocks_gives_no_order(pytester: pytest.Pytester, hostile: Path) -> None:
    result = pytester.run(sys.executable, "-m", "doctest_nix", "list", ".")
    assert [] == orders(result.stdout.str() + result.stderr.str())


def test_a_page_that_is_a_link_out_of_the_project_is_not_read(
    pytester: pytest.Pytester, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret = tmp_path_factory.mktemp("elsewhere") / "secret.md"
    secret.write_text("# The host's\n\n```console\n$ echo secret; false\n```\n")
    pytester.makeini("[pytest]\nnix_sandbox = bubblewrap\n")
    (pytester.path / "link.md").symlink_to(secret)
    (pytester.path / "folder").symlink_to(secret.parent)

    result = pytester.runpytest_inprocess("link.md", "folder/secret.md")

    result.assert_outcomes(failed=2)
    assert "this is a link that leads out of" in result.stdout.str()
    assert "echo secret" not in result.stdout.str()
