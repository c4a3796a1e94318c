"""A sandbox whose network is `substituters` reaches the hosts that are named, and nothing else."""

from __future__ import annotations

import hashlib
import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from doctest_nix.attempt import Attempt
from doctest_nix.config import Backend, Config, Network
from doctest_nix.errors import SandboxError
from doctest_nix.sandbox import Provider, Sandbox
from doctest_nix.sandbox.select import provider
from doctest_nix.sandbox.way_out import WayOut

IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
HOST = "127.0.0.2"
BIG = os.urandom(3_000_000)


class Host(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(BIG if self.path == "/big" else b"small\n")

    def do_POST(self) -> None:
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(hashlib.sha256(sent).hexdigest().encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer((HOST, 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@pytest.fixture(scope="module", params=(Backend.DOCKER, Backend.BUBBLEWRAP), ids=str)
def config(request: pytest.FixtureRequest, port: int) -> Config:
    return Config(
        backend=request.param,
        image=IMAGE,
        network=Network.SUBSTITUTERS,
        substituters=(f"http://{HOST}:{port}",),
        fetch_hosts=(),
    )


@pytest.fixture(scope="module")
def made(config: Config) -> Iterator[Provider]:
    each = provider(config)
    yield each
    each.close()


@pytest.fixture
def sandbox(made: Provider) -> Iterator[Sandbox]:
    each = made.create()
    each.start()
    yield each
    each.stop()


def run(sandbox: Sandbox, script: str) -> str:
    return sandbox.run(["bash", "-c", script], timeout=60).output


def test_the_named_cache_is_reached_and_another_host_is_not(sandbox: Sandbox, port: int) -> None:
    output = run(
        sandbox,
        f"curl -sS http://{HOST}:{port}/; curl -sS http://outside.invalid/;"
        "curl -sS https://outside.invalid/",
    )
    assert (
        "small\n"
        "doctest-nix: outside.invalid:80 is not provided here\n"
        "curl: (56) CONNECT tunnel failed, response 403\n"
    ) == output
    assert (
        Attempt(host=HOST, port=port, allowed=True),
        Attempt(host="outside.invalid", port=80, allowed=False),
        Attempt(host="outside.invalid", port=443, allowed=False),
    ) == sandbox.attempts()


def test_there_is_no_way_but_the_proxy(sandbox: Sandbox, port: int) -> None:
    output = run(
        sandbox,
        # No route, no interface but the loopback, which is the sandbox's own.
        "tail -n +2 /proc/net/route; tail -n +3 /proc/net/dev | cut -d: -f1;"
        f"(true >/dev/tcp/{HOST}/{port}) 2>/dev/null || echo refused",
    )
    assert ["lo", "refused"] == output.split()


def test_many_bytes_go_both_ways_on_many_connections_unharmed(sandbox: Sandbox, port: int) -> None:
    output = run(
        sandbox,
        f"cd /tmp; curl -sS http://{HOST}:{port}/big -o big\n"
        f"for i in 1 2 3 4 5; do curl -sS http://{HOST}:{port}/big | sha256sum & done; wait\n"
        f"for i in 1 2 3; do curl -sS --data-binary @big http://{HOST}:{port}/; echo; done",
    )
    assert [hashlib.sha256(BIG).hexdigest()] * 8 == output.replace("-", "").split()


def test_a_client_that_reads_slowly_does_not_hold_up_the_others(
    sandbox: Sandbox, port: int
) -> None:
    output = run(
        sandbox,
        f"curl -sS http://{HOST}:{port}/big | (read -r _; kill -STOP $BASHPID) &\n"
        f"sleep 0.5; curl -sS http://{HOST}:{port}/; kill -KILL %1",
    )
    assert "small\n" == output.partition("bash:")[0]


def test_a_way_that_cannot_be_opened_is_said_with_its_reason(
    sandbox: Sandbox, config: Config
) -> None:
    second = WayOut(config, sandbox.channel)
    with pytest.raises(SandboxError) as caught:
        second.open()
    assert caught.value.problem == (
        "The way to the proxy cannot be opened: port 3128: Address already in use."
    )


PAGE = """\
# T

```console
$ curl -sS http://{host}:{port}/
small
```

```console
$ curl -sS https://outside.invalid/
hello
```

```console
$ nix-instantiate --eval -E 'builtins.fetchTarball "https://outside.invalid/x.tar.gz"'
```
"""


def test_what_a_page_tried_to_reach_is_in_the_report(
    pytester: pytest.Pytester, config: Config, port: int
) -> None:
    pytester.makefile(".md", page=PAGE.format(host=HOST, port=port))
    result = pytester.runpytest_inprocess(
        "page.md",
        "--nix-json=report.json",
        f"--nix-sandbox={config.backend}",
        f"--nix-image={IMAGE}",
        "--nix-network=substituters",
        f"--nix-substituters=http://{HOST}:{port}",
        "--nix-fetch-hosts=example.org",
    )
    (document,) = json.loads(Path("report.json").read_text())["documents"]

    assert ["passed", "skipped", "skipped"] == [block["fate"] for block in document["blocks"]]
    assert [
        {"host": HOST, "port": port, "allowed": True},
        {"host": "outside.invalid", "port": 443, "allowed": False},
    ] == document["network"]
    result.stdout.fnmatch_lines(["nix: page.md tried to reach outside.invalid:443 (refused)"])
