"""How bytes go to a program behind an engine's API, and come back, with nothing in between."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Callable
from typing import Any

from doctest_nix.sandbox.deadline import Deadline

#: As many bytes may come before what we wait for.
_LONGEST = 1 << 20

#: Seconds that a program has to print what we wait for, and the engine to take what is typed.
_PATIENCE = 30.0


class Connection:
    """The connection of an exec with a terminal: 0.2 ms a round trip."""

    def __init__(self, answer: Any) -> None:
        """Take what the SDK returns: a socket (TLS, ssh), or a file object over one."""
        self._answer = answer
        self._socket: socket.socket = getattr(answer, "_sock", answer)
        self._pending = b""

    def read(self, timeout: float) -> bytes:
        """Return what arrived; a TLS socket looks into its own buffer first."""
        if self._pending:
            data, self._pending = self._pending, b""
            return data
        return self._receive(timeout)

    def read_to(self, end: bytes, *, patience: float = _PATIENCE) -> bytes:
        """Return what comes before ``end``; raises OSError with what came where it does not."""
        deadline = Deadline(patience)
        seen = b""
        while end not in seen:
            data = deadline.read(self)
            if not data or len(seen) > _LONGEST:
                raise ConnectionError(seen.decode(errors="replace").strip() or "it hung up")
            seen += data
        seen, _, self._pending = seen.partition(end)
        return seen

    def write(self, data: bytes) -> None:
        """Send all of ``data``; raises OSError, TimeoutError where nobody takes it."""
        self._socket.settimeout(_PATIENCE)
        self._socket.sendall(data)

    def close(self) -> None:
        """Close the connection and the HTTP response that it came from; never raises."""
        for each in (getattr(self._answer, "_response", None), self._answer, self._socket):
            # The response complains that its file is closed, and still has to be told.
            with contextlib.suppress(OSError, ValueError):
                if each is not None:
                    each.close()

    def _receive(self, timeout: float) -> bytes:
        self._socket.settimeout(max(timeout, 0.001))
        try:
            return self._socket.recv(65536)
        except ConnectionError:
            return b""


class FramedConnection(Connection):
    """The same without terminal: each piece has a head of eight bytes, the last four its size."""

    def __init__(self, answer: Any) -> None:
        """Take what the SDK returns."""
        super().__init__(answer)
        self._raw = b""
        self._left = 0

    def _receive(self, timeout: float) -> bytes:
        deadline = time.monotonic() + timeout
        while True:
            if self._left and self._raw:
                piece, self._raw = self._raw[: self._left], self._raw[self._left :]
                self._left -= len(piece)
                return piece
            if not self._left and len(self._raw) >= 8:
                self._left = int.from_bytes(self._raw[4:8], "big")
                self._raw = self._raw[8:]
                continue
            more = super()._receive(deadline - time.monotonic())
            if not more:
                return b""
            self._raw += more


class RemoteTerminal:
    """A terminal that the engine made."""

    def __init__(self, connection: Connection, hang_up: Callable[[], None]) -> None:
        """Take over ``connection``; ``hang_up`` ends the programs, which the engine does not."""
        self._connection = connection
        self._hang_up = hang_up
        self._over = False

    def read(self, timeout: float) -> bytes:
        """Return what arrived."""
        if self._over:
            return b""
        data = self._connection.read(timeout)
        self._over = not data
        return data

    def write(self, data: bytes) -> None:
        """Type all of ``data``."""
        if self._over:
            raise BrokenPipeError("the terminal is gone")
        self._connection.write(data)

    def close(self) -> None:
        """Hang up."""
        if not self._over:
            self._over = True
            self._hang_up()
        self._connection.close()
