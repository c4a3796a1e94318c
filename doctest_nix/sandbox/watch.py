"""Which containers have written more than they may, where the engine cannot bound it?"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Mapping

#: Seconds between two looks; after one that takes long there is a pause of four times as long.
_INTERVAL = 1.0
_SHARE = 4


class Watch:
    """A thread that looks at the sizes of containers, and tells of those that are too large."""

    def __init__(
        self, sizes: Callable[[], Mapping[str, int]], bound: int, tell: Callable[[str], None]
    ) -> None:
        """Ask ``sizes`` for bytes by container; ``tell`` gets each container above ``bound``.

        ``sizes`` may raise OSError: it is asked again.
        """
        self._sizes = sizes
        self._bound = bound
        self._tell = tell
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self) -> None:
        """Look from now on.  Idempotent."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._look, name="doctest-nix-disk", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Look no more.  Idempotent; never raises."""
        self._over.set()
        if self._thread is not None:
            self._thread.join()

    def _look(self) -> None:
        pause = _INTERVAL
        while not self._over.wait(pause):
            began = time.monotonic()
            with contextlib.suppress(OSError):
                for container, size in self._sizes().items():
                    if size > self._bound:
                        self._tell(container)
            pause = max(_INTERVAL, _SHARE * (time.monotonic() - began))
