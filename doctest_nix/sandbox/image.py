"""How an image gets into the engine: looked up, pulled or built."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator

import docker
import requests
from docker.constants import DEFAULT_DOCKER_API_VERSION as _VERSION
from docker.errors import APIError, DockerException, ImageNotFound

from doctest_nix.errors import SandboxError, Slug, nearest
from doctest_nix.sandbox.owner import LABEL, me

#: Seconds that the engine has to answer a request.
_PATIENCE = 60

#: Seconds that it has to say that it is there at all.
_PING = 5.0

#: Seconds between two lines about a pull.
_INTERVAL = 1.0

#: Seconds that a pull may say nothing for, or a build may take.
_LONG = 1800

#: What an image of ours has besides Debian's essential packages.
_PACKAGES = ("nix-bin", "ca-certificates", "git")

#: The Debian suites that an image can be made of: trixie has Nix 2.26, sid the newest.
SUITES = ("trixie", "sid")

#: A mirror that stands still for a few days has an index of sid that says it is out of date.
_OPTIONS = {"sid": ('--aptopt=Acquire::Check-Valid-Until "false"',)}

#: Takes a line that says how far a long work has come.
Progress = Callable[[str], None]

#: All that the SDK raises where the engine refuses, hangs or is gone.
ENGINE_TROUBLE = (DockerException, requests.RequestException, OSError)


def connect(patience: float = _PING) -> docker.DockerClient:
    """Return a client of the engine that ``DOCKER_HOST`` or the current Docker context names.

    Raises SandboxError(ENGINE_DOWN) where none answers within ``patience`` seconds.
    """
    try:
        _knock(patience)
        return docker.from_env(timeout=_PATIENCE)
    except ENGINE_TROUBLE as error:
        where = os.environ.get("DOCKER_HOST", "its usual socket")
        raise SandboxError(
            Slug.ENGINE_DOWN,
            f"No container engine answers at {where}: {first_line(error)}.",
            remedy="Start one (systemctl start docker, or podman system service --time=0), or say\n"
            "where it listens: export DOCKER_HOST=unix:///run/user/1000/podman/podman.sock\n"
            "Or use none: --nix-sandbox=bubblewrap",
        ) from error


def present(client: docker.DockerClient, image: str) -> bool:
    """Tell whether the engine has ``image``; raises SandboxError(ENGINE_DOWN)."""
    try:
        client.images.get(image)
    except ImageNotFound:
        return False
    except ENGINE_TROUBLE as error:
        raise SandboxError(
            Slug.ENGINE_DOWN, f"The container engine does not answer: {first_line(error)}."
        ) from error
    return True


def missing(image: str, why: str) -> SandboxError:
    """Return the error for an image that is not there, with the commands to type."""
    return SandboxError(
        Slug.IMAGE_MISSING,
        f"The image {image} is not there{why}.",
        remedy=f"Get it:\n    docker pull {image}\n"
        "Or build one, where there is no registry, and use that:\n"
        "    doctest-nix image build --suite trixie\n"
        "    pytest --nix-image=doctest-nix:trixie",
    )


def ensure(client: docker.DockerClient, image: str, progress: Progress) -> None:
    """Make sure that the engine has ``image``, pulling it where it must.

    ``progress`` gets a line about once a second meanwhile.  Raises SandboxError: IMAGE_MISSING,
    ENGINE_DOWN.
    """
    if present(client, image):
        return
    progress(f"{image} is not there: pulling it")
    client.api.timeout = _LONG
    try:
        for line in _pulled(client, image):
            progress(line)
        client.images.get(image)
    except ENGINE_TROUBLE as error:
        raise missing(image, f", and cannot be pulled: {first_line(error)}") from error
    finally:
        client.api.timeout = _PATIENCE


def pinned(image: str, progress: Progress) -> str:
    """Return a name that is always this very image: its digest in the registry that it came from.

    One that was built here has its identity in this engine alone.  Raises SandboxError:
    ENGINE_DOWN, IMAGE_MISSING.
    """
    with contextlib.closing(connect()) as client:
        ensure(client, image, progress)
        try:
            attributes = client.images.get(image).attrs
        except ENGINE_TROUBLE as error:
            raise missing(image, f": {first_line(error)}") from error
    name = _name(image)[0].partition("@")[0]
    digests: list[str] = attributes.get("RepoDigests") or []
    for each in digests:
        if each.partition("@")[0].endswith(name):
            return each
    identity: str = attributes["Id"]
    progress(f"{image} was built here, and other machines do not know it as {identity}")
    return identity


def version_in(image: str, progress: Progress) -> str:
    """Return the version of the Nix in ``image``, which is pulled where it is missing.

    Raises SandboxError: ENGINE_DOWN, IMAGE_MISSING, NIX_MISSING.
    """
    with contextlib.closing(connect()) as client:
        ensure(client, image, progress)
        asking = ["nix-instantiate", "--version"]
        try:
            said = client.containers.run(
                image, asking, entrypoint="", remove=True, network_mode="none", labels={LABEL: me()}
            )
        except ENGINE_TROUBLE as error:
            raise SandboxError(
                Slug.NIX_MISSING,
                f"The image {image} does not tell the version of its Nix: {first_line(error)}.",
                remedy=f"Look: docker run --rm {image} {' '.join(asking)}",
            ) from error
        return said.decode(errors="replace").split()[-1]


def build(suite: str, tag: str, progress: Progress) -> None:
    """Make the image ``tag`` of a Debian ``suite`` with its Nix, without a registry.

    It takes about 25 seconds and 260 MB; ``progress`` gets a line for each step.  Raises
    SandboxError: ENGINE_DOWN, IMAGE_BUILD.
    """
    if suite not in SUITES:
        raise _not_built(suite, "there is no such suite", nearest(suite, SUITES))
    mmdebstrap = shutil.which("mmdebstrap")
    if mmdebstrap is None:
        raise _not_built(
            suite, "there is no mmdebstrap on PATH", "Install it: apt install mmdebstrap"
        )
    client = connect()
    client.api.timeout = _LONG
    argv = [
        *[mmdebstrap, "--variant=essential", f"--include={','.join(_PACKAGES)}"],
        # What no tutorial reads: half of what the packages add.
        *["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"],
        *["--dpkgopt=path-exclude=/usr/share/locale/*"],
        *[*_OPTIONS.get(suite, ()), suite, "-"],
    ]
    repository, _, version = tag.rpartition(":") if ":" in tag.rpartition("/")[2] else (tag, "", "")
    with subprocess.Popen(
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        said: list[str] = []
        listening = threading.Thread(target=_listen, args=[process, said, progress])
        listening.start()
        try:
            answer = client.api.import_image_from_stream(
                _produced(process),
                changes=[f"LABEL org.doctest-nix.suite={suite}", 'CMD ["bash"]'],
            )
            # Named afterwards: Podman takes no tag with an import.
            identity = re.findall("sha256:[0-9a-f]{64}", str(answer))[-1:] or [str(answer)]
            client.api.tag(identity[0], repository, version or "latest")
        except ENGINE_TROUBLE as error:
            process.kill()
            listening.join()
            why = "\n".join(said[-5:]) or first_line(error)
            raise _not_built(suite, f"mmdebstrap or the engine failed:\n{why}", "") from error
        finally:
            process.kill()
            listening.join()
            client.close()
    progress(f"built {tag}")


def first_line(error: object) -> str:
    """Return an error as the end of a sentence; of the engine's, what the engine says."""
    said = getattr(error, "explanation", None) or str(error)
    return (str(said).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _knock(patience: float) -> None:
    """Return when an engine answers; raises one of `ENGINE_TROUBLE`.

    A client that finds nobody while it is made leaves its socket to the garbage collector, which
    warns; so does a unix socket that it cannot open.
    """
    # The SDK takes whole seconds by its types, and fractions in fact.
    client = docker.from_env(timeout=patience, version=_VERSION)  # type: ignore[arg-type]
    with contextlib.closing(client), contextlib.suppress(APIError):
        path = getattr(client.api.get_adapter(client.api.base_url), "socket_path", None)
        if path is not None:
            with socket.socket(socket.AF_UNIX) as door:
                door.settimeout(patience)
                door.connect(path)
        client.ping()


def _pulled(client: docker.DockerClient, image: str) -> Iterator[str]:
    """Pull ``image``; yield how much of it is here, about once a second."""
    layers: dict[str, tuple[int, int]] = {}
    last = time.monotonic()
    for event in client.api.pull(*_name(image), stream=True, decode=True):
        if "error" in event:
            raise APIError(event["error"])
        detail = event.get("progressDetail") or {}
        if event.get("status") == "Downloading" and "total" in detail:
            layers[event["id"]] = (detail["current"], detail["total"])
        elif event.get("status") == "Download complete" and event["id"] in layers:
            layers[event["id"]] = (layers[event["id"]][1],) * 2
        if layers and time.monotonic() - last >= _INTERVAL:
            last = time.monotonic()
            here, whole = (sum(part) / 1e6 for part in zip(*layers.values(), strict=True))
            yield f"{image}: {here:.0f} of {whole:.0f} MB"


def _name(image: str) -> tuple[str, str | None]:
    """Return repository and tag; with no tag the engine would pull them all."""
    if "@" in image:
        return image, None
    head, slash, last = image.rpartition("/")
    name, _, tag = last.partition(":")
    return f"{head}{slash}{name}", tag or "latest"


def _produced(process: subprocess.Popen[bytes]) -> Iterator[bytes]:
    """Yield what it writes; raises OSError where it fails or takes too long.

    An import that ends so leaves no image behind.
    """
    deadline = time.monotonic() + _LONG
    if process.stdout is not None:
        arrived = select.poll()
        arrived.register(process.stdout, select.POLLIN)
        while arrived.poll(max(deadline - time.monotonic(), 0) * 1000):
            data = os.read(process.stdout.fileno(), 1 << 20)
            if not data:
                break
            yield data
    if process.wait(max(deadline - time.monotonic(), 1)) != 0:
        raise OSError(f"mmdebstrap ended with status {process.returncode}")


def _listen(process: subprocess.Popen[bytes], said: list[str], progress: Progress) -> None:
    if process.stderr is not None:
        for line in process.stderr:
            text = line.decode(errors="replace").rstrip().removeprefix("I: ")
            said.append(text)
            progress(text)


def _not_built(suite: str, why: str, remedy: str) -> SandboxError:
    return SandboxError(
        Slug.IMAGE_BUILD,
        f"The image of Debian {suite} cannot be built: {why}.",
        remedy=remedy,
    )
