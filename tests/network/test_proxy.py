"""What the filtering proxy lets through, spoken to directly over sockets."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest

from doctest_nix.attempt import Attempt, named
from doctest_nix.config import Config
from doctest_nix.sandbox.proxy import Gate, Proxy, SocketDuplex

HOST = "127.0.0.2"
PATIENCE = 20.0


class Host(http.server.BaseHTTPRequestHandler):
    """Says which request it got."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = f"{self.path} for {self.headers['Host']} {self.headers['Proxy-Secret']}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with http.server.ThreadingHTTPServer((HOST, 0), Host) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def gate(*hosts: str, substituters: tuple[str, ...] = ()) -> Gate:
    return Gate(Config(substituters=substituters, fetch_hosts=hosts))


@contextmanager
def connected(proxy: Proxy) -> Iterator[socket.socket]:
    """Yield the client's end of a connection that ``proxy`` serves."""
    ours, theirs = socket.socketpair()
    serving = threading.Thread(target=proxy.serve, args=[SocketDuplex(theirs)])
    serving.start()
    with closing(ours):
        ours.settimeout(PATIENCE)
        yield ours
    serving.join(PATIENCE)
    assert not serving.is_alive()


def said(proxy: Proxy, request: bytes) -> bytes:
    """Return all that comes back."""
    with connected(proxy) as client:
        client.sendall(request)
        received = b""
        while data := client.recv(65536):
            received += data
        return received


def test_a_host_that_is_named_is_reached_and_hears_nothing_of_the_proxy(port: int) -> None:
    proxy = Proxy(gate(f"{HOST}:{port}"))
    answer = said(
        proxy,
        f"GET http://{HOST}:{port}/a?b HTTP/1.1\r\nHost: {HOST}\r\nProxy-Secret: x\r\n"
        "Connection: keep-alive\r\n\r\n".encode(),
    )
    assert f"/a?b for {HOST} None" == answer.partition(b"\r\n\r\n")[2].decode()
    assert (Attempt(host=HOST, port=port, allowed=True),) == proxy.attempts


def test_a_tunnel_leads_to_a_host_that_is_named(port: int) -> None:
    proxy = Proxy(gate(f"{HOST}:{port}"))
    with connected(proxy) as client:
        client.sendall(f"CONNECT {HOST}:{port} HTTP/1.1\r\n\r\n".encode())
        assert b"HTTP/1.1 200 Connection established\r\n\r\n" == client.recv(4096)
        client.sendall(b"GET /inside HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        received = b""
        while data := client.recv(65536):
            received += data
    assert b"/inside for x None" == received.partition(b"\r\n\r\n")[2]


@pytest.mark.parametrize("method", ["CONNECT {}:{}", "GET http://{}:{}/"])
def test_any_other_host_is_refused_and_noted_and_never_connected_to(method: str) -> None:
    with socket.create_server((HOST, 0)) as listener:
        port = listener.getsockname()[1]
        proxy = Proxy(gate("example.org"))
        answer = said(proxy, f"{method.format(HOST, port)} HTTP/1.1\r\n\r\n".encode())
        listener.settimeout(0)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert answer.startswith(b"HTTP/1.1 403 Forbidden\r\n")
    assert answer.endswith(f"doctest-nix: {HOST}:{port} is not provided here\n".encode())
    assert f"{HOST}:{port} (refused)" == named(proxy.attempts)


def test_a_second_request_on_a_connection_cannot_go_elsewhere(port: int) -> None:
    proxy = Proxy(gate(f"{HOST}:{port}"))
    request = f"GET http://{HOST}:{port}/ HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
    answer = said(proxy, request + b"CONNECT example.org:443 HTTP/1.1\r\n\r\n")
    assert 1 == answer.count(b"HTTP/1.1 ")
    assert f"{HOST}:{port}" == named(proxy.attempts)


@pytest.mark.parametrize(
    "request_line",
    [
        b"GET / HTTP/1.1",
        b"GET ftp://example.org/ HTTP/1.1",
        b"GET http://user@example.org/ HTTP/1.1",
        b"GET http://[ HTTP/1.1",
        b"CONNECT example.org HTTP/1.1",
        b"CONNECT example.org:99999 HTTP/1.1",
        b"\xff\x00",
    ],
)
def test_what_is_no_request_of_a_proxy_is_answered_so(request_line: bytes) -> None:
    proxy = Proxy(gate("example.org"))
    assert said(proxy, request_line + b"\r\n\r\n").startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert () == proxy.attempts


def test_a_host_that_does_not_answer_is_said_and_counts_as_allowed() -> None:
    with socket.create_server((HOST, 0)) as gone:
        port = gone.getsockname()[1]
    proxy = Proxy(gate(f"{HOST}:{port}"))
    answer = said(proxy, f"CONNECT {HOST}:{port} HTTP/1.1\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert f"{HOST}:{port}" == named(proxy.attempts)


def test_a_client_that_asks_for_nothing_is_left_alone() -> None:
    proxy = Proxy(gate())
    with connected(proxy) as client:
        client.shutdown(socket.SHUT_WR)
        assert b"" == client.recv(4096)


def test_a_gate_is_as_wide_as_it_is_named() -> None:
    narrow = gate(
        "example.org",
        "other.org:8080",
        "*.below.org",
        substituters=("https://cache.org", "http://cache.net:5000/x", "file:///cache"),
    )
    asked = [
        ("example.org", 443),
        ("Example.ORG.", 80),
        ("example.org", 22),
        ("www.example.org", 443),
        ("example.org.evil.org", 443),
        ("other.org", 8080),
        ("other.org", 443),
        ("a.b.below.org", 443),
        ("below.org", 443),
        ("evilbelow.org", 443),
        ("cache.org", 443),
        ("cache.org", 80),
        ("cache.net", 5000),
    ]
    assert [
        ("example.org", 443),
        ("Example.ORG.", 80),
        ("other.org", 8080),
        ("a.b.below.org", 443),
        ("cache.org", 443),
        ("cache.net", 5000),
    ] == [each for each in asked if narrow.allows(*each)]
