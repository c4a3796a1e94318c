"""How commands are typed into a session, and how their end and status are known.

The shell itself says when a command ended: its prompt strings are set to control sequences that
carry a random nonce.  ``PS0`` is printed when a complete command has been read (so that all
before it, echo and prompts, is not output), ``PS2`` when the shell wants more lines, ``PS1`` when
it is ready again, with the status, the shell's process id and its directory.  All are exported,
so a nested shell inherits them and its process id tells that it is another level.
``PROMPT_COMMAND`` sets them anew before each prompt: a nested ``nix-shell`` and a tutorial's own
``PS1=`` change them.  Where a shell starts with an empty environment (``nix-shell --pure``), its
own prompt is the sign to set them again.  Nothing here sleeps or guesses how long a command takes.
"""

from __future__ import annotations

import re
import secrets
import time

from doctest_nix.config import Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import WORKDIR, Completed, Ended, Sandbox, Stream
from doctest_nix.screen import render

#: The longest line that a terminal in canonical mode takes (Linux: N_TTY_BUF_SIZE, 4096).
LONGEST_LINE = 4095

#: Prompts of shells that lost our variables: `nix-shell --pure`, `env -i bash`, Debian's bash.
#: Each must be the very end of what was printed.
_FOREIGN_PROMPT = re.compile(
    rb"(?:^|[\r\n])(?:\x1b\[[0-9;?]*[a-zA-Z])*"
    rb"(?:\[nix-(?:shell|develop):[^\r\n\]]*\]|(?:ba)?sh-\d+\.\d+[a-z]?|[\w.-]+@[\w.-]+:[~/][^\r\n]*)[$#]"
    rb"(?:\x1b\[[0-9;?]*[a-zA-Z])* (?:\x1b\[[0-9;?]*[a-zA-Z])*\Z"
)

#: More than the bytes of any marker: a path has at most 4,096 (Linux: PATH_MAX).
_MARKER_LENGTH = 4200

#: Output longer than this leaves the search buffer, so that each read costs the same.
_FLUSH = 1 << 16

#: How long a shell may take to show its first prompt, in seconds.
_START = 30.0

#: How long a killed command may take to be gone, in seconds.
_GRACE = 2.0

_KILL_FOREGROUND = """\
read -r line < "/proc/$1/stat" || exit 0
set -- "$1" ${line##*) }
[ "$7" -gt 0 ] || exit 0
[ "$7" = "$4" ] || kill -s KILL -- "-$7"
"""


class Terminal:
    """A shell on a terminal of a sandbox, and the levels of shells nested in it.

    Commands are typed one at a time; each gets the terminal as its standard input.
    """

    def __init__(self, sandbox: Sandbox, config: Config) -> None:
        """Open the terminal and wait for the shell's first prompt.  Raises SandboxError."""
        self._sandbox = sandbox
        self._columns = config.columns
        self._keep = config.limits.output
        nonce = secrets.token_hex(12)
        start = f"\x1b]7771;{nonce};S;$$\x07"
        more = f"\x1b]7771;{nonce};C;$$\x07"
        ready = f"\x1b]7771;{nonce};E;$?;$$;$PWD\x07"
        prompts = {"PS0": start, "PS1": ready, "PS2": more}
        assignments = " ".join(f"{name}='{value}'" for name, value in prompts.items())
        # Line editing is switched off in nested shells: it would echo, and complete on tabs.
        # Only where it is on: bash shows a prompt twice where it is switched off again.
        plain = "set +o emacs +o vi"
        command = f"case $SHELLOPTS in *emacs*|*vi*) {plain};;esac;{assignments}"
        quoted = command.replace("'", "'\\''")
        adoption = f"{assignments} PROMPT_COMMAND='{quoted}';export PS0 PS1 PS2 PROMPT_COMMAND"
        # Typed at line editing, a control character would be a key: printf makes them.
        printable = "".join(f"\\{ord(c):03o}" if c in "\x1b\x07'\\" else c for c in adoption)
        self._adoption = f"{plain};eval \"$(printf '{printable}')\"\n".encode()
        self._marker = re.compile(
            rb"\x1b\]7771;%s;(?:([SC]);\d+|E;(\d+);(\d+);([^\x07]*))\x07" % nonce.encode()
        )
        #: Where the shell stands.
        self.directory = str(WORKDIR)
        self._shells: list[int] = []
        self._pending = b""
        self._open = True
        self._stream: Stream = sandbox.attach(
            ["bash", "--noprofile", "--norc", "--noediting", "-i"],
            {**prompts, "PROMPT_COMMAND": command, "HISTFILE": "/dev/null"},
        )
        try:
            self._await_event(time.monotonic() + _START, kept=_Tail(1024))
        except (TimeoutError, EOFError, OSError) as error:
            self.close()
            raise SandboxError(
                Slug.SANDBOX_START,
                "the sandbox has no bash that starts",
                remedy="The image needs bash on its PATH, as nixos/nix and the images of"
                " `doctest-nix image build` have it.",
            ) from error

    @property
    def depth(self) -> int:
        """How many shells are open, the session's own included; 0 where it is gone."""
        return len(self._shells) if self._open else 0

    def execute(self, command: str, *, timeout: float) -> Completed:
        """Type ``command``, which may have several lines, and wait for its end.

        The output is what the shell and its programs printed, rendered.  A command that is
        still running after ``timeout`` seconds is killed; ``Ended.TIMEOUT`` then means that the
        session goes on, and ``Ended.GONE`` that its shell is no longer there.
        ``Ended.UNFINISHED`` means that the shell wants more lines (an open quote); the command
        is then taken back.
        """
        begin = time.monotonic()
        kept = _Tail(self._keep)
        status: int | None = None
        ended = Ended.EXITED
        try:
            status = self._type(command, kept, begin + timeout)
            if status is None:
                ended = Ended.UNFINISHED
                self._interrupt()
        except TimeoutError:
            ended = Ended.TIMEOUT if self._interrupt() else Ended.GONE
        except (EOFError, OSError):
            ended = Ended.GONE
        if ended is Ended.GONE:
            self.close()
        return Completed(
            output=render(kept.joined(), self._columns).removesuffix("\n"),
            exit_code=status,
            seconds=time.monotonic() - begin,
            ended=ended,
            truncated=kept.dropped,
        )

    def close(self) -> None:
        """Hang up.  Idempotent; never raises."""
        self._open = False
        self._stream.close()

    def _type(self, command: str, kept: _Tail, deadline: float) -> int | None:
        """Type line by line, each when the shell asks for it; None where it wants more."""
        if not self._open:
            raise EOFError
        status: int | None = None
        lines = command.encode("utf-8", "surrogateescape").split(b"\n")
        if any(len(line) > LONGEST_LINE for line in lines):
            # The terminal would cut such a line: the shell reads it from a file instead.
            name = f"/tmp/.doctest-nix-{secrets.token_hex(4)}"  # noqa: S108  in the sandbox
            self._sandbox.run(
                ["sh", "-c", 'cat > "$1"', "sh", name],
                stdin=b"\n".join(lines),
                timeout=_GRACE * 5,
            )
            lines = [f'eval "$(cat {name}; rm -f {name})"'.encode()]
        for line in lines:
            self._stream.write(line + b"\n")
            status = self._await_event(deadline, kept=kept, typed=line)
        return status

    def _await_event(self, deadline: float, *, kept: _Tail, typed: bytes = b"") -> int | None:
        """Read up to the next prompt: its status, or None where the shell wants more lines.

        What was printed up to there goes to ``kept``.  Raises TimeoutError, EOFError, OSError.
        """
        output = bytearray(self._pending)
        self._pending = b""
        echoed = False
        adopted: int | None = None
        position = 0
        try:
            while True:
                found = self._marker.search(output, position)
                if found is None:
                    if adopted is None and output.endswith(b" "):
                        adopted = self._adopt(output)
                    # A marker may be cut by the read: search again from where one may begin.
                    cut = output.rfind(b"\x1b", max(position, len(output) - _MARKER_LENGTH))
                    position = cut if cut >= 0 else len(output)
                    if position > _FLUSH and adopted is None:
                        kept.add(bytes(output[:position]))
                        del output[:position]
                        position = 0
                    output += self._read(deadline)
                    continue
                kind, code, shell, directory = found.groups()
                if kind == b"S":
                    echoed = bool(typed) and typed in output[: found.start()]
                    del output[: found.end()]
                    position = 0
                    continue
                self._pending = bytes(output[found.end() :])
                del output[found.start() if adopted is None else adopted :]
                if kind == b"C":
                    output.clear()
                    return None
                self._enter(int(shell))
                self.directory = directory.decode("utf-8", "surrogateescape")
                break
        finally:
            kept.add(bytes(output))
        if echoed:
            self._silence(deadline)
        return int(code)

    def _read(self, deadline: float) -> bytes:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        data = self._stream.read(left)
        if not data:
            raise EOFError
        return data

    def _adopt(self, output: bytearray) -> int | None:
        """Give our prompts to a shell that shows its own; return where that prompt begins."""
        found = _FOREIGN_PROMPT.search(output, max(0, len(output) - 500))
        if found is None:
            return None
        self._stream.write(self._adoption)
        return found.start()

    def _enter(self, shell: int) -> None:
        """Note which shell is at its prompt: a new one is nested, a known one was returned to."""
        if shell in self._shells:
            del self._shells[self._shells.index(shell) + 1 :]
        else:
            self._shells.append(shell)

    def _silence(self, deadline: float) -> None:
        """Switch echo off again after `reset` or `stty sane`."""
        self._stream.write(b"stty -echo\n")
        self._await_event(deadline, kept=_Tail(1024))

    def _interrupt(self) -> bool:
        """End what runs in the foreground; True where a prompt came back."""
        for attempt in (self._press_interrupt, self._kill_foreground):
            try:
                attempt()
                while self._await_event(time.monotonic() + _GRACE, kept=_Tail(1024)) is None:
                    self._press_interrupt()
                self._silence(time.monotonic() + _GRACE)
            except TimeoutError:
                continue
            except (EOFError, OSError, SandboxError):
                return False
            else:
                return True
        return False

    def _press_interrupt(self) -> None:
        self._stream.write(b"\x03")

    def _kill_foreground(self) -> None:
        script = ["sh", "-c", _KILL_FOREGROUND, "sh", str(self._shells[-1])]
        self._sandbox.run(script, timeout=_GRACE * 5)


class _Tail:
    """The beginning and the end of an output, within a bound on its bytes."""

    def __init__(self, bound: int) -> None:
        self._half = bound // 2
        self._head = bytearray()
        self._tail = bytearray()
        self.dropped = 0

    def add(self, data: bytes) -> None:
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

    def joined(self) -> bytes:
        """Return what was kept, with a line between the parts where something was dropped."""
        if not self.dropped:
            return bytes(self._head + self._tail)
        return bytes(self._head) + b"\n[... %d bytes ...]\n" % self.dropped + bytes(self._tail)
