"""How commands are typed into a session, and how their end and status are known.

The shell itself tells: its prompts are marks (`prompts`).  A shell that shows a prompt of its own
(`nix-shell --pure`, a nested ``env -i bash``) is introduced to ours.  Nothing here sleeps, or
guesses from the look of an output that a command has ended.
"""

from __future__ import annotations

import math
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import PurePosixPath
from typing import assert_never

from doctest_nix.config import FLOOD, Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import WORKDIR, Completed, Ended, Sandbox, Stream
from doctest_nix.sandbox.foreground import asks, foreground, kill, wake
from doctest_nix.sandbox.kept import Kept
from doctest_nix.sandbox.prompts import Answer, More, Prompts, Ready, Started
from doctest_nix.sandbox.silence import LOOK, PAUSE, QUIET, Silence, Suspect, looks_like_prompt
from doctest_nix.screen import render

#: The longest line that a terminal in canonical mode takes (Linux: N_TTY_BUF_SIZE, 4096).
LONGEST_LINE = 4095

#: What switches to the screen that editors and pagers draw on.
_ALTERNATE_SCREEN = re.compile(rb"\x1b\[\?(?:47|1047|1049)h")

#: Output longer than this leaves the search buffer, so that each read costs the same.
_FLUSH = 1 << 16

#: How long a shell may take to show its first prompt, in seconds.
_START = 30.0

#: How long a killed command may take to be gone, in seconds.
_GRACE = 2.0

#: How long after its answer to the introduction a shell may take to show its prompt, in seconds.
_PROMPT = 0.5


class Terminal:
    """A shell on a terminal of a sandbox, and the levels of shells nested in it.

    Commands are typed one at a time; each gets the terminal as its standard input.
    """

    def __init__(self, sandbox: Sandbox, config: Config) -> None:
        """Open the terminal and wait for the shell's first prompt.  Raises SandboxError."""
        self._sandbox = sandbox
        self._columns = config.columns
        self._keep = config.limits.output
        self._flood = FLOOD * self._keep
        self._prompts = Prompts()
        self._introductions = 0
        self._shells: list[int] = []
        self._unread = bytearray()
        self._open = True
        self._busy = False
        self._loud: set[int] = set()  # shells whose prompts are not seen
        self._verbose = False  # `set -v`: the shell prints each line that it reads
        self._directory = str(WORKDIR)
        self._stream: Stream = sandbox.attach(
            ["bash", "--noprofile", "--norc", "--noediting", "-i"],
            {**self._prompts.variables, "HISTFILE": "/dev/null"},
        )
        try:
            self._await(Kept(1024), time.monotonic() + _START)
        except (EOFError, OSError) as error:
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

    @property
    def directory(self) -> PurePosixPath:
        """Where the shell stands."""
        return PurePosixPath(self._directory)

    @property
    def busy(self) -> bool:
        """Whether a command was left running in the foreground."""
        return self._open and self._busy

    def execute(
        self, command: str, *, timeout: float, until: Callable[[str], bool] | None = None
    ) -> Completed:
        """Type ``command``, which may have several lines, and wait for its end.

        The output is what the shell and its programs printed, rendered.  Several commands in one
        text are typed up to the first that fails.  A command that is still running after
        ``timeout`` seconds, only waits for input, or prints too much (``Ended.FLOODED``), is
        killed; ``Ended.TIMEOUT`` then means that the session goes on, and ``Ended.GONE`` that its
        shell is no longer there.  ``Ended.UNFINISHED`` means that the shell wants more lines (an
        open quote); the command is then taken back.

        ``until`` is asked again and again with the output so far; where it says True the command
        is left running (``Ended.RUNNING``).  Then only `press` and `close` may follow.
        """
        kept = Kept(self._keep)
        return self._complete(kept, timeout, lambda end: self._type(command, kept, end, until))

    def press(self, key: bytes, *, timeout: float) -> Completed:
        """Press a control key on the command that was left running, and wait for its end.

        The output is what it printed since; ``Ended`` is as for `execute`.
        """
        kept = Kept(self._keep)

        def act(deadline: float) -> int | None:
            self._stream.write(key)
            ready = self._await(kept, deadline)
            # It may have ended before: then the key made a prompt of its own.
            self._introduce(bytearray(), deadline)
            return None if ready is None else ready.status

        return self._complete(kept, timeout, act)

    def close(self) -> None:
        """Hang up.  Idempotent; never raises."""
        self._open = False
        self._stream.close()

    def _complete(
        self, kept: Kept, timeout: float, act: Callable[[float], int | None]
    ) -> Completed:
        """Tell the end of ``act``, which returns a status, None for an unfinished command."""
        begin = time.monotonic()
        status: int | None = None
        ended = Ended.EXITED
        asks_for_input = False
        self._busy = False
        try:
            status = act(begin + timeout)
            if status is None:
                ended = Ended.UNFINISHED if self._recover() else Ended.GONE
        except _LeftRunning:
            ended = Ended.RUNNING
            self._busy = True
        except TimeoutError as error:
            asks_for_input = isinstance(error, _Asks)
            stopped = Ended.FLOODED if isinstance(error, _FloodedError) else Ended.TIMEOUT
            ended = stopped if self._recover() else Ended.GONE
        except (EOFError, OSError):
            ended = Ended.GONE
        if ended is Ended.GONE:
            self.close()
        printed = kept.joined()
        return Completed(
            output=render(printed, self._columns).removesuffix("\n"),
            exit_code=status,
            seconds=time.monotonic() - begin,
            ended=ended,
            truncated=kept.dropped,
            full_screen=_ALTERNATE_SCREEN.search(printed) is not None,
            asks=asks_for_input,
        )

    def _type(
        self, command: str, kept: Kept, deadline: float, until: Callable[[str], bool] | None
    ) -> int | None:
        """Type line by line, each when the shell asks for it; None where it wants more."""
        if not self._open:
            raise EOFError
        lines = command.encode("utf-8", "surrogateescape").split(b"\n")
        unseen = len(lines) > 1 and self._shells[-1] in self._loud
        if unseen or any(len(line) > LONGEST_LINE for line in lines):
            # The terminal would cut such a line, and it is not seen when a shell asks for the next
            # one where its prompts are not: the shell reads them from a file instead.
            name = f"/tmp/.doctest-nix-{secrets.token_hex(4)}"  # noqa: S108  in the sandbox
            self._sandbox.put(PurePosixPath(name), b"\n".join(lines))
            lines = [f'eval "$(cat {name}; rm -f {name})"'.encode()]
        ready: Ready | None = None
        for line in lines:
            self._stream.write(line + b"\n")
            try:
                ready = self._await(kept, deadline, typed=line, until=until)
            except TimeoutError:
                # The last look may have been just before.
                if until is not None and until(render(kept.joined(), self._columns)):
                    raise _LeftRunning from None
                raise
            if ready is not None and ready.status != 0:
                break
        return None if ready is None else ready.status

    def _await(
        self,
        kept: Kept,
        deadline: float,
        *,
        typed: bytes = b"",
        until: Callable[[str], bool] | None = None,
    ) -> Ready | None:
        """Read up to the next prompt and return it, None where the shell wants more lines.

        What was printed up to there goes to ``kept``.  Raises TimeoutError, EOFError, OSError,
        _LeftRunning.
        """
        output = self._unread
        self._unread = bytearray()
        silence = Silence(self._prompts, typed, pause=PAUSE if until is None else LOOK)
        echoed: bool | None = None  # before the command begins
        position = 0
        look = 0.0
        try:
            while True:
                match mark := self._prompts.search(output, position):
                    case Started():
                        echoed = self._begin(output, mark, typed)
                        position = 0
                        continue
                    case Answer():
                        position = mark.end
                        continue
                    case More():
                        self._unread = output[mark.end :]
                        output.clear()
                        return None
                    case Ready():
                        ready = mark
                        self._end(output, ready)
                        break
                    case None:
                        position = Prompts.searched(output, position)
                if position > _FLUSH:
                    kept.add(output[:position])
                    del output[:position]
                    position = 0
                    if kept.total > self._flood:
                        raise _FloodedError
                if until is not None and (now := time.monotonic()) > look:
                    look = now + LOOK
                    if until(render(kept.joined() + output, self._columns)):
                        raise _LeftRunning
                if self._receive(output, deadline, silence.pause(output)):
                    silence.broken()
                elif stranger := self._introduce_suspect(output, deadline, silence.suspect()):
                    ready = stranger
                    break
                elif echoed is not None and silence.lasts(deadline):
                    self._look_for_question(output, deadline)
        finally:
            kept.add(output)
        self._enter(ready)
        if echoed:
            # `reset` and `stty sane` switch echo on.
            self._introduce(bytearray(), deadline)
        return ready

    def _begin(self, output: bytearray, mark: Started, typed: bytes) -> bool:
        """Take from ``output`` what came while ``typed`` was read; True where that was its echo.

        All of it is no output but the line itself after `set -v`, and what history expansion made
        of it.
        """
        read = bytes(output[: mark.start])
        lines = read.rsplit(b"\n", 2)
        del output[: mark.end]
        if self._verbose:
            output[:0] = read
            return False
        if b"!" in typed and len(lines) > 1 and not lines[-1] and typed not in lines[-2]:
            output[:0] = lines[-2] + b"\n"
        return bool(typed) and typed in read

    def _end(self, output: bytearray, mark: Ready) -> None:
        """Cut ``output`` at the prompt, and what `set -v` shows of `Prompts.hook` before it."""
        self._unread = output[mark.end :]
        del output[mark.start :]
        shown = self._prompts.hook + b"\r\n"
        self._verbose = output.endswith(shown)
        if self._verbose:
            del output[-len(shown) :]

    def _receive(self, output: bytearray, deadline: float, pause: float) -> bool:
        """Append what arrives to ``output``; False where nothing does for ``pause`` seconds.

        Raises TimeoutError after the deadline, _FloodedError, EOFError, OSError.
        """
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        if len(output) > self._flood:
            raise _FloodedError
        try:
            data = self._stream.read(min(left, pause))
        except TimeoutError:
            return False
        if not data:
            raise EOFError
        output += data
        return True

    def _look_for_question(self, output: bytearray, deadline: float) -> None:
        """Raise _Asks where the command waits for input; else append what arrives meanwhile.

        Asked only of a command that began: before and after it, what waits is the shell.
        """
        try:
            if not asks(self._sandbox, self._shells[-1]):
                return
        except SandboxError:
            return
        try:
            output += self._stream.read(QUIET)
        except TimeoutError:
            raise _Asks from None
        if time.monotonic() >= deadline:
            raise TimeoutError

    def _introduce_suspect(
        self, output: bytearray, deadline: float, suspect: Suspect
    ) -> Ready | None:
        """Where a shell without our prompts reads the terminal, give it ours.

        One that had them is not asked as a stranger: what looks like a prompt may be the output of
        its builtin.  Where it may be a builtin that waits, which takes the introduction for its
        input, _Asks is raised.
        """
        if suspect is Suspect.NOBODY or not self._shells:
            return None
        try:
            found = foreground(self._sandbox, self._shells[-1])
            if not found.is_shell:
                return None
            waits = suspect is Suspect.WAITING and asks(self._sandbox, self._shells[-1])
        except SandboxError:
            # There may be no process to be had while the command runs: then it has its time.
            return None
        match suspect:
            case Suspect.STRANGER if found.group in self._shells:
                return None
            case Suspect.STRANGER | Suspect.ANY_SHELL:
                return self._introduce(output, deadline)
            case Suspect.WAITING:
                return self._introduce(output, deadline, patience=_GRACE) if waits else None
            case _:
                assert_never(suspect)

    def _introduce(
        self, output: bytearray, deadline: float, *, patience: float = math.inf
    ) -> Ready:
        """Give our prompts to the shell that reads the terminal, and return its next one.

        The last line of ``output``, its own prompt, is cut off, unless the prompt was ours after
        all.  With ``patience``, in seconds, something else may wait for the line: only what looks
        like a prompt is cut off, and _Asks is raised where no shell answers in that time.
        Raises TimeoutError, EOFError, OSError.
        """
        certain = patience == math.inf
        begin = end = position = len(output)
        if certain or looks_like_prompt(output):
            end = 1 + max(output.rfind(b"\n"), output.rfind(b"\r"))
        number = self._type_introduction(self._prompts.introduction)
        answer: Answer | None = None
        loud = False
        status: int | None = None
        ours: Ready | None = None
        while True:
            match mark := self._prompts.search(output, position):
                case Ready() if answer is not None:
                    self._unread = output[mark.end :]
                    del output[end:]
                    if loud:
                        self._loud.add(mark.shell)
                    if mark.shell in self._shells and status is not None:
                        mark = replace(mark, status=status)
                    self._enter(mark)
                    return ours or mark
                case Ready() if ours is None:
                    ours = mark
                    end = mark.start
                    # A program may have read the line in its place; a builtin that waited is not
                    # given another.
                    if certain:
                        number = self._type_introduction(self._prompts.introduction)
                case Answer():
                    status = mark.status if status is None else status
                    answer = mark if mark.number == number else None
                case None:
                    position = Prompts.searched(output, position)
                    silent = answer is not None and not loud
                    pause = _PROMPT if silent else patience if answer is None else math.inf
                    if not self._receive(output, deadline, pause):
                        if answer is None and not certain:
                            del output[begin:]
                            raise _Asks
                        loud = True
                        answer = None
                        number = self._type_introduction(self._prompts.loud_introduction)
                    continue
                case _:
                    pass
            position = mark.end

    def _type_introduction(self, line: Callable[[int], bytes]) -> int:
        self._introductions += 1
        self._stream.write(line(self._introductions))
        return self._introductions

    def _enter(self, ready: Ready) -> None:
        """Note which shell is at its prompt: a new one is nested, a known one was returned to."""
        self._directory = ready.directory
        if ready.shell in self._shells:
            del self._shells[self._shells.index(ready.shell) + 1 :]
        else:
            self._shells.append(ready.shell)

    def _recover(self) -> bool:
        """End what runs in the foreground and be at a prompt again; False where that fails."""
        try:
            group = foreground(self._sandbox, self._shells[-1]).group
            if group in self._shells:
                wake(self._sandbox, group)
            back = self._press_interrupt()
            if group not in self._shells:
                # What ignores Ctrl-C, and what its leader left behind.
                kill(self._sandbox, group)
                if not back:
                    # The Ctrl-C that nobody took waits in the terminal.
                    self._press_interrupt()
        except (EOFError, OSError, SandboxError):
            return False
        for _ in range(3):
            try:
                self._introduce(bytearray(), time.monotonic() + _GRACE)
            except TimeoutError:
                continue
            except (EOFError, OSError):
                return False
            return True
        return False

    def _press_interrupt(self) -> bool:
        """Press Ctrl-C; True where a prompt comes back."""
        deadline = time.monotonic() + _GRACE
        try:
            self._stream.write(b"\x03")
            while self._await(Kept(1024), deadline) is None:
                self._stream.write(b"\x03")
        except TimeoutError:
            return False
        return True


class _Asks(TimeoutError):  # noqa: N818  an answer, not an error
    """The command waits for input, which never comes: it need not have all of its time."""


class _LeftRunning(Exception):  # noqa: N818  an answer, not an error
    """The command does what it was to do, and still runs."""


class _FloodedError(TimeoutError):
    """More was printed than a command may: it is stopped as if its time were over."""
