"""No container outlives its run, however the run ends."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
LABEL = "doctest-nix.owner"

PAGE = "# T\n\n```console\n$ false\n```\n\n# U\n\n```nix\n1\n```\n"
SLOW = "# T\n\n```console\n$ sleep 1000\n```\n"


@pytest.fixture(autouse=True)
def in_docker(pytester: pytest.Pytester) -> None:
    pytester.makeini(f"[pytest]\nnix_sandbox = docker\nnix_image = {IMAGE}\n")
    pytester.makefile(".md", page=PAGE, slow=SLOW)


@pytest.fixture
def client() -> Iterator[docker.DockerClient]:
    with contextlib.closing(docker.from_env()) as client:
        yield client


def owned(client: docker.DockerClient, process: int) -> list[str]:
    """Return the containers of a process of this machine."""
    found = client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True)
    return [c.id for c in found if str(process) == c.labels[LABEL].split()[1]]


def until(condition: object, seconds: float = 60) -> None:
    assert callable(condition)
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@contextlib.contextmanager
def pytest_running(path: Path, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", *arguments],
        cwd=path,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_a_container_is_gone_after_the_run_and_after_its_first_failure(
    pytester: pytest.Pytester, client: docker.DockerClient
) -> None:
    pytester.runpytest_inprocess("page.md").assert_outcomes(failed=1, passed=1)
    pytester.runpytest_inprocess("page.md", "-x").assert_outcomes(failed=1)

    assert [] == owned(client, os.getpid())


def test_a_container_is_gone_after_ctrl_c(
    pytester: pytest.Pytester, client: docker.DockerClient
) -> None:
    with pytest_running(pytester.path, "slow.md") as process:
        until(lambda: owned(client, process.pid))
        os.killpg(process.pid, signal.SIGINT)

        assert pytest.ExitCode.INTERRUPTED == process.wait(timeout=30)
    assert [] == owned(client, process.pid)


def test_the_next_page_finds_its_container_started_and_it_is_gone_with_the_run(
    pytester: pytest.Pytester, client: docker.DockerClient
) -> None:
    pytester.makefile(".md", parsed="# T\n\n```json\n1\n```\n", unselected=PAGE, waiting=PAGE)
    pages = ("slow.md", "parsed.md", "unselected.md", "waiting.md")
    with pytest_running(pytester.path, *pages, "-k", "not unselected") as process:
        until(lambda: len(owned(client, process.pid)) == 2)
        os.killpg(process.pid, signal.SIGINT)

        assert pytest.ExitCode.INTERRUPTED == process.wait(timeout=30)
    assert [] == owned(client, process.pid)


def test_a_container_that_was_started_for_a_page_is_not_another_ones(
    pytester: pytest.Pytester, client: docker.DockerClient
) -> None:
    writes = "# T\n\n```console\n$ ls\n$ touch mine\n```\n"
    pytester.makefile(".md", first=writes, second=writes, third=writes)

    found = pytester.runpytest_inprocess("first.md", "second.md", "third.md")

    found.assert_outcomes(passed=3)
    assert [] == owned(client, os.getpid())


def test_a_container_is_gone_after_a_kill_at_the_latest_with_the_next_run(
    pytester: pytest.Pytester, client: docker.DockerClient
) -> None:
    with pytest_running(pytester.path, "slow.md") as process:
        until(lambda: owned(client, process.pid))
        process.kill()
        process.wait()
    pytester.runpytest_inprocess("page.md")

    until(lambda: not owned(client, process.pid))
