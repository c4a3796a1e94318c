from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from doctest_nix.config import Backend, Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox.bubblewrap import BubblewrapProvider
from doctest_nix.sandbox.docker import DockerProvider
from doctest_nix.sandbox.select import BACKENDS, provider


def test_every_backend_but_auto_is_registered() -> None:
    assert set(Backend) - {Backend.AUTO} == set(BACKENDS)


def test_auto_takes_docker_where_engine_and_image_are_there(config: Config) -> None:
    made = provider(config)
    made.close()
    assert isinstance(made, DockerProvider)


def test_auto_takes_bubblewrap_where_the_image_is_missing(config: Config) -> None:
    made = provider(replace(config, image="127.0.0.1:1/no/image"))
    made.close()
    assert isinstance(made, BubblewrapProvider)


def test_auto_takes_bubblewrap_where_no_engine_answers(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    made = provider(config)
    made.close()
    assert isinstance(made, BubblewrapProvider)


def test_auto_without_any_names_what_each_lacks_and_how_to_get_it(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxError) as caught:
        provider(config)
    assert (
        "There is no sandbox to run in.\n"
        f"- No container engine answers at unix://{tmp_path}/none.sock:"
        " [Errno 2] No such file or directory. [doctest-nix.engine-down]\n"
        "- The bubblewrap sandbox needs the program bwrap, and it is not on PATH."
        " [doctest-nix.bubblewrap-missing] [doctest-nix.no-sandbox]\n"
        "Either of these is enough.\n"
        "- Start one (systemctl start docker, or podman system service --time=0), or say\n"
        "where it listens: export DOCKER_HOST=unix:///run/user/1000/podman/podman.sock\n"
        "Or use none: --nix-sandbox=bubblewrap\n"
        "- Install it: apt install bubblewrap, or nix profile install nixpkgs#bubblewrap."
    ) == str(caught.value)


def test_auto_pulls_where_an_engine_is_all_there_is(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    said: list[str] = []
    with pytest.raises(SandboxError) as caught:
        provider(replace(config, image="127.0.0.1:1/no/image:1"), said.append)
    assert Slug.NO_SANDBOX == caught.value.slug
    assert ["127.0.0.1:1/no/image:1 is not there: pulling it"] == said
    assert "cannot be pulled" in caught.value.problem
    assert "docker pull 127.0.0.1:1/no/image:1" in caught.value.remedy
