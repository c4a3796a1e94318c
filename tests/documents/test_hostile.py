"""Pages that mean harm: the verdict says what stopped them, and nothing is harmed.

Each of them ends by itself within seconds, and uses no more than a machine can spare.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

PAGES = Path(__file__).parent / "hostile"
NIXPKGS = Path(__file__).parent.parent / "nixpkgs"
IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
LIMITS = ("memory=256M", "disk=128M", "output=64K", "processes=60")

#: Where the listener outside is: an address that is given to no machine (RFC 5737).
OUTSIDE = ("198.51.100.7", 4711)

CANARY = "doctest-nix-canary-3f1c"
SECRET = "doctest-nix-secret.txt"  # noqa: S105  a file's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What became of the pages, and of the machine."""

    verdicts: dict[str, dict[str, str]]
    said: str
    reached: int
    changed: list[str]


@pytest.fixture(scope="module", params=["bubblewrap", "docker"])
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run all pages in one backend, beside what they must not find, reach or change."""
    outer = tmp_path_factory.mktemp(request.param)
    folder = outer / "docs"
    shutil.copytree(PAGES, folder)
    (outer / SECRET).write_text("the host's secret\n")
    (folder / "link-to-secret.txt").symlink_to(outer / SECRET)
    before = digests(outer), digests(NIXPKGS)
    report = outer / "report.json"
    homes = (Path.home(), Path("/tmp"), Path("/var/tmp"))
    canaries = [home / f".{CANARY}.{request.param}" for home in homes]
    environment = {**os.environ, "CANARY": CANARY, "AWS_SECRET_ACCESS_KEY": CANARY}
    with contextlib.ExitStack() as stack:
        listeners = stack.enter_context(listening())
        for canary in canaries:
            canary.write_text(CANARY)
            stack.callback(canary.unlink)
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "docs", f"--rootdir={folder}", "-c", os.devnull),
                *("-p", "no:cacheprovider", "-q", "-rA", "--color=no"),
                *(f"--nix-sandbox={request.param}", f"--nix-image={IMAGE}", "--nix-timeout=20"),
                *(f"--nix-nixpkgs={NIXPKGS}", f"--nix-json={report}"),
                *(f"--nix-limit={limit}" for limit in LIMITS),
            ],
            cwd=outer,
            env=environment,
            capture_output=True,
            check=False,
        )
        reached = connections(listeners)
    verdicts = {
        Path(document["path"]).stem: {
            str(block["line"]): f"{block['fate']}: {block['reason']}"
            for block in document["blocks"]
        }
        for document in json.loads(report.read_text())["documents"]
    }
    said = (done.stdout + done.stderr).decode(errors="replace")
    report.unlink()
    after = digests(outer), digests(NIXPKGS)
    changed = [
        name for old, new in zip(before, after, strict=True) for name in differences(old, new)
    ]
    return Run(verdicts=verdicts, said=said, reached=reached, changed=changed)


@pytest.mark.parametrize("name", sorted(path.stem for path in PAGES.glob("*.md")))
def test_the_verdict_says_what_stopped_the_page(
    run: Run, name: str, request: pytest.FixtureRequest
) -> None:
    expected = tomllib.loads((PAGES / f"{name}.toml").read_text())
    backend = request.node.callspec.params["run"]
    wanted = {
        line: said[backend] if isinstance(said, dict) else said for line, said in expected.items()
    }
    assert wanted == {
        line: as_expected(verdict, wanted.get(line, ""))
        for line, verdict in run.verdicts[name].items()
    }


def test_nothing_of_the_documents_and_of_what_is_provided_has_changed(run: Run) -> None:
    assert [] == run.changed


def test_nobody_came_to_the_listener_outside(run: Run) -> None:
    assert 0 == run.reached


def test_no_secret_is_told(run: Run) -> None:
    assert "the host's secret" not in run.said
    assert CANARY not in run.said


def test_nothing_is_left_running(run: Run) -> None:
    assert [] == [line for line in command_lines() if line.startswith(b"doctest-nix-daemon")]


def test_nothing_is_left_where_pages_tried_to_write(run: Run) -> None:
    tried = ("/tmp/doctest-nix-escaped", "/tmp/doctest-nix-escaped.nix", "/tmp/doctest-nix-poison")
    places = [*tried, "/var/tmp/doctest-nix-poison", "/dev/shm/doctest-nix-poison"]
    assert [] == [place for place in places if Path(place).exists()]


def test_the_listener_outside_is_reached_by_those_who_may(
    tmp_path: Path, pytester: pytest.Pytester
) -> None:
    pytester.makefile(".md", page="# T\n\n```console\n$ exec 3<>/dev/tcp/198.51.100.7/4711\n```\n")
    with listening() as listeners:
        pytester.runpytest_inprocess(
            "page.md", "--nix-sandbox=bubblewrap", "--nix-network=full"
        ).assert_outcomes(passed=1)
        assert 1 == connections(listeners)


def as_expected(verdict: str, expected: str | list[str]) -> str | list[str]:
    """Return ``expected`` where it is the fate and a part of the reason, else the verdict.

    Several are all right: where a page races with itself.
    """
    found, _, reason = verdict.partition(": ")
    for one in [expected] if isinstance(expected, str) else expected:
        fate, _, words = one.partition(": ")
        if found == fate and words in reason:
            return expected
    return verdict


@contextlib.contextmanager
def listening() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Yield listeners for TCP and UDP at `OUTSIDE`, on a bridge of our own."""
    name = f"dtn{os.getpid()}"
    subprocess.run(["ip", "link", "add", name, "type", "bridge"], check=True)
    try:
        subprocess.run(["ip", "address", "add", f"{OUTSIDE[0]}/32", "dev", name], check=True)
        subprocess.run(["ip", "link", "set", name, "up"], check=True)
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            for each in (stream, datagrams):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
                each.bind(OUTSIDE)
                each.setblocking(False)
            stream.listen()
            yield stream, datagrams
    finally:
        subprocess.run(["ip", "link", "delete", name], check=True)


def connections(listeners: tuple[socket.socket, socket.socket]) -> int:
    count = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            listeners[0].accept()[0].close()
            count += 1
    with contextlib.suppress(BlockingIOError):
        while listeners[1].recv(100):
            count += 1
    return count


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path): os.readlink(path)
        if path.is_symlink()
        else hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def differences(old: dict[str, str], new: dict[str, str]) -> list[str]:
    return sorted({name for name in old | new if old.get(name) != new.get(name)})


def command_lines() -> list[bytes]:
    found = []
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            found.append(entry.read_bytes())
    return found
