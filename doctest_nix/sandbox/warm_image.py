"""Which warm image does a run start from, and how is one made, saved and loaded?

A warm image is a base image with one layer more: what pages fetched, below /nix.  Its labels say
of which base, which package set and which pages it is.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import docker
from docker.errors import ImageNotFound

from doctest_nix.config import Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import Kept, Stream, store
from doctest_nix.sandbox.connection import FramedConnection
from doctest_nix.sandbox.courier import Courier
from doctest_nix.sandbox.image import ENGINE_TROUBLE, connect, first_line
from doctest_nix.sandbox.owner import LABEL, me
from doctest_nix.sandbox.pin import fingerprint

REPOSITORY = "doctest-nix-warm"

_BASE = "org.doctest-nix.warm.base"
_NAME = "org.doctest-nix.warm.name"
_NIXPKGS = "org.doctest-nix.warm.nixpkgs"
_PAGES = "org.doctest-nix.warm.pages"

#: Seconds for the engine to commit, to send or to take an image.
_LONG = 1800

#: The main process of the container that collects: it ends with us.
_MAIN = "echo ready; exec cat >/dev/null"


@dataclass(frozen=True, slots=True, kw_only=True)
class WarmImage:
    """A warm image: its name in the engine, the pages' keys, its base, and when it was made."""

    name: str
    pages: frozenset[str]
    base: str
    made: int

    @classmethod
    def of(cls, listed: Any) -> WarmImage:  # the engine's own JSON
        """Return the image that the engine lists so."""
        labels = listed["Labels"]
        tags = [tag for tag in listed.get("RepoTags") or [] if REPOSITORY in tag]
        return cls(
            name=tags[0] if tags else listed["Id"],
            pages=frozenset(labels[_PAGES].split(",")),
            base=labels[_BASE],
            made=int(listed["Created"]),
        )


def find(client: docker.DockerClient, config: Config, pages: Collection[str]) -> WarmImage | None:
    """Return the warm image for a run: of its base and package set, with the most of its pages.

    Of several the newest; None where there is none.  Where the engine has no base image of the
    run's name, one whose base had that name serves.  Raises one of `ENGINE_TROUBLE`.
    """
    found = client.api.images(filters={"label": _PAGES})
    if not found:
        return None
    try:
        base = client.images.get(config.image).id
    except ImageNotFound:
        base = None
    wanted = {_NIXPKGS: fingerprint(config.nixpkgs)}
    wanted |= {_NAME: config.image} if base is None else {_BASE: base}
    fitting = [WarmImage.of(each) for each in found if wanted.items() <= each["Labels"].items()]
    return max(fitting, key=lambda warm: (len(warm.pages & set(pages)), warm.made), default=None)


class ImageShelf:
    """A container of the base image, in which no page runs, and that becomes a warm image."""

    def __init__(self, client: docker.DockerClient, config: Config) -> None:
        """Start the container; ``client`` stays the caller's.  Raises one of `ENGINE_TROUBLE`."""
        self._client = client
        self._config = config
        self._variables = {**store.trust(config), "HOME": str(store.DESK)}
        self._name = ""
        self._base = client.images.get(config.image).attrs
        container = client.containers.create(
            config.image,
            ["sh", "-c", _MAIN],
            entrypoint=[],
            stdin_open=True,
            labels={LABEL: me()},
            user="0:0",
            network_mode="none",
            cap_drop=["ALL"],
            security_opt=["no-new-privileges"],
        )
        self._container = str(container.id)
        self._tether: FramedConnection | None = None
        try:
            ends = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
            self._tether = FramedConnection(client.api.attach_socket(self._container, ends))
            container.start()
            self._tether.read_to(b"ready\n")
        except BaseException:
            self.discard()
            raise

    def valid(self) -> bytes:
        """Return the paths that the base has, a line each."""
        with contextlib.closing(Courier(self._channel, longest=1 << 26)) as courier:
            return store.valid(courier)

    def take(self, archive: IO[bytes], page: str) -> tuple[str, ...]:
        """Take what may be trusted of a page's archive.  Raises OSError."""
        return store.take(self._channel, archive, page)

    def keep(self, pages: Iterable[str]) -> Kept:
        """Commit what was taken as an image of ``pages``.

        An older one of the very same name makes way.
        """
        keys = ",".join(sorted(pages))
        try:
            return self._commit(keys)
        except ENGINE_TROUBLE as error:
            raise _trouble("The warm image cannot be made", error) from error

    def save(self, path: Path) -> None:
        """Write the image, all its layers included; compressed where ``path`` ends in ``.gz``."""
        try:
            with _written(path) as file:
                for piece in self._client.api.get_image(self._name):
                    file.write(piece)
        except ENGINE_TROUBLE as error:
            raise _trouble(f"The warm image {self._name} cannot be saved", error) from error

    def discard(self) -> None:
        """Remove the container.  Idempotent; never raises."""
        if self._tether is not None:
            self._tether.close()
        with contextlib.suppress(*ENGINE_TROUBLE):
            self._client.api.remove_container(self._container, force=True, v=True)

    def _commit(self, keys: str) -> Kept:
        with contextlib.closing(Courier(self._channel, longest=1 << 16)) as courier:
            store.tidy(courier)
        labels = {
            _BASE: self._base["Id"],
            _NAME: self._config.image,
            _NIXPKGS: fingerprint(self._config.nixpkgs),
            _PAGES: keys,
            # A container of the image is not this process's.
            LABEL: "",
        }
        tag = "-".join(_short(labels[each]) for each in (_BASE, _NIXPKGS, _PAGES))
        changes = [f"LABEL {name}={json.dumps(value)}" for name, value in labels.items()]
        settings = self._base["Config"]
        changes += [
            f"{word} {json.dumps(settings.get(name) or [])}"
            for word, name in (("ENTRYPOINT", "Entrypoint"), ("CMD", "Cmd"))
        ]
        changes += [f"USER {settings.get('User') or '0:0'}"]
        self._client.api.timeout = _LONG
        made = self._client.api.commit(self._container, REPOSITORY, tag, changes="\n".join(changes))
        size = self._client.images.get(made["Id"]).attrs["Size"] - self._base["Size"]
        self._name = f"{REPOSITORY}:{tag}"
        return Kept(name=self._name, size=size)

    def _channel(self, argv: Sequence[str]) -> Stream:
        made = self._client.api.exec_create(
            self._container, list(argv), stdin=True, environment=self._variables, workdir="/"
        )
        return FramedConnection(self._client.api.exec_start(made["Id"], socket=True))


def load(path: Path) -> tuple[str, ...]:
    """Load the images of a file that `ImageShelf.save` wrote; return what they are.

    Raises SandboxError, OSError.
    """
    with contextlib.closing(connect()) as client, path.open("rb") as file:
        client.api.timeout = _LONG
        try:
            images = client.images.load(cast("bytes", file))  # it takes a file too
            named = {image.id for image in images}
            listed = client.api.images(filters={"label": _PAGES})
            warm = [WarmImage.of(each) for each in listed if each["Id"] in named]
            return tuple(f"{each.name}, pages: {len(each.pages)}" for each in warm)
        except ENGINE_TROUBLE as error:
            raise _trouble(f"{path} cannot be loaded", error) from error


@contextlib.contextmanager
def _written(path: Path) -> Any:
    if path.suffix == ".gz":
        with gzip.open(path, "wb", compresslevel=1) as packed:
            yield packed
    else:
        with path.open("wb") as plain:
            yield plain


def _short(value: str) -> str:
    """Return twelve letters for a label."""
    value = value.removeprefix("sha256:")
    known = len(value) == 64 and value.isalnum()
    return (value if known else hashlib.sha256(value.encode()).hexdigest())[:12]


def _trouble(what: str, error: object) -> SandboxError:
    return SandboxError(Slug.WARM, f"{what}: {first_line(error)}.")
