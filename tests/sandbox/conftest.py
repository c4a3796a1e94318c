"""Sandboxes of both backends, real ones: where an engine or an image is missing, tests fail."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import docker
import pytest

from doctest_nix.config import Backend, Config
from doctest_nix.sandbox import Provider, Sandbox
from doctest_nix.sandbox.select import provider as select

IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
PROGRAMS = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
BACKENDS = (Backend.DOCKER, Backend.BUBBLEWRAP)


@pytest.fixture(scope="session")
def image() -> str:
    """Return the image of the tests."""
    return IMAGE


@pytest.fixture(scope="session")
def config(image: str) -> Config:
    """Return settings that both backends can fulfil."""
    return Config(image=image, columns=123)


@pytest.fixture(scope="session", params=BACKENDS, ids=str)
def backend(request: pytest.FixtureRequest) -> Backend:
    """Name the backend of a test."""
    return Backend(request.param)


@pytest.fixture(scope="session")
def provider(config: Config, backend: Backend) -> Iterator[Provider]:
    """Yield each backend, once a session."""
    made = select(replace(config, backend=backend))
    yield made
    made.close()


@pytest.fixture
def sandbox(provider: Provider) -> Iterator[Sandbox]:
    """Yield a started sandbox of each backend."""
    made = provider.create()
    made.start()
    yield made
    made.stop()


@pytest.fixture(scope="session")
def podman(image: str) -> Iterator[str]:
    """Yield the address of a Podman service of our own, which has the image of the tests."""
    folder = Path(tempfile.mkdtemp(prefix="doctest-nix-"))  # a socket's path must be short
    address = f"unix://{folder}/podman.sock"
    options = [f"--{name}={folder / name}" for name in ("root", "runroot", "tmpdir")]
    options += ["--storage-driver=overlay", "--cgroup-manager=cgroupfs", "--events-backend=file"]
    if shutil.which("runc", path=PROGRAMS):
        # Debian's crun refuses machines with both versions of control groups, runc does not.
        options.append("--runtime=runc")
    with (folder / "log").open("wb") as log:
        service = subprocess.Popen(
            ["podman", *options, "system", "service", "--time=0", address],
            cwd=folder,  # conmon leaves a file `oom` where it stands
            env={"PATH": PROGRAMS, "HOME": str(folder), "TMPDIR": str(folder)},
            stdout=log,
            stderr=log,
        )
    other = docker.DockerClient(base_url=address, version="1.40")
    try:
        until(lambda: (folder / "podman.sock").exists() or service.poll() is not None)
        assert service.poll() is None, (folder / "log").read_text()
        with contextlib.closing(docker.from_env()) as engine:
            other.images.load(engine.images.get(image).save(named=True))
        yield address
        # A process of its own removes a container that ended.
        until(lambda: not other.containers.list(all=True, ignore_removed=True))
    finally:
        other.close()
        service.terminate()
        service.wait()
        # Each exec leaves a process that cleans up five minutes later, in a folder that is gone.
        until(lambda: not kill_users(folder))
        mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
        for mount in reversed(mounts):
            if mount.startswith(f"{folder}/"):
                subprocess.run(["umount", "--lazy", mount], check=True)
        shutil.rmtree(folder)


def kill_users(folder: Path) -> int:
    """Kill the programs that name our ``folder``; return how many there were."""
    killed = 0
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if str(folder).encode() in entry.read_bytes():
                os.kill(int(entry.parent.name), signal.SIGKILL)
                killed += 1
    return killed


def until(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + 60
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def dead() -> str:
    """Return the mark of a process that ended."""
    script = "from doctest_nix.sandbox.owner import me; print(me(), end='')"
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
