"""How much of an output is kept?"""

from __future__ import annotations


class Kept:
    """The beginning and the end of an output, within a bound on its bytes."""

    def __init__(self, bound: int) -> None:
        """Keep at most about ``bound`` bytes."""
        self._half = bound // 2
        self._head = bytearray()
        self._tail = bytearray()
        #: How many bytes are left out.
        self.dropped = 0

    def add(self, data: bytes | bytearray) -> None:
        """Append ``data``; the middle is dropped and counted where there is too much."""
        room = self._half - len(self._head)
        if room > 0:
            self._head += data[:room]
            data = data[room:]
        self._tail += data
        if len(self._tail) > 2 * self._half:
            excess = len(self._tail) - self._half
            self.dropped += excess
            del self._tail[:excess]

    @property
    def total(self) -> int:
        """How many bytes came."""
        return len(self._head) + len(self._tail) + self.dropped

    def joined(self) -> bytes:
        """Return what was kept, with a line between the parts where something was dropped."""
        if not self.dropped:
            return bytes(self._head + self._tail)
        return bytes(self._head) + b"\n[... %d bytes ...]\n" % self.dropped + bytes(self._tail)
