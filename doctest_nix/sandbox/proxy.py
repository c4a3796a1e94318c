"""May a page reach that host, and how do the bytes get there?

A page under `Network.SUBSTITUTERS` has an HTTP proxy and no other way out.  The proxy connects to
the hosts that the run names, on the ports that it names; all else is refused and noted.  It cannot
look into TLS: what a page says to a host that is allowed, nobody filters.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from doctest_nix.attempt import Attempt
from doctest_nix.config import Config

#: Seconds to connect to a host, and bytes that a request's head may have.
_PATIENCE = 30.0
_LONGEST = 65536

#: The ports of a host that is named without one.
_PORTS = frozenset({80, 443})

#: What of a request's head speaks of the way to the proxy alone.
_HOP = re.compile(rb"(?im)^(?:proxy-[\w-]+|connection|keep-alive):.*\r\n")


class Duplex(Protocol):
    """Bytes in both directions, each of which ends by itself."""

    def recv(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes when there are some, ``b""`` at the end; or OSError."""
        ...

    def sendall(self, data: bytes, /) -> None:
        """Send all of ``data``; raises OSError."""
        ...

    def finish(self) -> None:
        """Say that nothing more is sent.  Never raises."""
        ...

    def close(self) -> None:
        """End both directions.  Idempotent; never raises."""
        ...


class Gate:
    """The hosts and ports that a run names."""

    def __init__(self, config: Config) -> None:
        """Take the binary caches that HTTP serves, with their ports, and the fetch hosts."""
        self._exact: set[tuple[str, int]] = set()
        self._below: set[tuple[str, int]] = set()
        for url in config.substituters:
            parts = urlsplit(url)
            if parts.scheme in {"http", "https"} and parts.hostname:
                port = parts.port or (443 if parts.scheme == "https" else 80)
                self._exact.add((parts.hostname.lower(), port))
        for name in config.fetch_hosts:
            host, _, named = name.lower().partition(":")
            ports = {int(named)} if named else _PORTS
            if host.startswith("*."):
                self._below |= {(host[1:], port) for port in ports}
            else:
                self._exact |= {(host, port) for port in ports}

    def allows(self, host: str, port: int) -> bool:
        """Tell whether the run names ``host`` with ``port``."""
        host = host.lower().rstrip(".")
        return (host, port) in self._exact or any(
            port == named and host.endswith(domain) for domain, named in self._below
        )


class Proxy:
    """Serves the connections of one sandbox, and notes where they wanted to go."""

    def __init__(self, gate: Gate) -> None:
        """Let through what ``gate`` allows."""
        self._gate = gate
        self._attempts: dict[Attempt, None] = {}

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was tried, each once, in order."""
        return tuple(self._attempts)

    def serve(self, client: Duplex) -> None:
        """Answer one connection to its end.  Never raises for what a client or a host does."""
        with contextlib.closing(client), contextlib.suppress(OSError):
            self._serve(client)

    def _serve(self, client: Duplex) -> None:
        head, rest = _head(client)
        request = _Request.read(head)
        if request is None:
            _answer(client, "400 Bad Request", "this proxy takes CONNECT and absolute http:// URLs")
            return
        allowed = self._gate.allows(request.host, request.port)
        self._attempts.setdefault(
            Attempt(host=request.host, port=request.port, allowed=allowed), None
        )
        if not allowed:
            _answer(client, "403 Forbidden", f"{request.host}:{request.port} is not provided here")
            return
        try:
            upstream = socket.create_connection((request.host, request.port), _PATIENCE)
        except OSError as error:
            _answer(client, "502 Bad Gateway", f"{request.host}:{request.port}: {error}")
            return
        upstream.settimeout(None)
        other = SocketDuplex(upstream)
        with contextlib.closing(other):
            if request.head is None:
                client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            else:
                other.sendall(request.head)
            other.sendall(rest)
            back = threading.Thread(target=_pump, args=[other, client], daemon=True)
            back.start()
            _pump(client, other)
            back.join()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """Where a client wants to go; ``head`` is what the host is told, None for CONNECT."""

    host: str
    port: int
    head: bytes | None

    @classmethod
    def read(cls, head: bytes) -> _Request | None:
        """Return what a request's head asks for, None where it is no proxy's request."""
        line, _, fields = head.partition(b"\r\n")
        words = line.decode("latin-1").split(" ")
        if len(words) != 3:
            return None
        method, target, version = words
        try:
            parts = urlsplit(f"//{target}" if method == "CONNECT" else target)
            port = parts.port
        except ValueError:
            return None
        if not parts.hostname or parts.username is not None:
            return None
        if method == "CONNECT":
            return cls(host=parts.hostname, port=port or 443, head=None) if port else None
        if parts.scheme != "http":
            return None
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        # One request a connection: the next might be for another host.
        kept = _HOP.sub(b"", fields.removesuffix(b"\r\n"))
        asked = f"{method} {path} {version}\r\n".encode("latin-1")
        return cls(
            host=parts.hostname, port=port or 80, head=asked + kept + b"Connection: close\r\n\r\n"
        )


class SocketDuplex:
    """A socket as a `Duplex`."""

    def __init__(self, connection: socket.socket) -> None:
        """Take over ``connection``."""
        self._connection = connection
        self.recv = connection.recv
        self.sendall = connection.sendall

    def finish(self) -> None:
        """Say that nothing more is sent."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """End both directions."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()


def _head(client: Duplex) -> tuple[bytes, bytes]:
    """Return a request's head with the line break that ends its last field, and what follows."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = client.recv(_LONGEST)
        if not more or len(data) > _LONGEST:
            raise ConnectionError("no request")
        data += more
    head, _, rest = data.partition(b"\r\n\r\n")
    return head + b"\r\n\r\n", rest


def _answer(client: Duplex, status: str, why: str) -> None:
    body = f"doctest-nix: {why}\n".encode()
    client.sendall(
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n".encode()
        + body
    )
    client.finish()


def _pump(source: Duplex, sink: Duplex) -> None:
    """Move bytes to their end; where that is not possible, end both."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.finish()
    except OSError:
        source.close()
        sink.close()
