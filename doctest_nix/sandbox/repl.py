"""How expressions are typed into `nix repl`, whose own prompt tells that it is ready."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence

from doctest_nix.config import FLOOD, Config
from doctest_nix.errors import SandboxError
from doctest_nix.sandbox import Completed, Ended, Sandbox
from doctest_nix.sandbox.deadline import Deadline
from doctest_nix.sandbox.kept import Kept
from doctest_nix.screen import render

#: A prompt at a line's start, or what asks for the rest of an expression, old and new.
_WAITS = re.compile(
    rb"(?:^|[\r\n])(?P<prompt>(?:\x1b\[[0-9;?]*[a-zA-Z])*(?:nix-repl> |(?P<more> {8}(?:  |> ))))\Z"
)
_ASKED_FOR_MORE = re.compile(r"^ {8}(?:  |> ?)\n", re.MULTILINE)
_EXITS = re.compile(r"\s*:(?:q|quit)\s*$")

#: What has no answer; where anything else is all that there is, it is the answer, not an echo.
_ANSWERS_NOTHING = re.compile(r"\s*(?::|#|[\w.'-]+\s*=(?!=))")


class Repl:
    """A `nix repl` on a terminal of its own in a sandbox."""

    def __init__(self, sandbox: Sandbox, argv: Sequence[str], config: Config) -> None:
        """Start ``argv``, which is a `nix repl`; `greeting` waits for its prompt."""
        self._stream = sandbox.attach(argv, {})
        self._columns = config.columns
        self._keep = config.limits.output
        self.open = True

    def greeting(self, *, timeout: float) -> Completed:
        """Wait for the first prompt; its output is what is printed before."""
        return self._until_prompt("", time.monotonic(), timeout)

    def execute(self, expression: str, *, timeout: float) -> Completed:
        """Type ``expression`` and wait for the next prompt.

        ``exit_code`` is 0 where an answer came, 1 where it begins with an error.  ``UNFINISHED``
        means that the repl waits for the rest; the expression is then taken back.
        """
        begin = time.monotonic()
        line = expression.replace("\t", "  ")  # a tab would be completion
        try:
            self._stream.write(line.encode("utf-8", "surrogateescape") + b"\n")
        except OSError:
            self.close()
            return Completed(output="", exit_code=None, seconds=0.0, ended=Ended.GONE)
        return self._until_prompt(line, begin, timeout)

    def close(self) -> None:
        """Hang up.  Idempotent; never raises."""
        self.open = False
        self._stream.close()

    def _until_prompt(self, typed: str, begin: float, timeout: float) -> Completed:
        output = bytearray()
        ended = Ended.EXITED
        deadline = Deadline(begin + timeout - time.monotonic())
        try:
            while True:
                data = deadline.read(self._stream)
                if not data:
                    ended = Ended.EXITED if _EXITS.match(typed) else Ended.GONE
                    self.close()
                    break
                output += data
                if len(output) > FLOOD * self._keep:
                    ended = Ended.FLOODED
                    if not self._interrupt():
                        self.close()
                    break
                waits = _WAITS.search(output, max(0, len(output) - 200))
                # A repl prints this also between the lines that it reads.
                while (
                    waits
                    and len(output) <= FLOOD * self._keep
                    and ("\n" in typed or waits["more"])
                    and not self._is_idle(output)
                ):
                    waits = _WAITS.search(output, max(0, len(output) - 200))
                if waits and waits["more"]:
                    ended = Ended.UNFINISHED
                    self._interrupt()
                    break
                if waits:
                    del output[waits.start("prompt") :]
                    break
        except TimeoutError:
            ended = Ended.TIMEOUT
            if not self._interrupt():
                ended = Ended.GONE
                self.close()
        except (OSError, SandboxError):
            ended = Ended.GONE
            self.close()
        kept = Kept(self._keep)
        kept.add(output)
        shown = render(kept.joined(), self._columns).strip("\n")
        if typed.strip() and (shown != typed or _ANSWERS_NOTHING.match(typed)):
            shown = shown.removeprefix(typed).strip("\n")
        shown = _ASKED_FOR_MORE.sub("", shown, count=typed.count("\n")).strip("\n")
        failed = re.search(r"(?:^|\n)error:", shown) is not None
        return Completed(
            output=shown,
            exit_code=int(failed) if ended is Ended.EXITED else None,
            seconds=time.monotonic() - begin,
            ended=ended,
            truncated=kept.dropped,
        )

    def _is_idle(self, output: bytearray) -> bool:
        """Tell whether nothing follows at once; what does goes to ``output``."""
        try:
            data = self._stream.read(0.2)
        except TimeoutError:
            return True
        output += data
        return not data

    def _interrupt(self) -> bool:
        """Press Ctrl-C; True where a prompt came back within two seconds."""
        output = bytearray()
        deadline = Deadline(2)
        try:
            self._stream.write(b"\x03")
            while not (waits := _WAITS.search(output)) or waits["more"]:
                data = deadline.read(self._stream)
                if not data:
                    return False
                output = output[-200:] + data
        except OSError:  # TimeoutError is one
            return False
        return True
