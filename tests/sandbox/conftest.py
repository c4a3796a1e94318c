"""Sandboxes of both backends, real ones: where an engine or an image is missing, tests fail."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from doctest_nix.config import Backend, Config
from doctest_nix.sandbox import Provider, Sandbox
from doctest_nix.sandbox.select import provider as select

IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
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


@pytest.fixture
def dead() -> str:
    """Return the mark of a process that ended."""
    script = "from doctest_nix.sandbox.owner import me; print(me(), end='')"
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    ).stdout
