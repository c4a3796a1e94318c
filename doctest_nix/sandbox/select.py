"""Which backend a run uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from doctest_nix.config import Backend, Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import Provider
from doctest_nix.sandbox.bubblewrap import BubblewrapProvider
from doctest_nix.sandbox.docker import DockerProvider
from doctest_nix.sandbox.image import Progress, connect, present


def provider(config: Config, progress: Progress = lambda line: None) -> Provider:
    """Return the backend that ``config`` asks for, ready to make sandboxes.

    AUTO takes Docker where an engine answers and has the image, else bubblewrap.  It pulls
    nothing.  Raises SandboxError; NO_SANDBOX names both remedies.
    """
    match config.backend:
        case Backend.DOCKER:
            return DockerProvider(config, progress)
        case Backend.BUBBLEWRAP:
            return BubblewrapProvider(config)
        case Backend.AUTO:
            return _best(config, progress)
        case _:
            assert_never(config.backend)


def _best(config: Config, progress: Progress) -> Provider:
    refusals: list[SandboxError] = []
    attempts: list[Callable[[], Provider]] = [
        lambda: _docker_at_hand(config, progress),
        lambda: BubblewrapProvider(config),
    ]
    for attempt in attempts:
        try:
            return attempt()
        except SandboxError as refusal:
            refusals.append(refusal)
    raise SandboxError(
        Slug.NO_SANDBOX,
        "No sandbox can be had: " + " ".join(refusal.problem for refusal in refusals),
        remedy="\n".join(refusal.remedy for refusal in refusals),
    )


def _docker_at_hand(config: Config, progress: Progress) -> Provider:
    client = connect()
    there = present(client, config.image)
    client.close()
    if not there:
        raise SandboxError(
            Slug.IMAGE_MISSING,
            f"The engine has no image {config.image}.",
            remedy=f"Docker: docker pull {config.image}, or doctest-nix image build.",
        )
    return DockerProvider(config, progress)
