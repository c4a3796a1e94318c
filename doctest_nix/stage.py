"""What a document's steps act on: its sandbox, its session, and what they left behind."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from pathlib import PurePosixPath

from doctest_nix import scripts, syntax
from doctest_nix.attempt import Attempt
from doctest_nix.batch import Batch
from doctest_nix.config import Config, Limit, Need
from doctest_nix.document import Document
from doctest_nix.environments import entered_with
from doctest_nix.errors import SandboxError
from doctest_nix.evaluation import Rendering, evaluate
from doctest_nix.expectation import Bindings
from doctest_nix.sandbox import HOME, WORKDIR, Completed, Ended, Sandbox
from doctest_nix.sandbox.repl import Repl
from doctest_nix.sandbox.session import Session

CTRL_C = b"\x03"
CTRL_D = b"\x04"


class Stage:
    """The one sandbox of a document, and the terminals that its reader has open.

    All are opened when a step first needs them.  The stage owns them: `close` ends all.
    """

    def __init__(self, create: Callable[[], Sandbox], config: Config, document: Document) -> None:
        """``create`` returns a sandbox, started; it is asked when one is needed.

        What ``document`` offers for download was saved before its first block.
        """
        self.document = document
        self.config = config
        self.bindings = Bindings()
        #: What is wrong with the syntax of a Nix text.
        self.syntax = Batch[str | None](lambda texts: syntax.errors(self.sandbox(), texts))
        #: What is wrong with the syntax of a shell script.
        self.scripts = Batch[str | None](lambda texts: scripts.errors(self.sandbox(), texts))
        #: Whether a text is a whole Nix file.
        self.whole = Batch[bool](lambda texts: syntax.whole(self.sandbox(), texts))
        #: What an expression evaluates to where it reads no files.
        self.values = Batch[tuple[Rendering, Rendering]](
            lambda texts: evaluate(self.sandbox(), texts)
        )
        #: Names of files of which the page shows a part, and never the whole.
        self.shown_in_part: set[str] = set()
        self._create = create
        self._sandbox: Sandbox | None = None
        self._sessions: list[Session] = []
        self._current = 0
        self._name: str | None = None
        self._named: dict[str, int] = {}
        self._unnamed: int | None = None
        self._written: dict[PurePosixPath, float] = {}
        self._repl: Repl | None = None
        #: What was typed into the repl, or into the one before it.
        self.typed_in_repl: list[str] = []
        self._last_nested: str | None = None
        #: Whether a command was given up that the page does not say to type.
        self.has_given_up = False
        self._end = time.monotonic() + config.document_timeout

    def sandbox(self) -> Sandbox:
        """Return the sandbox, started.  Raises SandboxError."""
        if self._sandbox is None:
            sandbox = self._create()
            self._sandbox = sandbox
            for file in self.document.downloads:
                sandbox.put(WORKDIR / file.name, file.data)
                if file.executable:
                    sandbox.run(["chmod", "+x", str(WORKDIR / file.name)], timeout=10)
        return self._sandbox

    def exceeded(self, completed: Completed | None = None) -> Limit | None:
        """Return the limit that something ran into since the last call, None for none.

        ``completed`` is the command that went wrong, if it was one.
        """
        if completed is not None and completed.ended is Ended.FLOODED:
            return Limit.OUTPUT
        if self._sandbox is None:
            return None
        return self._sandbox.exceeded(completed.output if completed is not None else "")

    def tries(self, need: Need) -> bool:
        """Tell whether a step with ``need`` is tried.

        What a page fetches may have been warmed for it.  Where there is no sandbox, the step that
        goes without network is for the next that needs one to tell of.
        """
        if self.config.tries(need) or need is not Need.NETWORK:
            return self.config.tries(need)
        try:
            return self.sandbox().warmed
        except SandboxError:
            return False

    @property
    def started(self) -> Sandbox | None:
        """The sandbox, None where no step needed one yet."""
        return self._sandbox

    def attempts(self) -> tuple[Attempt, ...]:
        """Return what the page tried to reach through the run's proxy."""
        return self._sandbox.attempts() if self._sandbox is not None else ()

    @property
    def seconds_left(self) -> float:
        """What is left of the time that the whole document has; 0 where it is used up."""
        return max(self._end - time.monotonic(), 0.0)

    @property
    def directory(self) -> PurePosixPath:
        """Where the reader stands: the session's directory."""
        return self._sessions[self._current].directory if self._sessions else WORKDIR

    @property
    def session(self) -> Session:
        """The session that the reader types into, opened where none is.  Raises SandboxError.

        Where a command was left running in it, that is another one, opened beside it.
        """
        if not self._sessions:
            self._open_session()
        elif self._sessions[self._current].busy:
            self.take_another_session()
        return self._sessions[self._current]

    @property
    def has_session(self) -> bool:
        """Whether a terminal was opened: the sandbox worked."""
        return bool(self._sessions)

    @property
    def has_background(self) -> bool:
        """Whether a command was left running in one of the terminals."""
        return any(session.busy for session in self._sessions)

    def take_another_session(self) -> None:
        """Type into another terminal from now on: a second one that is free, else a new one."""
        others = set(range(1, len(self._sessions))) - set(self._named.values())
        free = [n for n in sorted(others) if self._sessions[n].is_free]
        if free:
            self._current = free[-1]
        else:
            self._open_session()

    def return_to_first_session(self) -> None:
        """Type into the first terminal from now on; what was left running there is stopped."""
        if self._sessions:
            self._interrupt(0)

    def be_in(self, name: str | None) -> None:
        """Type into the session of that name from now on, opened where there is none yet.

        None is the page's own session: the one before any that has a name.
        """
        if name == self._name:
            return
        if self._name is None:
            self._unnamed = self._current if self._sessions else None
        self._name = name
        number = self._unnamed if name is None else self._named.get(name)
        if number is not None:
            self._current = number
            return
        self._open_session()
        if name is not None:
            self._named[name] = self._current

    def press_interrupt(self) -> None:
        """Press Ctrl-C where a command was left running, here or last, and type there."""
        order = [self._current, *reversed(range(len(self._sessions)))]
        busy = [n for n in order if self._sessions and self._sessions[n].busy]
        if busy:
            self._interrupt(busy[0])

    def write(self, name: str, text: str) -> None:
        """Write a file below `directory`.  Raises OSError, SandboxError."""
        path = self._path(name)
        self.sandbox().put(path, text.encode("utf-8", "surrogateescape"))
        self._written[path] = time.monotonic()

    def find(self, name: str) -> str:
        """Return where a file is that the page changes: here, else where the page wrote it."""
        if self._path(name) in self._written or self.read(name) is not None:
            return name
        elsewhere = [str(path) for path in self._written if str(path).endswith(f"/{name}")]
        return elsewhere[0] if len(elsewhere) == 1 else name

    def read(self, name: str) -> str | None:
        """Return a file below `directory`, None where there is none."""
        try:
            data = self.sandbox().get(self._path(name))
        except OSError:
            return None
        return data.decode("utf-8", "surrogateescape")

    def _path(self, name: str) -> PurePosixPath:
        return HOME / name[2:] if name.startswith("~/") else self.directory / name

    def type(self, command: str, *, timeout: float) -> Completed:
        """Type ``command`` into the session and wait for its end."""
        return self.session.type(command, timeout=timeout)

    def show_nested_prompt(self, *, timeout: float) -> Completed | None:
        """Be in a nested shell: where none is open, type the last command that opened one.

        So too where the page changed the file that the shell was entered with.  Returns what went
        wrong on the way, None where all is well or none was ever opened.
        """
        session = self.session
        if (entered := session.entered) is not None and self._is_outdated(*entered):
            directory = session.directory
            self._last_nested = entered[0]
            session.leave(timeout=timeout)
            completed = session.type(self._last_nested, timeout=timeout)
            if not session.is_nested:
                return completed
            session.type(f"cd {shlex.quote(str(directory))}", timeout=timeout)
        if not session.is_nested and self._last_nested is not None:
            completed = session.type(self._last_nested, timeout=timeout)
            if not session.is_nested:
                return completed
        if session.is_nested:
            self._last_nested = session.show_nested_prompt()
        return None

    def _is_outdated(self, command: str, directory: PurePosixPath, opened: float) -> bool:
        """Tell whether the page wrote a file after a shell was entered with it."""
        return any(
            self._written.get(directory / name, opened) > opened for name in entered_with(command)
        )

    def leave(self) -> None:
        """Be out of what is open: the repl, else a command left running, else a nested shell."""
        if self.repl_is_open:
            self.close_repl()
        elif self._sessions:
            session = self._sessions[self._current]
            if session.busy:
                session.press(CTRL_D, timeout=self.config.timeout)
            else:
                session.leave(timeout=self.config.timeout)

    @property
    def repl_is_open(self) -> bool:
        """Whether a `nix repl` waits for expressions."""
        return self._repl is not None and self._repl.open

    def open_repl(self, command: str, *, timeout: float) -> Completed:
        """Run ``command``, a `nix repl`, on a terminal of its own, where the session stands.

        The session stays as it is.  Returns the greeting, ``exit_code`` 0 where it came.
        """
        self.close_repl()
        script = f'cd "$1" && exec {command.strip()}'
        argv = ["bash", "-c", script, "bash", str(self.directory)]
        self._repl = Repl(self.sandbox(), argv, self.config)
        self.typed_in_repl = [command]
        return self._repl.greeting(timeout=timeout)

    def type_in_repl(self, expression: str, *, timeout: float) -> Completed:
        """Type ``expression`` into the repl that is open and wait for its answer."""
        if self._repl is None:
            raise ValueError("no repl was opened")
        self.typed_in_repl.append(expression)
        return self._repl.execute(expression, timeout=timeout)

    def close_repl(self) -> None:
        """End the repl.  Idempotent; never raises."""
        if self._repl is not None:
            self._repl.close()
            self._repl = None

    def close(self) -> None:
        """End the session and the sandbox.  Idempotent; never raises."""
        self.close_repl()
        for session in self._sessions:
            session.close()
        if self._sandbox is not None:
            self._sandbox.stop()

    def _interrupt(self, number: int) -> None:
        if self._sessions[number].busy:
            self._sessions[number].press(CTRL_C, timeout=self.config.timeout)
        self._current = number

    def _open_session(self) -> None:
        """Open a terminal where the reader stands, and type into it."""
        self._sessions.append(Session(self.sandbox(), self.config, self.directory))
        self._current = len(self._sessions) - 1
