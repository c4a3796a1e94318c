"""Which engine answers, and how an image gets there: looked up, pulled or built."""

from __future__ import annotations

import os
from collections.abc import Callable

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound

from doctest_nix.errors import SandboxError, Slug

#: Seconds that the engine has to answer one request.
ENGINE_TIMEOUT = 60

#: Seconds that it has to say that it is there at all.
_PING_TIMEOUT = 5

#: Takes a line that says how far a long work has come.
Progress = Callable[[str], None]

#: All that the SDK raises where the engine refuses, hangs or is gone.
ENGINE_TROUBLE = (DockerException, requests.RequestException, OSError)


def connect() -> docker.DockerClient:
    """Return a client of the engine that ``DOCKER_HOST`` or the current Docker context names.

    Raises SandboxError(ENGINE_DOWN) where none answers within a few seconds.
    """
    try:
        client = docker.from_env(timeout=_PING_TIMEOUT)
        client.ping()
    except ENGINE_TROUBLE as error:
        raise SandboxError(
            Slug.ENGINE_DOWN,
            f"No container engine answers at {_address()}: {first_line(error)}.",
            remedy="Start Docker (or Podman's socket: podman system service), set DOCKER_HOST "
            "to where it listens, or use --nix-sandbox=bubblewrap.",
        ) from error
    client.api.timeout = ENGINE_TIMEOUT
    return client


def present(client: docker.DockerClient, image: str) -> bool:
    """Tell whether the engine has ``image``."""
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    return True


def ensure(client: docker.DockerClient, image: str, progress: Progress) -> None:
    """Make sure that the engine has ``image``, pulling it where it must.

    Raises SandboxError(IMAGE_MISSING), whose remedy holds the commands to type.
    """
    if present(client, image):
        return
    try:
        for event in client.api.pull(image, stream=True, decode=True):
            if "error" in event:
                raise APIError(event["error"])
            progress(" ".join(str(event[key]) for key in ("id", "status") if event.get(key)))
    except ENGINE_TROUBLE as error:
        raise SandboxError(
            Slug.IMAGE_MISSING,
            f"The image {image} is not there and cannot be pulled: {first_line(error)}.",
            remedy=f"Get it with\n    docker pull {image}\nor build one without a registry:\n"
            "    doctest-nix image build\nand name it: --nix-image=doctest-nix:trixie",
        ) from error


def _address() -> str:
    return os.environ.get("DOCKER_HOST") or "the default socket"


def first_line(error: object) -> str:
    """Return an error as the end of a sentence."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")
