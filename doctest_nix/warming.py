"""How the packages of all pages of a run are collected, so that later runs start with them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from doctest_nix.errors import SandboxError
from doctest_nix.sandbox import Provider, Sandbox, Shelf
from doctest_nix.sandbox.store import pack


class Warming:
    """Collects from each sandbox before it ends, and keeps the whole."""

    def __init__(self, provider: Callable[[], Provider], progress: Callable[[str], None]) -> None:
        """``progress`` is told of each page what it brought."""
        self._provider = provider
        self._progress = progress
        self._shelf: Shelf | None = None
        self._known = b""
        self._pages: list[str] = []
        #: What could not be taken, a sentence each.
        self.complaints: list[str] = []

    def collect(self, sandbox: Sandbox, page: str, path: Path) -> None:
        """Take what the page at ``path`` fetched, from its sandbox.  Never raises."""
        try:
            if self._shelf is None:
                self._shelf = self._provider().shelf()
                self._known = self._shelf.valid()
            with tempfile.TemporaryFile() as archive:
                size = pack(sandbox, self._known, archive)
                paths = self._shelf.take(archive, page)
        except (OSError, SandboxError) as error:
            self.complaints.append(f"{path}: what it fetched cannot be taken: {error}")
        else:
            self._pages.append(page)
            packages = "package" if len(paths) == 1 else "packages"
            self._progress(f"{path}: {size / 1e6:.0f} MB fetched, {len(paths)} new {packages}")

    def finish(self, save: Path | None) -> str:
        """Keep what was taken, in the file ``save`` too, and say where and how much it is.

        Returns ``""`` where no page ran.  Raises SandboxError, OSError.
        """
        if self._shelf is None or not self._pages:
            return ""
        kept = self._shelf.keep(self._pages)
        said = f"{kept.name}, {kept.size / 1e6:.1f} MB more than without"
        if save is not None:
            self._shelf.save(save)
            said += f"\nsaved: {save}, {save.stat().st_size / 1e6:.1f} MB"
        return said

    def close(self) -> None:
        """Give back what is not kept.  Idempotent; never raises."""
        if self._shelf is not None:
            self._shelf.discard()
            self._shelf = None
