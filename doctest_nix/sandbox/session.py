"""One terminal as a reader has it: the shells nested in it, and what was left running."""

from __future__ import annotations

import shlex
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath

from doctest_nix.config import Config
from doctest_nix.sandbox import Completed, Ended, Sandbox
from doctest_nix.sandbox.terminal import Terminal


@dataclass(slots=True)
class _Level:
    """A nested shell: the command that opened it, where, when, and whether its prompt was shown."""

    command: str
    directory: PurePosixPath
    opened: float
    shown: bool = False


class Session:
    """A terminal, and what the page knows of it."""

    def __init__(self, sandbox: Sandbox, config: Config, directory: PurePosixPath) -> None:
        """Open the terminal and go to ``directory``.  Raises SandboxError."""
        self._terminal = Terminal(sandbox, config)
        self._levels: list[_Level] = []
        #: The command that ended the session, None where it is open.
        self.ended_by: str | None = None
        if directory != self.directory:
            self._terminal.execute(f"cd {shlex.quote(str(directory))}", timeout=config.timeout)

    @property
    def directory(self) -> PurePosixPath:
        """Where the shell stands."""
        return self._terminal.directory

    @property
    def busy(self) -> bool:
        """Whether a command was left running in the foreground."""
        return self._terminal.busy

    @property
    def is_free(self) -> bool:
        """Whether a command can be typed."""
        return self.ended_by is None and not self.busy

    @property
    def is_nested(self) -> bool:
        """Whether a shell is open within the session's own."""
        return bool(self._levels)

    def type(
        self, command: str, *, timeout: float, until: Callable[[str], bool] | None = None
    ) -> Completed:
        """Type ``command`` and wait for its end, or until it may be left running.

        ``Ended.GONE`` where the session was left by an earlier command: `ended_by` names it.
        """
        before, directory = self._terminal.depth, self.directory
        completed = self._terminal.execute(command, timeout=timeout, until=until)
        self._note(command, before, completed, directory)
        return completed

    def press(self, key: bytes, *, timeout: float) -> Completed:
        """Press a control key on the command that was left running, and wait for its end."""
        before = self._terminal.depth
        completed = self._terminal.press(key, timeout=timeout)
        self._note("", before, completed, self.directory)
        return completed

    @property
    def entered(self) -> tuple[str, PurePosixPath, float] | None:
        """The command that opened the innermost nested shell, where, and when (monotonic)."""
        if not self._levels:
            return None
        level = self._levels[-1]
        return level.command, level.directory, level.opened

    def show_nested_prompt(self) -> str:
        """Note that the page shows the innermost shell's prompt; return what opened it."""
        self._levels[-1].shown = True
        return self._levels[-1].command

    def show_outer_prompt(self, *, timeout: float) -> None:
        """Leave the nested shells whose own prompt was shown: the page is out of them."""
        while any(level.shown for level in self._levels) and self.leave(timeout=timeout):
            pass

    def leave(self, *, timeout: float) -> bool:
        """Leave the innermost nested shell; False where that was not possible."""
        levels = len(self._levels)
        if levels:
            self.type("exit", timeout=timeout)
        return len(self._levels) < levels

    def close(self) -> None:
        """Hang up.  Idempotent; never raises."""
        self._terminal.close()

    def _note(
        self, command: str, before: int, completed: Completed, directory: PurePosixPath
    ) -> None:
        """Note which levels were opened and left."""
        depth = self._terminal.depth
        if depth > before:
            now = time.monotonic()
            self._levels += [_Level(command, directory, now) for _ in range(depth - before)]
        elif depth < before:
            del self._levels[max(depth - 1, 0) :]
        if completed.ended is Ended.GONE and self.ended_by is None:
            self.ended_by = command
