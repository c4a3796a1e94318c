"""How long what a sandbox prints is waited for, even where it never stops printing."""

from __future__ import annotations

import time
from typing import Protocol


class Readable(Protocol):
    """What is read with a time-out that counts up to the first byte."""

    def read(self, timeout: float) -> bytes:
        """Return what arrived; raises TimeoutError where nothing does."""
        ...


class Deadline:
    """A moment after which nothing is read any more, arrived or not."""

    def __init__(self, seconds: float) -> None:
        """Set it in so many seconds from now."""
        self._end = time.monotonic() + seconds

    def read(self, stream: Readable) -> bytes:
        """Return what arrives on ``stream``, ``b""`` at its end.

        Raises TimeoutError where nothing does in time, and once the time is over.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the time is over")
        return stream.read(left)
