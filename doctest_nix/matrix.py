"""Which versions of Nix a run tries each document with, and what they are called."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from doctest_nix.config import DEFAULT_IMAGE, HOST, Backend, Config
from doctest_nix.errors import ConfigError, SandboxError, Slug


def editions(config: Config, images: Sequence[str]) -> tuple[Config, ...]:
    """Return the settings for each of the ``images``, of which `HOST` is the machine's own Nix.

    Raises ConfigError where an image is asked of a backend that has none.
    """
    if config.backend is Backend.BUBBLEWRAP and any(image != HOST for image in images):
        raise ConfigError(
            Slug.OPTION,
            f"bubblewrap has no images, and --nix-image names {len(images)}",
            remedy=f"Leave --nix-sandbox out; the machine's own Nix is --nix-image={HOST}.",
        )
    return tuple(
        replace(config, backend=Backend.BUBBLEWRAP, image=DEFAULT_IMAGE)
        if image == HOST
        else replace(config, backend=Backend.DOCKER, image=image)
        for image in dict.fromkeys(images)
    )


def names(configs: Sequence[Config], ask: Callable[[Config], str]) -> tuple[str, ...]:
    """Return a name for each, like ``nix-2.26``; longer where two would have the same.

    ``ask`` returns the version of the Nix that a run with given settings has, or raises
    SandboxError; the name is then the image's: the run itself will tell the trouble.
    """
    versions: list[str | None] = []
    for config in configs:
        try:
            versions.append(ask(config))
        except SandboxError:
            versions.append(None)
    found = [
        (f"nix-{_short(v)}", f"nix-{v}", f"nix-{v}-{image(c)}") if v else (image(c),) * 3
        for c, v in zip(configs, versions, strict=True)
    ]
    ranks = tuple(zip(*found, strict=True))
    return tuple(
        next((names[n] for names in ranks if names.count(names[n]) == 1), ranks[-1][n])
        for n in range(len(found))
    )


def image(config: Config) -> str:
    """Return what the option `--nix-image` calls it."""
    return HOST if config.backend is Backend.BUBBLEWRAP else config.image


def _short(version: str) -> str:
    found = re.match(r"\d+\.\d+", version)
    return found[0] if found else version
