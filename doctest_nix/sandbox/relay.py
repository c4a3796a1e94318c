"""How the programs of a sandbox without network reach a proxy that runs here.

A small program in the sandbox listens on its loopback and sends what it hears over the pipe that
we started it on; nothing else connects the two.  So the sandbox keeps its network of loopback
alone, there is no bridge with an address of the host, no other container and no name server, and
it is the same on an engine of another machine.  The program is Perl: each Debian has it.

A frame is a letter, the number of a connection and a size.  O: it was opened.  D: so many bytes
follow.  A: so many bytes were taken, and as many more may be sent.  E: nothing more comes.
C: it is over.  Q: the program shall end.
"""

from __future__ import annotations

import contextlib
import struct
import threading
from collections.abc import Callable
from secrets import token_hex

from doctest_nix.sandbox import PROXY_PORT, Stream
from doctest_nix.sandbox.proxy import Duplex

#: Bytes that a side sends before it hears that some were taken.
_WINDOW = 262144

_HEAD = struct.Struct(">cII")

#: Seconds that the program has to listen, and to end.
_PATIENCE = 30.0

_PROGRAM = r"""
use strict; use IO::Socket::INET;
open STDERR, '>', '/dev/null';
my ($port, $window, $mark) = @ARGV;
sub fail { print "$_[0]\n$mark no\n"; exit 1 }
scalar <STDIN>;
$SIG{PIPE} = 'IGNORE';
my $door = IO::Socket::INET->new(
    LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 64, ReuseAddr => 1
) or fail("port $port: $!");
$_->blocking(0) for $door, *STDIN{IO}, *STDOUT{IO};
my ($in, $out, $last, %open) = ('', "\n$mark yes\n", 0);
sub frame { $out .= pack('aNN', $_[0], $_[1], $_[2] // 0) . ($_[3] // '') }
sub over { my $it = delete $open{$_[0]} or return; close $it->{socket}; frame('C', $_[0]) }
while (1) {
    my ($read, $write) = ('', '');
    vec($read, fileno(STDIN), 1) = 1;
    vec($read, fileno($door), 1) = 1 if keys %open < 100;
    vec($write, fileno(STDOUT), 1) = 1 if length $out;
    for my $it (values %open) {
        my $full = $it->{credit} <= 0 || length $out > 1 << 20;
        vec($read, fileno($it->{socket}), 1) = 1 unless $it->{ended} || $full;
        vec($write, fileno($it->{socket}), 1) = 1 if length $it->{out};
    }
    next if select($read, $write, undef, undef) < 0;
    if (vec($read, fileno(STDIN), 1)) {
        my $got = sysread STDIN, $in, 65536, length $in;
        exit 0 if defined $got && !$got;
        while (length $in >= 9) {
            my ($kind, $id, $size) = unpack 'aNN', $in;
            last if $kind eq 'D' && length $in < 9 + $size;
            substr($in, 0, 9) = '';
            my $data = $kind eq 'D' ? substr($in, 0, $size, '') : '';
            exit 0 if $kind eq 'Q';
            my $it = $open{$id} or next;
            if ($kind eq 'D') { $it->{out} .= $data }
            elsif ($kind eq 'A') { $it->{credit} += $size }
            elsif ($kind eq 'E') { $it->{last} = 1; shutdown $it->{socket}, 1 if $it->{out} eq '' }
            else { $it->{ended} = $it->{last} = 1; over($id) if $it->{out} eq '' }
        }
    }
    if (vec($read, fileno($door), 1) and my $socket = $door->accept) {
        $socket->blocking(0);
        $open{++$last} = { socket => $socket, out => '', credit => $window };
        frame('O', $last);
    }
    for my $id (keys %open) {
        my $it = $open{$id};
        if (vec($write, fileno($it->{socket}), 1)) {
            my $put = syswrite $it->{socket}, $it->{out};
            if (!defined $put) { over($id) unless $!{EAGAIN}; next }
            substr($it->{out}, 0, $put) = '';
            frame('A', $id, $put);
            shutdown $it->{socket}, 1 if $it->{last} && $it->{out} eq '';
        }
        if (vec($read, fileno($it->{socket}), 1)) {
            my $got = sysread $it->{socket}, my $data, 32768;
            if (!defined $got) { over($id) unless $!{EAGAIN}; next }
            if ($got) { $it->{credit} -= $got; frame('D', $id, $got, $data) }
            else { $it->{ended} = 1; frame('E', $id) }
        }
        over($id) if $it->{ended} && $it->{last} && $it->{out} eq '';
    }
    if (vec($write, fileno(STDOUT), 1)) {
        my $put = syswrite STDOUT, $out;
        substr($out, 0, $put) = '' if $put;
        exit 0 unless defined $put || $!{EAGAIN};
    }
}
"""


class Relay:
    """The way from a sandbox's loopback to a function here."""

    def __init__(
        self, open_: Callable[[list[str]], Stream], serve: Callable[[Duplex], None]
    ) -> None:
        """Start the program with ``open_``; ``serve`` answers each connection on a thread.

        Raises OSError with what the program says where it does not listen.
        """
        mark = token_hex(8)
        argv = ["perl", "-e", _PROGRAM, str(PROXY_PORT), str(_WINDOW), mark]
        self._stream = open_(argv)
        self._serve = serve
        self._writing = threading.Lock()
        self._open: dict[int, _Channel] = {}
        self._closed = False
        self._received = b""
        try:
            self._stream.write(b"\n")
            self._received = self._greeted(mark)
        except BaseException:
            self._stream.close()
            raise
        self._reader = threading.Thread(target=self._read, name="doctest-nix-relay", daemon=True)
        self._reader.start()

    def close(self) -> None:
        """End the program and its connections.  Idempotent; never raises."""
        if self._closed:
            return
        self._closed = True
        with contextlib.suppress(OSError):
            self.send(b"Q", 0)
        self._reader.join(_PATIENCE)
        self._stream.close()

    def send(self, kind: bytes, number: int, size: int = 0, data: bytes = b"") -> None:
        """Send a frame; raises OSError where the program is gone."""
        with self._writing:
            self._stream.write(_HEAD.pack(kind, number, size) + data)

    def forget(self, number: int) -> None:
        """Take no more frames for a connection."""
        self._open.pop(number, None)

    def _greeted(self, mark: str) -> bytes:
        """Return what came after the program said that it listens."""
        received = b""
        end = f"{mark} yes\n".encode()
        while end not in received:
            data = self._stream.read(_PATIENCE)
            received += data
            if not data or f"{mark} no\n".encode() in received:
                said = received.decode(errors="replace").partition(mark)[0].strip()
                raise ConnectionError(said or "perl ended at once")
        return received.partition(end)[2]

    def _read(self) -> None:
        """Take frames until the program ends."""
        buffer = bytearray(self._received)
        with contextlib.suppress(OSError):
            while True:
                while len(buffer) >= _HEAD.size:
                    kind, number, size = _HEAD.unpack_from(buffer)
                    end = _HEAD.size + (size if kind == b"D" else 0)
                    if len(buffer) < end:
                        break
                    data = bytes(buffer[_HEAD.size : end])
                    del buffer[:end]
                    self._take(kind, number, size, data)
                try:
                    more = self._stream.read(_PATIENCE)
                except TimeoutError:
                    continue
                if not more:
                    break
                buffer += more
        for channel in list(self._open.values()):
            channel.end()

    def _take(self, kind: bytes, number: int, size: int, data: bytes) -> None:
        if kind == b"O":
            channel = self._open[number] = _Channel(self, number)
            threading.Thread(target=self._serve, args=[channel], daemon=True).start()
            return
        known = self._open.get(number)
        if known is None:
            return
        match kind:
            case b"D":
                known.arrived(data)
            case b"A":
                known.taken(size)
            case b"E":
                known.ended()
            case _:
                known.end()


class _Channel:
    """One connection of a program in the sandbox, as a `Duplex`."""

    def __init__(self, relay: Relay, number: int) -> None:
        self._relay = relay
        self._number = number
        self._changed = threading.Condition()
        self._received = bytearray()
        self._credit = _WINDOW
        self._no_more = False
        self._over = False

    def recv(self, size: int, /) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._received or self._no_more or self._over)
            data = bytes(self._received[:size])
            del self._received[: len(data)]
            over = self._over
        if data and not over:
            self._relay.send(b"A", self._number, len(data))
        return data

    def sendall(self, data: bytes, /) -> None:
        view = memoryview(data)
        while view:
            with self._changed:
                self._changed.wait_for(lambda: self._credit > 0 or self._over)
                if self._over:
                    raise BrokenPipeError("the connection is over")
                piece = view[: min(self._credit, 32768)]
                self._credit -= len(piece)
            self._relay.send(b"D", self._number, len(piece), bytes(piece))
            view = view[len(piece) :]

    def finish(self) -> None:
        with contextlib.suppress(OSError):
            self._relay.send(b"E", self._number)

    def close(self) -> None:
        with self._changed:
            over, self._over = self._over, True
            self._changed.notify_all()
        self._relay.forget(self._number)
        if not over:
            with contextlib.suppress(OSError):
                self._relay.send(b"C", self._number)

    def arrived(self, data: bytes) -> None:
        with self._changed:
            self._received += data
            self._changed.notify_all()

    def taken(self, size: int) -> None:
        with self._changed:
            self._credit += size
            self._changed.notify_all()

    def ended(self) -> None:
        with self._changed:
            self._no_more = True
            self._changed.notify_all()

    def end(self) -> None:
        """It is over for the program: what was received can still be taken."""
        with self._changed:
            self._no_more = self._over = True
            self._changed.notify_all()
