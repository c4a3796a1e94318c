"""A sandbox that starts while the page before still runs."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from doctest_nix.sandbox import Sandbox


class Ahead:
    """At most one sandbox that no page has taken yet, started on a thread of its own."""

    def __init__(self) -> None:
        """Start nothing yet."""
        self._thread = ThreadPoolExecutor(1, "doctest-nix-ahead")
        self._page: Path | None = None
        self._starting: Future[Sandbox] | None = None

    def begin(self, page: Path, create: Callable[[], Sandbox]) -> None:
        """Start what ``create`` returns for ``page``, unless one waits.  Raises SandboxError."""
        if self._starting is None:
            self._page = page
            self._starting = self._thread.submit(_started, create())

    def take(self, page: Path, create: Callable[[], Sandbox]) -> Sandbox:
        """Return the sandbox of ``page``, started: the one begun, else what ``create`` returns.

        Raises SandboxError.
        """
        if self._starting is None or self._page != page:
            return _started(create())
        starting, self._starting = self._starting, None
        return starting.result()

    def close(self) -> None:
        """Stop what nobody took.  Idempotent; never raises."""
        self._thread.shutdown()
        if self._starting is not None and self._starting.exception() is None:
            self._starting.result().stop()
        self._starting = None


def _started(sandbox: Sandbox) -> Sandbox:
    sandbox.start()
    return sandbox
