"""The reference pages name everything that there is."""

from __future__ import annotations

from pathlib import Path

from doctest_nix.config import Need
from doctest_nix.options import OPTIONS
from doctest_nix.verdict import Checked, Fate

REFERENCE = Path(__file__).parent.parent / "docs" / "reference"


def unnamed(page: str, words: list[str]) -> list[str]:
    text = REFERENCE.joinpath(page).read_text(encoding="utf-8")
    return [word for word in words if f"`{word}" not in text]


def test_every_need_is_explained() -> None:
    assert [] == unnamed("needs.md", [f"{need}`" for need in Need])


def test_every_fate_is_explained() -> None:
    assert [] == unnamed("fates.md", [f"{fate}`" for fate in Fate])


def test_every_way_of_checking_is_explained() -> None:
    assert [] == unnamed("report.md", [f"{checked}`" for checked in Checked])


def test_every_option_is_explained_with_its_setting() -> None:
    assert [] == unnamed(
        "options.md", [name for o in OPTIONS for name in (f"{o.flag}=", f"{o.setting}`")]
    )
