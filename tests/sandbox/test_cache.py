"""What later runs use again is put in its place whole, and removed whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctest_nix.sandbox import cache
from doctest_nix.sandbox.pin import fingerprint


def test_a_folder_takes_the_place_of_an_older_one_that_is_read_only(tmp_path: Path) -> None:
    for text in ("old", "new"):
        made = cache.making(tmp_path)
        made.joinpath("inside").mkdir()
        made.joinpath("inside", "file").write_text(text)
        made.joinpath("inside").chmod(0o555)
        cache.put(made, tmp_path / "place")

    assert [tmp_path / "place"] == list(tmp_path.iterdir())
    assert "new" == tmp_path.joinpath("place", "inside", "file").read_text()


def test_a_cache_is_where_the_user_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/here")
    assert Path("/here/doctest-nix/warm") == cache.folder("warm")


def test_a_package_set_is_told_from_one_with_another_name_or_size(tmp_path: Path) -> None:
    def digest(name: str, text: str) -> str:
        folder = tmp_path / f"{name}-{text}" / "nixpkgs"
        folder.joinpath(".git").mkdir(parents=True)
        folder.joinpath(".git", text).touch()
        folder.joinpath(name).write_text(text)
        return fingerprint(folder)

    assert digest("a", "12") == digest("a", "34")
    assert 3 == len({digest("a", "1"), digest("b", "1"), digest("a", "123")})
    assert "" == fingerprint(None)
