"""How commands run and files move in a sandbox, where a backend can start a program there.

Both backends share this, so that what a time-out kills, what a long output loses and which
file is refused is the same in both.  All it needs of the sandbox is a POSIX ``sh`` and coreutils.
"""

from __future__ import annotations

import contextlib
import shlex
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import PurePosixPath
from secrets import token_hex

from doctest_nix.errors import SandboxError
from doctest_nix.sandbox import WORKDIR, Completed, Ended, Stream
from doctest_nix.sandbox.deadline import Deadline

#: Starts a program without terminal in the root directory, stdout and stderr in one stream.
#: Raises SandboxError where the sandbox is gone.
Open = Callable[[Sequence[str]], Stream]

#: Seconds for our own short commands; only a sandbox in trouble needs them.
_PATIENCE = 30.0

#: Every program waits for a line before it prints: what comes with the engine's HTTP header would
#: be lost in the buffers of its client.
GO = b"\n"

#: Runs commands, one after the other, for as long as the sandbox lives: an engine needs 50 ms to
#: start a program, a shell one.  stdout and stderr are one already here: the engine would send two
#: streams, and their order would be lost.  A request is a line with a mark, and the sizes of the
#: arguments and of the input, which follow.  The input is a file without name: a pipe could fill
#: up both ways.  The answer is a line with the mark and our process id, the command's output, and
#: a line with the mark, the status, and whether the command left something that holds our output:
#: that may print at any time, so that this service is of no more use.
_RUN = """\
exec 2>&1
set -f
home=$1
own=$(readlink /proc/$$/fd/1)
answer() { printf '\\n%s %d %s\\n' "$mark" "$1" "$2"; }
held() {
  count=0
  for word in $(set +f; ls -l /proc/[0-9]*/fd/[12] 2>/dev/null); do
    [ "$word" != "$own" ] || count=$((count + 1))
  done
  [ "$count" != 2 ]
}
while read -r mark arguments input; do
  [ "$mark" ] || continue
  arguments=$(head -c "$arguments")
  stdin=/dev/null
  if [ "$input" -gt 0 ]; then
    stdin=${TMPDIR:-/tmp}/.$mark
    head -c "$input" >"$stdin"
  fi
  printf '%s %d\\n' "$mark" $$
  (
    cd "$home" 2>/dev/null || cd /
    unset OLDPWD
    exec <"$stdin"
    [ "$stdin" = /dev/null ] || rm "$stdin"
    eval "set -- $arguments"
    "$@"
  )
  status=$?
  if held; then answer $status held; exit; fi
  answer $status free
done
"""

#: Signals ($2) a process ($1), its descendants and its session.  Stopped processes do not fork:
#: with ``kill`` the search ends, whatever runs.
SIGNAL_TREE = """\
read -r _
tree=" $1 "; grew=yes
while [ "$grew" ]; do
  grew=
  [ "$2" = KILL ] && kill -STOP $tree 2>/dev/null
  for stat in /proc/[0-9]*/stat; do
    { read -r line <"$stat"; } 2>/dev/null || continue
    pid=${line%% *}
    set -- "$1" "$2" ${line##*) }
    case $tree in *" $pid "*) continue ;; esac
    case $tree in *" $4 "*) ;; *) [ "$6" = "$1" ] || continue ;; esac
    tree="$tree$pid "; grew=yes
  done
done
kill -"$2" $tree 2>/dev/null
[ "$2" = KILL ] || kill -CONT $tree 2>/dev/null
"""

#: Serves files for as long as the sandbox lives.  An answer is one line after a blank one; the
#: text before it is the reason of a refusal.  ``put`` asks for its bytes before they are sent:
#: dash reads its commands in blocks, and would swallow them.
_FILES = """\
exec 2>&1
put() {
  if [ -e "$1" ] && [ ! -f "$1" ]; then
    printf 'not a regular file\\n\\n%s refused\\n' "$3"
  elif mkdir -p -- "${1%/*}/" && true >"$1"; then
    printf '\\n%s send\\n' "$3"
    if head -c "$2" >"$1"; then printf '\\n%s done\\n' "$3"; else printf '\\n%s refused\\n' "$3"; fi
  else
    printf '\\n%s refused\\n' "$3"
  fi
}
get() {
  if [ ! -e "$1" ]; then
    printf '\\n%s missing\\n' "$3"
  elif [ ! -f "$1" ]; then
    printf 'not a regular file\\n\\n%s refused\\n' "$3"
  elif size=$(wc -c <"$1"); then
    if [ "$size" -gt "$2" ]; then
      printf '%d bytes are too many\\n\\n%s refused\\n' "$size" "$3"
    else
      printf '%s:' "$3"
      head -c "$size" <"$1"
      printf '\\n%s done\\n' "$3"
    fi
  else
    printf '\\n%s refused\\n' "$3"
  fi
}
"""


class Courier:
    """Runs commands and moves files in one sandbox."""

    def __init__(self, open_: Open, *, longest: int) -> None:
        """Use ``open_`` to start programs; ``longest`` bounds an output and a fetched file."""
        self._open = open_
        self._longest = longest
        self._files: Stream | None = None
        self._lock = threading.Lock()
        self._runs: Stream | None = None
        self._running = threading.Lock()

    def run(self, argv: Sequence[str], *, stdin: bytes, timeout: float) -> Completed:
        """Do what `Sandbox.run` says; raises OSError where the program could not be started.

        The first ``longest`` bytes of an output are kept.
        """
        mark = token_hex(8)
        output = _Output(mark, self._longest)
        arguments = shlex.join(argv).encode(errors="surrogateescape")
        request = f"{mark} {len(arguments)} {len(stdin)}\n".encode() + arguments + stdin
        with self._running:
            stream = self._ask_to_run(request, output)
            # The clock starts here: until then it was the engine's time.
            began = time.monotonic()
            ended = Ended.GONE
            try:
                ended = self._follow(stream, output, Deadline(timeout))
            finally:
                if ended is not Ended.EXITED or output.held:
                    self._runs = None
                    stream.close()
        return output.completed(ended, time.monotonic() - began)

    def _ask_to_run(self, request: bytes, output: _Output) -> Stream:
        """Return the service that runs commands, which has taken the request.  Raises OSError."""
        if self._runs is not None:
            stream, self._runs = self._runs, None
            try:
                stream.write(request)
                self._await_start(stream, output)
            except OSError:
                stream.close()  # a tutorial may have killed it; a new one tells about the sandbox
            else:
                self._runs = stream
                return stream
        stream = self._open(["sh", "-c", _RUN, "sh", str(WORKDIR)])
        try:
            stream.write(GO + request)
            self._await_start(stream, output)
        except BaseException:
            stream.close()
            raise
        self._runs = stream
        return stream

    def _await_start(self, stream: Stream, output: _Output) -> None:
        deadline = Deadline(_PATIENCE)
        while not output.pid:
            data = deadline.read(stream)
            if not data:
                raise ConnectionError(output.text().strip() or "it hung up")
            output.add(data)

    def _follow(self, stream: Stream, output: _Output, deadline: Deadline) -> Ended:
        """Collect the output of a running program; kill it when its time is over."""
        try:
            while not output.complete:
                data = deadline.read(stream)
                if not data:
                    return Ended.GONE
                output.add(data)
        except TimeoutError:
            # Where this fails, the next command finds the ruin.
            with contextlib.suppress(OSError, SandboxError):
                self.signal(output.pid, "KILL")
            return Ended.TIMEOUT
        return Ended.EXITED

    def put(self, path: PurePosixPath, data: bytes) -> None:
        """Write a file; raises OSError where the sandbox refuses."""
        with self._lock:
            mark, answer, said = self._ask("put", path, len(data))
            if answer == "send":
                said, answer = self._exchange(mark, data)
        if answer != "done":
            raise OSError(f"{path}: {said.decode(errors='replace').strip()}")

    def get(self, path: PurePosixPath) -> bytes:
        """Return a file's bytes; raises FileNotFoundError, or another OSError."""
        with self._lock:
            mark, answer, said = self._ask("get", path, self._longest)
        if answer == "done":
            return said.partition(f"{mark}:".encode())[2]
        if answer == "missing":
            raise FileNotFoundError(f"{path}: no such file in the sandbox")
        raise OSError(f"{path}: {said.decode(errors='replace').strip()}")

    def signal(self, pid: int, name: str) -> None:
        """Send a signal to a process in the sandbox, its descendants and its session."""
        stream = self._open(["sh", "-c", SIGNAL_TREE, "sh", str(pid), name])
        try:
            stream.write(GO)
            deadline = Deadline(_PATIENCE)
            while deadline.read(stream):
                pass
        finally:
            stream.close()

    def close(self) -> None:
        """Hang up; never raises."""
        services = (self._files, self._runs)
        self._files = self._runs = None
        for service in filter(None, services):
            service.close()

    def _ask(self, verb: str, path: PurePosixPath, size: int) -> tuple[str, str, bytes]:
        """Send a request; return its mark, the answer, and what was said before it."""
        mark = token_hex(8)
        request = f"{verb} {shlex.quote(str(WORKDIR / path))} {size} {mark}\n"
        line = request.encode(errors="surrogateescape")
        if self._files is not None:
            try:
                said, answer = self._exchange(mark, line)
            except OSError:
                pass  # a tutorial may have killed it; a new one tells whether the sandbox lives
            else:
                return mark, answer, said
        self._files = self._open(["sh"])
        said, answer = self._exchange(mark, _FILES.encode() + line)
        return mark, answer, said

    def _exchange(self, mark: str, data: bytes) -> tuple[bytes, str]:
        """Send ``data``; return what came up to the next answer, and the answer.

        Raises OSError, and hangs up, where none comes.
        """
        if self._files is None:
            raise ConnectionError("the file service ended")
        head = f"\n{mark} ".encode()
        received = bytearray()
        try:
            self._files.write(data)
            deadline = Deadline(_PATIENCE)
            while True:
                start = received.rfind(head)
                if start >= 0 and received.endswith(b"\n") and len(received) > start + len(head):
                    answer = received[start + len(head) : -1].decode()
                    return bytes(received[:start]), answer
                more = deadline.read(self._files)
                if not more or len(received) > 2 * self._longest:
                    raise ConnectionError("the file service ended")
                received += more
        except OSError:
            files, self._files = self._files, None
            files.close()
            raise


class _Output:
    """What a `_RUN` prints, bounded: its process id, the program's output, the status."""

    def __init__(self, mark: str, longest: int) -> None:
        self._begin = f"{mark} ".encode()
        self._end = f"\n{mark} ".encode()
        self._room = longest
        self._tail = len(self._end) + len("255 held\n")
        self._kept = bytearray()
        self._dropped = 0
        self._status: int | None = None
        #: The service's own process id, 0 before it has taken the request.
        self.pid = 0
        #: Whether something that the command left running holds the service's output.
        self.held = False

    @property
    def complete(self) -> bool:
        """Whether the status has come."""
        return self._status is not None

    def add(self, data: bytes) -> None:
        """Take what arrived."""
        unseen = max(len(self._kept) - self._tail, 0)
        self._kept += data
        if not self.pid:
            line, newline, rest = self._kept.partition(self._begin)[2].partition(b"\n")
            if not newline:
                if len(self._kept) > self._room:
                    raise ConnectionError("it says too much before it starts")
                return
            self.pid, self._kept, unseen = int(line), rest, 0
        start = self._kept.find(self._end, unseen)
        if start >= 0 and (end := self._kept.find(b"\n", start + 1)) >= 0:
            status, held = self._kept[start + len(self._end) : end].split()
            self._status, self.held = int(status), held == b"held"
            del self._kept[start:]
        if len(self._kept) > self._room + self._tail:
            surplus = len(self._kept) - self._room - self._tail
            del self._kept[self._room : self._room + surplus]
            self._dropped += surplus

    def completed(self, ended: Ended, seconds: float) -> Completed:
        """Return the command's end."""
        surplus = max(len(self._kept) - self._room, 0)
        return Completed(
            output=self.text(),
            exit_code=self._status,
            seconds=seconds,
            ended=ended,
            truncated=self._dropped + surplus,
        )

    def text(self) -> str:
        """Return what is kept."""
        return self._kept[: self._room].decode(errors="surrogateescape")
