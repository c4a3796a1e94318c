from __future__ import annotations

import stat
from pathlib import Path

import pytest

from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox.image import build, connect, ensure, present

TAG = "localhost:5000/doctest-nix-test:built"

#: Stands in for the real one, which takes half a minute and a mirror: `make test` runs that.
MMDEBSTRAP = """#!/bin/sh
echo "I: $*" >&2
mkdir -p "$0.d/etc" && echo test >"$0.d/etc/marker"
tar -C "$0.d" -cf - .
exit {status}
"""


def put_mmdebstrap(folder: Path, status: int) -> None:
    program = folder / "mmdebstrap"
    program.write_text(MMDEBSTRAP.format(status=status))
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


def test_an_image_is_built_with_progress_and_labels(programs: Path) -> None:
    put_mmdebstrap(programs, 0)
    said: list[str] = []
    build("sid", TAG, said.append)
    client = connect()
    labels = client.images.get(TAG).labels
    client.images.remove(TAG)
    client.close()
    assert {"org.doctest-nix.suite": "sid"} == labels
    assert said[0].startswith("--variant=essential --include=nix-bin,ca-certificates,git ")
    assert said[0].endswith(' --aptopt=Acquire::Check-Valid-Until "false" sid -')
    assert f"built {TAG}" == said[-1]


def test_a_build_that_fails_leaves_no_image_and_says_why(programs: Path) -> None:
    put_mmdebstrap(programs, 1)
    with pytest.raises(SandboxError) as caught:
        build("trixie", TAG, lambda line: None)
    client = connect()
    there = present(client, TAG)
    client.close()
    assert Slug.IMAGE_BUILD == caught.value.slug
    assert caught.value.problem.startswith(
        "The image of Debian trixie cannot be built: mmdebstrap or the engine failed:\n"
        "--variant=essential"
    )
    assert not there


def test_a_missing_mmdebstrap_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError) as caught:
        build("trixie", TAG, lambda line: None)
    assert (
        "The image of Debian trixie cannot be built: there is no mmdebstrap on PATH."
        " [doctest-nix.image-build]\n"
        "Install it: apt install mmdebstrap"
    ) == str(caught.value)


def test_an_unknown_suite_gets_the_nearest() -> None:
    with pytest.raises(SandboxError) as caught:
        build("trixy", TAG, lambda line: None)
    assert (
        "The image of Debian trixy cannot be built: there is no such suite."
        " [doctest-nix.image-build]\n"
        "Did you mean 'trixie'? Known: sid, trixie."
    ) == str(caught.value)


def test_an_image_that_is_there_is_not_pulled(image: str) -> None:
    said: list[str] = []
    client = connect()
    ensure(client, image, said.append)
    client.close()
    assert [] == said
