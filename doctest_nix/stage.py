"""What a document's steps act on: its sandbox, its session, and what they left behind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from doctest_nix import syntax
from doctest_nix.batch import Batch
from doctest_nix.config import Config
from doctest_nix.evaluation import Rendering, evaluate
from doctest_nix.expectation import Bindings
from doctest_nix.sandbox import WORKDIR, Completed, Ended, Sandbox
from doctest_nix.sandbox.repl import Repl
from doctest_nix.sandbox.terminal import Terminal


@dataclass(slots=True)
class _Level:
    """A nested shell: the command that opened it, and whether the page showed its prompt."""

    command: str
    shown: bool = False


class Stage:
    """The one sandbox and session of a document.

    Both are opened when a step first needs them.  The stage owns them: `close` ends all.
    """

    def __init__(self, create: Callable[[], Sandbox], config: Config) -> None:
        """``create`` returns a sandbox that is not started; it is asked when one is needed."""
        self.config = config
        self.bindings = Bindings()
        self.ended_by: str | None = None
        #: What is wrong with the syntax of a Nix text.
        self.syntax = Batch[str | None](lambda texts: syntax.errors(self.sandbox(), texts))
        #: Whether a text is a whole Nix file.
        self.whole = Batch[bool](lambda texts: syntax.whole(self.sandbox(), texts))
        #: What an expression evaluates to where it reads no files.
        self.values = Batch[tuple[Rendering, Rendering]](
            lambda texts: evaluate(self.sandbox(), texts)
        )
        self._create = create
        self._sandbox: Sandbox | None = None
        self._terminal: Terminal | None = None
        self._repl: Repl | None = None
        self._levels: list[_Level] = []
        self._last_nested: str | None = None

    def sandbox(self) -> Sandbox:
        """Return the sandbox, started.  Raises SandboxError."""
        if self._sandbox is None:
            sandbox = self._create()
            sandbox.start()
            self._sandbox = sandbox
        return self._sandbox

    @property
    def directory(self) -> PurePosixPath:
        """Where the reader stands: the session's directory."""
        return WORKDIR if self._terminal is None else PurePosixPath(self._terminal.directory)

    def write(self, name: str, text: str) -> None:
        """Write a file below `directory`.  Raises OSError, SandboxError."""
        self.sandbox().put(self.directory / name, text.encode("utf-8", "surrogateescape"))

    def read(self, name: str) -> str | None:
        """Return a file below `directory`, None where there is none."""
        try:
            data = self.sandbox().get(self.directory / name)
        except OSError:
            return None
        return data.decode("utf-8", "surrogateescape")

    def type(self, command: str, *, timeout: float) -> Completed:
        """Type ``command`` into the session and wait for its end.

        ``Ended.GONE`` where the session was left by an earlier command: `ended_by` names it.
        """
        if self._terminal is None:
            self._terminal = Terminal(self.sandbox(), self.config)
        before = self._terminal.depth
        completed = self._terminal.execute(command, timeout=timeout)
        depth = self._terminal.depth
        if depth > before:
            self._levels += [_Level(command)] * (depth - before)
        elif depth < before:
            del self._levels[max(depth - 1, 0) :]
        if completed.ended is Ended.GONE and self.ended_by is None:
            self.ended_by = command
        return completed

    def show_nested_prompt(self, *, timeout: float) -> Completed | None:
        """Be in a nested shell: where none is open, type the last command that opened one.

        Returns what went wrong on the way, None where all is well or none was ever opened.
        """
        if not self._levels and self._last_nested is not None:
            completed = self.type(self._last_nested, timeout=timeout)
            if not self._levels:
                return completed
        if self._levels:
            self._levels[-1].shown = True
            self._last_nested = self._levels[-1].command
        return None

    def show_outer_prompt(self, *, timeout: float) -> None:
        """Leave the nested shells whose own prompt was shown: the page is out of them."""
        while any(level.shown for level in self._levels):
            open_levels = len(self._levels)
            self.type("exit", timeout=timeout)
            if len(self._levels) >= open_levels:
                return

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
        return self._repl.greeting(timeout=timeout)

    def type_in_repl(self, expression: str, *, timeout: float) -> Completed:
        """Type ``expression`` into the repl that is open and wait for its answer."""
        if self._repl is None:
            raise ValueError("no repl was opened")
        return self._repl.execute(expression, timeout=timeout)

    def close_repl(self) -> None:
        """End the repl.  Idempotent; never raises."""
        if self._repl is not None:
            self._repl.close()
            self._repl = None

    def close(self) -> None:
        """End the session and the sandbox.  Idempotent; never raises."""
        self.close_repl()
        if self._terminal is not None:
            self._terminal.close()
        if self._sandbox is not None:
            self._sandbox.stop()
