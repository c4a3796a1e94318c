from __future__ import annotations

import hashlib
import io
import json
import os
import re
import stat
import tarfile
import threading
import time
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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


class Registry(ThreadingHTTPServer):
    """A registry of the test's own, with one image of one layer."""

    def __init__(self) -> None:
        with io.BytesIO() as file:
            with tarfile.open(fileobj=file, mode="w") as archive:
                member = tarfile.TarInfo("marker")
                member.size = 8_000_000
                archive.addfile(member, io.BytesIO(os.urandom(member.size)))
            layer = file.getvalue()
        config = json.dumps(
            {
                "architecture": "amd64",
                "os": "linux",
                "config": {},
                "rootfs": {"type": "layers", "diff_ids": [digest(layer)]},
            }
        ).encode()
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        part = "application/vnd.docker.container.image.v1+json"
        manifest = json.dumps(
            {
                "schemaVersion": 2,
                "mediaType": kind,
                "config": {"mediaType": part, "size": len(config), "digest": digest(config)},
                "layers": [
                    {
                        "mediaType": "application/vnd.docker.image.rootfs.diff.tar",
                        "size": len(layer),
                        "digest": digest(layer),
                    }
                ],
            }
        ).encode()
        self.served = {
            "/v2/": ("application/json", b"{}"),
            "/v2/toy/manifests/latest": (kind, manifest),
            f"/v2/toy/manifests/{digest(manifest)}": (kind, manifest),
            f"/v2/toy/blobs/{digest(config)}": ("application/octet-stream", config),
            f"/v2/toy/blobs/{digest(layer)}": ("application/octet-stream", layer),
        }
        super().__init__(("127.0.0.1", 0), Answers)


class Answers(BaseHTTPRequestHandler):
    server: Registry

    def do_GET(self) -> None:
        kind, body = self.server.served.get(self.path, ("", b""))
        self.send_response(200 if kind else 404)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Docker-Content-Digest", digest(body))
        self.end_headers()
        if self.command == "GET":
            for start in range(0, len(body), 1_000_000):
                self.wfile.write(body[start : start + 1_000_000])
                time.sleep(0.1)  # or the engine has nothing to tell

    do_HEAD = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        pass


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@pytest.mark.parametrize("suffix", ["", ":latest", "@"])
def test_an_image_is_pulled_with_progress(suffix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("doctest_nix.sandbox.image._INTERVAL", 0)
    said: list[str] = []
    with Registry() as registry, closing(connect()) as client:
        threading.Thread(target=registry.serve_forever, daemon=True).start()
        if suffix == "@":
            suffix += digest(registry.served["/v2/toy/manifests/latest"][1])
        name = f"127.0.0.1:{registry.server_port}/toy{suffix}"
        try:
            ensure(client, name, said.append)
            client.images.remove(name)
        finally:
            registry.shutdown()
    assert f"{name} is not there: pulling it" == said[0]
    assert all(re.fullmatch(f"{re.escape(name)}: [0-8] of 8 MB", line) for line in said[1:])
    assert f"{name}: 0 of 8 MB" != said[-1]
