"""`doctest-nix lock` writes what does not change into pytest's configuration."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from doctest_nix import lock, options
from doctest_nix.config import Tarball
from doctest_nix.errors import ConfigError, SandboxError, Slug
from doctest_nix.lock import write
from doctest_nix.options import package_set
from doctest_nix.sandbox.image import connect
from doctest_nix.sandbox.tarball import provide

IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
HOST = "127.0.0.2"
COMMIT = "0123456789abcdef" * 2 + "01234567"

PAGE = """\
# T

```console
$ nix-instantiate --eval -E '(import <nixpkgs> { }).answer'
42
```

```console
$ nix-instantiate --version
nix-instantiate (Nix) 99.1
```
"""


class Served(http.server.BaseHTTPRequestHandler):
    """A channel, and a forge that has each commit."""

    tarball = b""
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        known = {"/nixos-99.05/git-revision": COMMIT.encode()}
        body = self.tarball if self.path.endswith(".tar.gz") else known.get(self.path)
        self.send_response(200 if body is not None else 404)
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def tarball(tmp_path: Path) -> Path:
    inside = tmp_path / "nixpkgs-1"
    inside.mkdir()
    inside.joinpath("default.nix").write_text("{ }: { answer = 42; }\n")
    inside.joinpath("link").symlink_to("default.nix")
    with tarfile.open(tmp_path / "set.tar.gz", "w:gz") as archive:
        archive.add(inside, "nixpkgs-1")
    return tmp_path / "set.tar.gz"


@pytest.fixture
def served(tarball: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Served]]:
    class Handler(Served):
        asked: list[str] = []  # noqa: RUF012  # of this test

    Handler.tarball = tarball.read_bytes()
    with http.server.ThreadingHTTPServer((HOST, 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://{HOST}:{server.server_address[1]}"
        monkeypatch.setattr(options, "NIXPKGS_TARBALL", url + "/{commit}.tar.gz")
        monkeypatch.setattr(lock, "CHANNEL_COMMIT", url + "/{channel}/git-revision")
        yield Handler
        server.shutdown()


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def sha256(file: Path) -> str:
    return base64.b64encode(hashlib.sha256(file.read_bytes()).digest()).decode()


def test_a_channel_is_pinned_by_its_commit_and_a_local_image_by_its_identity(
    pytester: pytest.Pytester, served: type[Served]
) -> None:
    pytester.makepyprojecttoml(f"[tool.pytest.ini_options]\nnix_image = {IMAGE!r} # ours\n")
    result = pytester.runpytest_inprocess("--nix-lock", "--nix-lock-nixpkgs=nixos-99.05")

    assert 0 == result.ret
    with closing(connect()) as engine:
        identity = engine.images.get(IMAGE).id
    assert (
        f'[tool.pytest.ini_options]\nnix_nixpkgs = "{COMMIT}"\nnix_image = "{identity}" # ours'
    ) == Path("pyproject.toml").read_text()
    assert ["/nixos-99.05/git-revision"] == served.asked


@pytest.mark.parametrize("backend", ["docker", "bubblewrap"])
def test_a_run_has_the_package_set_of_a_commit_and_says_so(
    pytester: pytest.Pytester, served: type[Served], backend: str
) -> None:
    pytester.makefile(".md", page=PAGE)
    options = [f"--nix-sandbox={backend}", f"--nix-image={IMAGE}", "--nix-json=report.json"]
    command = ["page.md", *options]
    result = pytester.runpytest_inprocess(*command, f"--nix-nixpkgs={COMMIT}")
    again = pytester.runpytest_inprocess(*command, f"--nix-nixpkgs={COMMIT}")

    for each in (result, again):
        each.stdout.fnmatch_lines([f"nix: 2 blocks: 2 run (1 stale)*, nixpkgs {COMMIT}]"])
    assert [f"/{COMMIT}.tar.gz"] == served.asked
    (document,) = json.loads(Path("report.json").read_text())["documents"]
    assert document["environment"].endswith(f", nixpkgs {COMMIT}")


def test_a_tarball_is_pinned_by_its_hash(pytester: pytest.Pytester, tarball: Path) -> None:
    pytester.makeini("[pytest]\nnix_nixpkgs = set.tar.gz\nnix_sandbox = bubblewrap\n")
    pytester.path.joinpath("set.tar.gz").write_bytes(tarball.read_bytes())
    assert 0 == pytester.runpytest_inprocess("--nix-lock").ret

    pinned = f"set.tar.gz#sha256-{sha256(tarball)}"
    expected = f"[pytest]\nnix_nixpkgs = {pinned}\nnix_sandbox = bubblewrap"
    assert expected == Path("tox.ini").read_text()


def test_a_tarball_that_is_not_the_pinned_one_is_refused(tarball: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        provide(Tarball(url=tarball.as_uri(), sha256="A" * 43 + "="), print)
    assert Slug.NIXPKGS == caught.value.slug
    assert f"its SHA-256 is sha256-{sha256(tarball)}, not sha256-AAAA" in caught.value.problem


def test_a_tarball_that_is_no_package_set_is_refused(tmp_path: Path) -> None:
    tmp_path.joinpath("empty.tar").write_bytes(b"\0" * 10240)
    with pytest.raises(SandboxError) as caught:
        provide(Tarball(url=(tmp_path / "empty.tar").as_uri()), print)
    assert caught.value.problem.endswith("cannot be had: it has no folder with files.")


def test_a_tarball_cannot_write_outside_of_its_folder(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("set/../../../evil"))
    with pytest.raises(SandboxError) as caught:
        provide(Tarball(url=(tmp_path / "evil.tar").as_uri()), print)
    assert "outside the destination" in caught.value.problem
    assert [] == list(tmp_path.rglob("evil"))


REFUSED = {
    "nixos-99.05": "--nix-nixpkgs=nixos-99.05 is a channel, and tomorrow another commit",
    "nowhere": "--nix-nixpkgs=nowhere is no directory, no tarball and no commit",
    "https://x.org/a.tar.gz#1": "--nix-nixpkgs=https://x.org/a.tar.gz#1: '1' is no SHA-256",
}


@pytest.mark.parametrize("given", REFUSED)
def test_what_names_no_package_set_is_said(given: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        package_set(given, tmp_path)
    assert REFUSED[given] == caught.value.problem


#: A file's name, its text, and what becomes of it.
WRITTEN = [
    ("pytest.ini", "[pytest]\naddopts = -ra\n", "[pytest]\nnix_image = x\naddopts = -ra\n"),
    ("tox.ini", "[a]\n[pytest]\nnix_image=y\n[b]\n", "[a]\n[pytest]\nnix_image = x\n[b]\n"),
    (
        "setup.cfg",
        "[tool:pytest]\n[b]\nnix_image=y",
        "[tool:pytest]\nnix_image = x\n[b]\nnix_image=y",
    ),
    (
        "pyproject.toml",
        '[tool.pytest.ini_options]\nnix_image = "y" # why\n\n[[b]]\n',
        '[tool.pytest.ini_options]\nnix_image = "x" # why\n\n[[b]]\n',
    ),
]


@pytest.mark.parametrize(("name", "before", "after"), WRITTEN)
def test_a_setting_is_written_where_it_belongs(
    tmp_path: Path, name: str, before: str, after: str
) -> None:
    file = tmp_path / name
    file.write_text(before)
    write(file, [("nix_image", "x")])
    assert after == file.read_text()


UNWRITTEN = {
    "[other]\n": "it has no section [tool.pytest.ini_options] or [tool.pytest]",
    "[tool.pytest.ini_options]\nnix_image = [\n]\n": "nix_image has more than one value there",
}


@pytest.mark.parametrize("text", UNWRITTEN)
def test_a_configuration_that_cannot_be_written_is_left_alone(tmp_path: Path, text: str) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        write(file, [("nix_image", "x")])
    assert (
        f"The settings cannot be written into {file}: {UNWRITTEN[text]}. [doctest-nix.option]\n"
        "Write them yourself:\n    nix_image = x"
    ) == str(caught.value)
    assert text == file.read_text()


def test_there_must_be_a_configuration_to_write_to(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_inprocess("--nix-lock", "--nix-sandbox=bubblewrap")
    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["ERROR: There is no configuration of pytest's in *"])


def test_what_cannot_be_pinned_is_told(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")
    pytester.makeini("[pytest]\n")
    first = pytester.runpytest_inprocess("--nix-lock")
    pytester.mkdir("nixpkgs")
    second = pytester.runpytest_inprocess("--nix-lock", "--nix-nixpkgs=nixpkgs")
    third = pytester.runpytest_inprocess("--nix-lock", "--nix-nixpkgs=..")

    no_image = "no image is pinned: No container engine answers at *"
    first.stdout.fnmatch_lines([no_image, "no package set is pinned: none is named; *"])
    second.stdout.fnmatch_lines(["nixpkgs is in the project, whose history pins it"])
    third.stdout.fnmatch_lines([".. is a directory outside of the project, and nothing pins it"])
    assert "[pytest]" == Path("tox.ini").read_text()


def test_a_channel_that_is_not_there_is_said(
    pytester: pytest.Pytester, served: type[Served]
) -> None:
    pytester.makeini("[pytest]\nnix_sandbox = bubblewrap\n")
    result = pytester.runpytest_inprocess("--nix-lock", "--nix-lock-nixpkgs=nixos-00.01")
    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["ERROR: The channel nixos-00.01 cannot be asked for its commit*"])
