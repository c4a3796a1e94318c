"""Containers of any engine that speaks Docker's API as sandboxes: what a run of them shares."""

from __future__ import annotations

import contextlib
import tarfile
import tempfile
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from docker.errors import APIError
from docker.types import Mount

from doctest_nix.config import Config
from doctest_nix.sandbox import NIXPKGS, Sandbox, Shelf
from doctest_nix.sandbox.container import DockerSandbox, not_started, remove
from doctest_nix.sandbox.image import ENGINE_TROUBLE, Progress, connect, ensure
from doctest_nix.sandbox.owner import LABEL, alive, me
from doctest_nix.sandbox.warm_image import ImageShelf, find
from doctest_nix.sandbox.watch import Watch


class DockerProvider:
    """Containers of one image; none of them outlives `close`, or this process."""

    starts_ahead = True

    def __init__(
        self,
        config: Config,
        progress: Progress = lambda line: None,
        pages: Collection[str] | None = None,
    ) -> None:
        """Find the engine, pull the image where it is missing, sweep what dead owners left.

        ``pages`` are the keys of the run's pages: there may be a warm image for them.  None says
        to start from the bare image.  Raises SandboxError: ENGINE_DOWN, IMAGE_MISSING,
        SANDBOX_START.
        """
        self._config = config
        self.warmed: frozenset[str] = frozenset()
        self._client = connect()
        self._volume = ""
        self._made: list[DockerSandbox] = []
        self._watch = Watch(self._sizes, config.limits.disk, self._end)
        # Removing a container takes 0.1 s: the next document need not wait for it.
        self._aside = ThreadPoolExecutor(2, "doctest-nix-docker")
        try:
            warm = find(self._client, config, pages) if pages is not None else None
            if warm is None:
                ensure(self._client, config.image, progress)
            base = warm.base if warm else str(self._client.images.get(config.image).id)
            version = self._client.version().get("Version", "?")
            digest = base.removeprefix("sha256:")[:12]
            self.description = f"container engine {version}, image {config.image} ({digest})"
            if warm is not None and pages is not None:
                self.warmed = warm.pages
                self._config = replace(config, image=warm.name)
                count = len(warm.pages.intersection(pages))
                self.description += f", warm for {count} of {len(pages)} pages"
            self._sweep()
            self._storage = self._quota()
            self._mounts = [] if config.nixpkgs is None else [self._provide(config.nixpkgs)]
        except ENGINE_TROUBLE as error:
            self.close()
            raise not_started(config.image, error) from error
        except BaseException:
            self.close()
            raise

    def create(self, page: str = "") -> Sandbox:
        """Return a container to be."""
        warm = page if page in self.warmed else ""
        sandbox = DockerSandbox(
            self._client,
            self._config,
            self._mounts,
            storage=self._storage,
            aside=self._aside,
            page=warm,
        )
        self._made.append(sandbox)
        if not self._storage:
            self._watch.begin()
        return sandbox

    def shelf(self) -> Shelf:
        """Return a container that becomes a warm image."""
        try:
            return ImageShelf(self._client, self._config)
        except ENGINE_TROUBLE as error:
            raise not_started(self._config.image, error) from error

    def close(self) -> None:
        """Stop what is left, wait for the removals that are under way, and hang up."""
        for sandbox in self._made:
            sandbox.stop()
        self._watch.close()
        self._aside.shutdown()
        if self._volume:
            with contextlib.suppress(*ENGINE_TROUBLE):
                self._client.volumes.get(self._volume).remove(force=True)
            self._volume = ""
        self._client.close()

    def _sweep(self) -> None:
        """Remove what processes of this machine left that are dead."""
        ours = {"label": LABEL}
        for container in self._client.api.containers(all=True, filters=ours):
            if not alive(container["Labels"][LABEL]):
                remove(self._client, container["Id"])
        for volume in self._client.volumes.list(filters=ours):
            if not alive(volume.attrs["Labels"][LABEL]):
                with contextlib.suppress(*ENGINE_TROUBLE):
                    volume.remove(force=True)

    def _quota(self) -> dict[str, str]:
        """Return the storage options that bound a container's disk, none where none are known."""
        storage = {"size": str(self._config.limits.disk)}
        # Those of btrfs and ZFS count the image too.
        info = self._client.info()
        if dict(info.get("DriverStatus") or []).get("Backing Filesystem") != "xfs":
            return {}
        try:
            self._client.api.remove_container(self._unstarted([], storage), v=True)
        except APIError:
            return {}  # xfs without the mount option pquota
        return storage

    def _sizes(self) -> dict[str, int]:
        """Return what each container of ours has written, as its files' sizes say."""
        mine = {"label": f"{LABEL}={me()}"}
        try:
            listed = self._client.api.containers(filters=mine, size=True)
        except ENGINE_TROUBLE as error:
            raise OSError(str(error)) from error
        return {each["Id"]: each.get("SizeRw") or 0 for each in listed}

    def _end(self, container: str) -> None:
        """End the sandbox that has written too much."""
        for sandbox in self._made:
            sandbox.end_for_disk(container)

    def _provide(self, nixpkgs: Path) -> Mount:
        """Return what shows ``nixpkgs``, read-only: the host's own files where the engine sees
        them, else a volume with a copy, made once a run.
        """
        source = nixpkgs.resolve(strict=True)
        bind = Mount(str(NIXPKGS), str(source), type="bind", read_only=True)
        if self._client.api.base_url.startswith("http+docker://localhost"):
            try:
                self._client.api.remove_container(self._unstarted([bind]), v=True)
            except APIError:
                pass  # the socket is local, the engine's files are not: a proxy, a machine
            else:
                return bind
        volume = self._client.volumes.create(labels={LABEL: me()})
        self._volume = volume.name
        mount = Mount(str(NIXPKGS), volume.name, type="volume")
        filling = self._unstarted([mount])
        try:
            with tempfile.TemporaryFile() as file:
                with tarfile.open(fileobj=file, mode="w") as archive:
                    archive.add(source, ".", filter=_as_root)
                file.seek(0)
                self._client.api.put_archive(filling, str(NIXPKGS), file)
        finally:
            remove(self._client, filling)
        return Mount(str(NIXPKGS), volume.name, type="volume", read_only=True)

    def _unstarted(self, mounts: list[Mount], storage: Mapping[str, str] | None = None) -> str:
        made = self._client.containers.create(
            self._config.image,
            ["true"],
            labels={LABEL: me()},
            mounts=mounts,
            network_mode="none",
            storage_opt=dict(storage or {}),
        )
        return str(made.id)


def _as_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
