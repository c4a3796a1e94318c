"""What an archive may put where."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from doctest_nix.sandbox.unpacking import unpack


def member(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode = kind, link, 0o4777
    return made


def unpacked(place: Path, *members: tarfile.TarInfo) -> None:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        for each in members:
            archive.addfile(each)
    file.seek(0)
    place.mkdir()
    with tarfile.open(fileobj=file) as archive:
        unpack(archive, place, lambda each: None if each.name == "left-out" else each)


def test_members_are_unpacked_without_rights_for_others(tmp_path: Path) -> None:
    place = tmp_path / "in"
    unpacked(
        place,
        member("/a/b"),
        member("left-out"),
        member("link", tarfile.SYMTYPE, "/nix/store/x"),
        member("hard", tarfile.LNKTYPE, "a/b"),
    )
    assert {"a", "link", "hard"} == {path.name for path in place.iterdir()}
    assert 0o755 == (place / "a/b").stat().st_mode & 0o7777
    assert (place / "hard").samefile(place / "a/b")


@pytest.mark.parametrize(
    "members",
    [
        [member("../evil")],
        [member("a/../../evil")],
        [member("out", tarfile.SYMTYPE, ".."), member("out/evil")],
        [member("evil", tarfile.LNKTYPE, "../secret")],
        [member("evil", tarfile.CHRTYPE)],
    ],
)
def test_what_would_stand_outside_and_devices_are_refused(
    tmp_path: Path, members: list[tarfile.TarInfo]
) -> None:
    (tmp_path / "secret").touch()
    with pytest.raises(ValueError, match=r"outside the destination|no file, directory or link"):
        unpacked(tmp_path / "in", *members)
    assert [] == list(tmp_path.rglob("evil"))
