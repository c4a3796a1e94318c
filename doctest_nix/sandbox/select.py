"""Which backend a run uses."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from doctest_nix.config import Backend, Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import Provider

#: Takes a line that says how far a long work has come.
Progress = Callable[[str], None]

# ruff: noqa: PLC0415
# The docker SDK takes 0.1 s to import: only a run that may use it pays.


def provider(
    config: Config,
    progress: Progress = lambda line: None,
    pages: Collection[str] | None = None,
) -> Provider:
    """Return the backend that ``config`` asks for, ready to make sandboxes.

    ``pages`` are the keys of the pages that will run, so that what was warmed for them is found;
    None says to start with nothing.

    AUTO takes Docker where an engine answers and has the image, else bubblewrap.  Docker asked
    for by name pulls an image that is missing, and tells ``progress`` how far that is; AUTO does
    so only where an engine is all there is.  Raises SandboxError; of AUTO it is NO_SANDBOX, and
    says of each backend what it lacks and how to get it.
    """
    if config.tarball is not None:
        from doctest_nix.sandbox.tarball import provide

        config = replace(config, nixpkgs=provide(config.tarball, progress))
    made = _selected(config, progress, pages)
    which = config.tarball or config.nixpkgs
    if which is not None:
        made.description += f", nixpkgs {which}"
    return made


def _selected(config: Config, progress: Progress, pages: Collection[str] | None) -> Provider:
    if config.backend is not Backend.AUTO:
        return BACKENDS[config.backend](config, progress, pages)
    refusals: list[SandboxError] = []
    for attempt in (_docker_at_hand, _bubblewrap):
        try:
            return attempt(config, progress, pages)
        except SandboxError as refusal:
            refusals.append(refusal)
    if refusals[0].slug is Slug.IMAGE_MISSING:
        try:
            return _docker(config, progress, pages)
        except SandboxError as refusal:
            refusals[0] = refusal
    raise SandboxError(
        Slug.NO_SANDBOX,
        "There is no sandbox to run in.\n"
        + "\n".join(f"- {each.problem} [doctest-nix.{each.slug}]" for each in refusals),
        remedy="Either of these is enough.\n" + "\n".join(f"- {each.remedy}" for each in refusals),
    )


def nix_version(config: Config, progress: Progress = lambda line: None) -> str:
    """Return the version of the Nix that a run with these settings has, like ``2.26.3``.

    Pulls an image that is missing.  Raises SandboxError.
    """
    if config.backend is Backend.BUBBLEWRAP:
        from doctest_nix.sandbox.host import own_version

        return own_version()
    from doctest_nix.sandbox.image import version_in

    return version_in(config.image, progress)


def _docker(config: Config, progress: Progress, pages: Collection[str] | None) -> Provider:
    from doctest_nix.sandbox.docker import DockerProvider

    return DockerProvider(config, progress, pages)


def _docker_at_hand(config: Config, progress: Progress, pages: Collection[str] | None) -> Provider:
    from doctest_nix.sandbox.image import connect, missing, present
    from doctest_nix.sandbox.warm_image import find

    client = connect()
    try:
        if not present(client, config.image) and find(client, config, pages or ()) is None:
            raise missing(config.image, "")
    finally:
        client.close()
    return _docker(config, progress, pages)


def _bubblewrap(config: Config, _progress: Progress, pages: Collection[str] | None) -> Provider:
    from doctest_nix.sandbox.bubblewrap import BubblewrapProvider

    return BubblewrapProvider(config, pages=pages)


#: A backend is one module, and one line here.
BACKENDS: Mapping[Backend, Callable[[Config, Progress, Collection[str] | None], Provider]] = {
    Backend.DOCKER: _docker,
    Backend.BUBBLEWRAP: _bubblewrap,
}
