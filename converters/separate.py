"""How does a project's own code (its conf.py and extensions) run without harming ours?

In another Python process, which may be killed, and there in a fork for each thing that would
change it.  This is the converter's one door to other processes.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import selectors
import signal
import subprocess
import sys
import sysconfig
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar, TypeVarTuple

from converters.collector import seldom_collected
from doctest_nix.errors import DoctestNixError, Slug

Subject = TypeVar("Subject")
Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")

#: Run by name, so that what it pickles belongs to this module and not to its ``__main__``.
_MAIN = "import sys; from converters.separate import serve; serve(*map(int, sys.argv[1:]))"

#: Where this package is.
_HERE = os.path.dirname(os.path.realpath(__file__))

#: How many lines of a failed process's output an error shows.
_TAIL = 12


class ProjectError(DoctestNixError):
    """The documentation project cannot be read: its conf.py, an extension, or Sphinx failed.

    ``trace`` is what the project's process said last: a stack trace, or the end of its output.
    ``raised`` is the class of what its code raised, ``""`` where it raised nothing.
    """

    def __init__(
        self, slug: Slug, problem: str, *, remedy: str = "", trace: str = "", raised: str = ""
    ) -> None:
        """Keep the trace apart: it is for those who ask for it."""
        super().__init__(slug, problem, remedy=remedy)
        self.trace = trace
        self.raised = raised

    def of(self, copy: Path, original: Path) -> ProjectError:
        """Return the error with paths below ``copy`` as those below ``original``."""
        problem, trace = (
            text.replace(f"{copy}/", f"{original}/") for text in (self.problem, self.trace)
        )
        return ProjectError(self.slug, problem, remedy=self.remedy, trace=trace, raised=self.raised)


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What a call in another process raised: ``what`` in one line, ``trace`` with its places.

    ``kind`` is the exception's class, ``missing`` the module that is not installed, ``""`` for
    none, ``place`` the innermost line that no package has installed, ``""`` where none is known.
    """

    what: str
    trace: str
    kind: str = ""
    missing: str = ""
    place: str = ""

    @classmethod
    def now(cls) -> Raised:
        """Take down the exception that is being handled; causes tell more than what they led to."""
        error = sys.exc_info()[1] or Exception("nothing")
        cause = _cause(error)
        return cls(
            what=f"{type(cause).__name__}: {_line(str(cause))}".rstrip(": "),
            trace=traceback.format_exc(),
            kind=type(error).__name__,
            missing=(cause.name or "") if isinstance(cause, ModuleNotFoundError) else "",
            place=_place(cause) or _place(error),
        )

    @property
    def problem(self) -> str:
        """What is wrong, and what to do, in a line."""
        if self.missing:
            where = f" ({self.place})" if self.place else ""
            return f"The site needs the module {self.missing!r}{where}: install what offers it"
        where = f"{self.place}: " if self.place else ""
        return (
            f"The site cannot be read: {where}{self.what}; "
            "it has to build with sphinx-build first, and --trace shows the stack"
        )


def _cause(error: BaseException) -> BaseException:
    """Return what an exception came of; Sphinx keeps an extension's own as ``orig_exc``."""
    seen: set[int] = set()
    while id(error) not in seen:
        seen.add(id(error))
        further = error.__cause__ or getattr(error, "orig_exc", None)
        error = further if isinstance(further, BaseException) else error
    return error


def _line(text: str) -> str:
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def _place(error: BaseException) -> str:
    """Return the innermost place in a file that is no installed one and none of this package."""
    installed = (*{os.path.realpath(path) for path in sysconfig.get_paths().values()}, _HERE)
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if os.path.isfile(frame.filename)
        and not os.path.realpath(frame.filename).startswith(installed)
    ]
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else ""


class SeparateProcess(Generic[Subject]):
    """Another Python that holds a subject, made there by ``factory(*arguments)``.

    ``factory`` and the functions that are called must be importable by name, their arguments and
    results picklable; the process imports from where this one does.  Its output goes to the file
    ``log``.  A process that overruns a time-out is killed with all its children, and then every
    further call raises.
    """

    def __init__(
        self,
        factory: Callable[[*Arguments], Subject],
        *arguments: *Arguments,
        log: Path,
        timeout: float,
    ) -> None:
        """Start it and wait until the subject is made, ``timeout`` seconds at most.

        Raises ProjectError where it is not.
        """
        log.parent.mkdir(parents=True, exist_ok=True)
        self._log = log
        request, self._request = os.pipe()
        self._reply, reply = os.pipe()
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _MAIN, str(request), str(reply)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(request, reply),
                start_new_session=True,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join(str(Path(p).absolute()) for p in sys.path),
                    "PYTHONHASHSEED": "0",  # the order of sets, and with it a build's, stays
                    "PYTHONDONTWRITEBYTECODE": "1",  # no trace in the project's tree
                },
            )
        os.close(request)
        os.close(reply)
        try:
            self._ask((factory, arguments), timeout)
        except BaseException:
            self.close()
            raise

    def call(
        self,
        function: Callable[[Subject, *Arguments], Result],
        *arguments: *Arguments,
        timeout: float,
    ) -> Result:
        """Return ``function(subject, *arguments)``; raises ProjectError if that raised."""
        answer: Result = self._ask((function, arguments), timeout)
        return answer

    def close(self) -> None:
        """Kill the process and its children.  Idempotent; never raises."""
        for descriptor in (self._request, self._reply):
            if descriptor != -1:
                os.close(descriptor)
        self._request = self._reply = -1
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> Self:
        """Return the process itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()

    def _ask(self, request: object, timeout: float) -> Any:
        if self._request == -1:
            raise ProjectError(
                Slug.PROJECT, "The process that reads the project is closed", trace=self._tail()
            )
        try:
            _write(self._request, pickle.dumps(request))
            data = _read(self._reply, time.monotonic() + timeout)
        except TimeoutError:
            self.close()
            raise ProjectError(
                Slug.PROJECT,
                f"The project's own code (conf.py and extensions) took over {timeout:g} seconds",
                remedy="Give it more time, or see what its conf.py waits for.",
                trace=self._tail(),
            ) from None
        except OSError:
            data = None
        if data is None:
            self.close()
            raise ProjectError(
                Slug.PROJECT, "The process that reads the project ended", trace=self._tail()
            )
        answer = pickle.loads(data)  # noqa: S301 - written by our own process, run by this user
        if isinstance(answer, Raised):
            raise ProjectError(Slug.PROJECT, answer.problem, trace=answer.trace, raised=answer.kind)
        return answer

    def _tail(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log.read_text("utf-8", "replace").splitlines()
            return "\n".join(lines[-_TAIL:])
        return ""


def in_fork(
    function: Callable[[*Arguments], Result], *arguments: *Arguments, timeout: float
) -> Result | Raised:
    """Return ``function(*arguments)`` as a copy of this process computes it; this one is unchanged.

    The copy is killed after ``timeout`` seconds.  Only for a process without threads, as
    `SeparateProcess` is.  The result must be picklable.
    """
    answer: Result | Raised
    ((_, answer),) = in_forks(lambda _: function(*arguments), [None], jobs=1, timeout=timeout)
    return answer


Item = TypeVar("Item")


def in_forks(
    function: Callable[[Item], Result], items: Sequence[Item], *, jobs: int, timeout: float
) -> Iterator[tuple[Item, Result | Raised]]:
    """Yield each item with ``function(item)``, computed in copies of this process as `in_fork`.

    ``jobs`` of them run at a time; items come in the order in which they are done, each with
    ``timeout`` seconds.
    """
    waiting = list(reversed(items))
    running: dict[int, tuple[Item, _Copy]] = {}
    gc.collect(0)  # what is frozen is never freed
    gc.freeze()  # the collector would touch, and so copy, every page of memory
    with selectors.DefaultSelector() as selector:
        try:
            while waiting or running:
                while waiting and len(running) < jobs:
                    item = waiting.pop()
                    copy = _Copy.start(function, item, time.monotonic() + timeout)
                    running[copy.pipe] = (item, copy)
                    selector.register(copy.pipe, selectors.EVENT_READ)
                first = min(copy.deadline for _, copy in running.values())
                ready = {key.fd for key, _ in selector.select(max(0.0, first - time.monotonic()))}
                now = time.monotonic()
                for pipe, (item, copy) in list(running.items()):
                    if (pipe in ready and copy.receive()) or now > copy.deadline:
                        selector.unregister(pipe)
                        del running[pipe]
                        yield item, copy.end(timeout)
        finally:
            for _, copy in running.values():
                copy.end(0)


class _Copy:
    """A fork that computes one thing."""

    def __init__(self, process: int, pipe: int, deadline: float) -> None:
        self.pipe = pipe
        self.deadline = deadline
        self._process = process
        self._data = bytearray()
        self._done = False

    @classmethod
    def start(cls, function: Callable[[Item], object], item: Item, deadline: float) -> _Copy:
        reader, writer = os.pipe()
        process = os.fork()
        if process == 0:  # pragma: no cover - coverage is lost in a process that ends by _exit
            try:
                os.close(reader)
                try:
                    data = pickle.dumps(function(item))
                except BaseException:
                    data = pickle.dumps(Raised.now())
                with open(writer, "wb") as pipe:
                    pipe.write(data)
            finally:
                os._exit(0)
        os.close(writer)
        return cls(process, reader, deadline)

    def receive(self) -> bool:
        """Take what has arrived; return whether that was the end."""
        data = os.read(self.pipe, 1 << 20)
        self._data += data
        self._done = not data
        return self._done

    def end(self, timeout: float) -> Any:
        if not self._done:
            os.kill(self._process, signal.SIGKILL)
        os.close(self.pipe)
        os.waitpid(self._process, 0)
        if not self._done:
            return Raised(what=f"TimeoutError: over {timeout:g} seconds", trace="")
        if not self._data:
            return Raised(what="ChildProcessError: the process ended", trace="")
        return pickle.loads(bytes(self._data))  # noqa: S301 - written by our own fork


def _write(descriptor: int, data: bytes) -> None:
    framed = len(data).to_bytes(8, "big") + data
    view = memoryview(framed)
    while view:
        view = view[os.write(descriptor, view) :]


def _read(descriptor: int, deadline: float | None) -> bytes | None:
    """Return the next frame, None at the end; raises TimeoutError."""
    head = _take(descriptor, 8, deadline)
    return None if head is None else _take(descriptor, int.from_bytes(head, "big"), deadline)


def _take(descriptor: int, size: int, deadline: float | None) -> bytes | None:
    data = bytearray()
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        while len(data) < size:
            left = None if deadline is None else deadline - time.monotonic()
            if left is not None and (left <= 0 or not selector.select(left)):
                raise TimeoutError
            part = os.read(descriptor, size - len(data))
            if not part:
                return None
            data += part
    return bytes(data)


@seldom_collected()
def serve(request: int, reply: int) -> None:
    """Make the subject of the first request, then answer requests until there are no more."""
    subject: list[Any] = []
    while (data := _read(request, None)) is not None:
        try:
            function, arguments = pickle.loads(data)  # noqa: S301 - written by our own parent
            if subject:
                answer = pickle.dumps(function(*subject, *arguments))
            else:
                subject.append(function(*arguments))
                answer = pickle.dumps(None)
        except Exception:
            answer = pickle.dumps(Raised.now())
        _write(reply, answer)
