"""Blocks that show a file which is not there."""

from __future__ import annotations

import json

import pytest

PAGE = """\
# T

```{literalinclude} shwon.nix
:language: nix
```

```{literalinclude} elsewhere/shown.nix
:language: nix
```
"""


def test_a_slip_in_the_name_of_an_included_file_is_a_mistake_and_a_missing_folder_is_not(
    pytester: pytest.Pytester,
) -> None:
    pytester.makefile(".nix", shown="{ }\n")
    pytester.makefile(".md", page=PAGE)

    result = pytester.runpytest_inprocess("page.md", "--nix-json=report.json")

    (document,) = json.loads(pytester.path.joinpath("report.json").read_text())["documents"]
    assert ["failed", "skipped"] == [block["fate"] for block in document["blocks"]]
    result.stdout.fnmatch_lines(
        ["page.md:3: the included file 'shwon.nix' does not exist; * [[]doctest-nix.include[]]"]
    )


def test_a_page_that_is_wrong_on_purpose_shows_the_error(pytester: pytest.Pytester) -> None:
    text = """
```nix wrong.nix
{ a = 1 }
```

The parser says that there is a syntax error:

```
error: syntax error, unexpected '}'
```
"""
    pytester.makefile(".md", page=text)

    result = pytester.runpytest_inprocess("page.md", "--nix-sandbox=bubblewrap")

    result.assert_outcomes(passed=1)


def test_a_wrong_file_is_a_mistake(pytester: pytest.Pytester) -> None:
    pytester.makefile(".md", page="```nix wrong.nix\n{ a = 1 }\n```\n")

    result = pytester.runpytest_inprocess("page.md", "--nix-sandbox=bubblewrap")

    result.assert_outcomes(failed=1)
