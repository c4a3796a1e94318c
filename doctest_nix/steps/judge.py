"""Whether an exchange went as the page shows it."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Self, assert_never

from doctest_nix.annotations import Annotations, Output
from doctest_nix.config import Config, Limit, Need
from doctest_nix.expectation import Comparison, Level, compare
from doctest_nix.sandbox import HOME, Completed, Ended
from doctest_nix.stage import Stage
from doctest_nix.steps.given import is_misspelt, taken_as_given
from doctest_nix.steps.needs import Unmet, of_output
from doctest_nix.steps.transcript import Exchange
from doctest_nix.verdict import Mismatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Right:
    """It went as shown; `masks` name the rules that made the output equal."""

    masks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """It went as shown in substance."""

    mismatch: Mismatch
    masks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """It did not go as shown; ``by_itself``: whatever was skipped before."""

    mismatch: Mismatch
    by_itself: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lacking:
    """It needs something that this run does not provide."""

    unmet: Unmet


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of an exchange: seconds, comparison, and the status where one is said.

    ``limit`` names the seconds for the reader.  ``status_follows`` where the next command shows
    the status of this one (`echo $?`), and ``fails`` where the prose says that it fails: it may
    then be any.
    """

    timeout: float
    limit: str
    output: Output = Output.RULES
    volatile: tuple[str, ...] = ()
    status: int | None = None
    status_follows: bool = False
    fails: bool = False

    @classmethod
    def of(cls, annotations: Annotations, config: Config, *, last: bool) -> Self:
        """Return what a block's annotations ask of its exchange; the status of its last one."""
        timeout = annotations.timeout or config.timeout
        return cls(
            timeout=timeout,
            limit=f"{timeout:g} s",
            output=annotations.output,
            volatile=annotations.volatile,
            status=annotations.status if last else None,
        )


Outcome = Right | Stale | Wrong | Lacking

#: Lines by which a page shows that a command fails: the status then may be any.
_SHOWS_FAILURE = re.compile(
    r"\berror\b|\bfatal\b|not installed|not found|no such file|cannot |can't |failed|denied"
    r"|traceback|invalid|unknown|usage:|segmentation fault|core dumped"
    # What the shell itself complains of, and how it says which signal ended a program.
    r"|^-?(?:ba|da)?sh: |^(?:killed|aborted|terminated)\b",
    re.IGNORECASE | re.MULTILINE,
)

#: A command that shows the status of the one before it.
_SHOWS_STATUS = re.compile(r"\s*(?:echo|printf)\b.*\$\?")

#: Nothing but comments.
_COMMENT = re.compile(r"\s*(?:#[^\n]*(?:\n\s*|\Z))+")

#: Commands whose status 1 is an answer, not an error.
_ANSWERS = re.compile(r"(?:^|[|;&]\s*)(?:diff|cmp|e?grep|test|\[)\s[^|;&]*$")
_LEAVES = re.compile(r"\s*(?:exit|logout)(?:\s+\d+)?\s*;?\s*(?:#.*)?$")
_WAITS_FOR_INPUT = re.compile(r"[^\n]*(?:\[[yYnN]/[yYnN]\]|\?|:|password.*)\s*$", re.IGNORECASE)

#: What only the reader can answer.
_ASKS_FOR_SECRET = re.compile(r"\b(?:password|passphrase|PIN)\b[^\n]*:\s*$", re.IGNORECASE)

#: Prompts of programs that are typed into.
_PROGRAMS_PROMPT = re.compile(
    r"^(?:>>>|In \[\d+\]:|irb\([^)\n]*\)[^>\n]*>|ghci>|Prelude>|sqlite>|mysql>|iex\(\d+\)>"
    r"|scala>|julia>|\(gdb\)|[\w-]+=[#>])(?= |$)",
    re.MULTILINE,
)

#: As many lines of an unexpected output are shown.
_SHOWN = 40


def judge(exchange: Exchange, completed: Completed, asked: Asked, stage: Stage) -> Outcome:
    """Compare what happened with what is shown: how it ended, its output, then its status.

    The status must be 0 unless the page shows that the command fails.  What went wrong for a
    need that the run does not meet is `Lacking`.
    """
    outcome = _judge(exchange, completed, asked, stage)
    if isinstance(outcome, Wrong):
        limit = stage.exceeded(completed)
        if limit is not None:
            return Wrong(mismatch=beyond(outcome.mismatch, limit, stage.config))
        unmet = (
            of_output(completed.output)
            or _needs_a_reader(exchange, completed)
            or taken_as_given(exchange, completed, stage)
        )
        if unmet is not None and not stage.config.meets(unmet.need):
            return Lacking(unmet=unmet)
        return replace(outcome, by_itself=is_misspelt(exchange, completed))
    return outcome


def beyond(mismatch: Mismatch, limit: Limit, config: Config) -> Mismatch:
    """Return what went wrong with the limit that it ran into, in place of what came of that."""
    return replace(
        mismatch,
        problem=f"the command ran into the limit of {config.limits.of(limit)}",
        hint=f"Where the page needs more: --nix-limit={limit}=…",
    )


def looks_right(expected: str, output: str, exchange: Exchange, stage: Stage) -> bool:
    """Tell whether ``output`` is what ``expected`` shows of the exchange's command."""
    comparison, _ = compare(
        expected,
        output,
        bindings=stage.bindings,
        home=str(HOME),
        directory=str(stage.directory),
        pinned=stage.config.pinned,
        command=exchange.input,
    )
    return comparison.level is not Level.MISMATCH


def shows_status(following: Iterable[Exchange]) -> bool:
    """Tell whether the next of the exchanges shows the status of the command before it."""
    after = next(iter(following), None)
    return (
        after is not None and bool(after.expected) and _SHOWS_STATUS.match(after.input) is not None
    )


def wrong(exchange: Exchange, problem: str, *, hint: str = "") -> Wrong:
    """Return the outcome of an exchange that could not be tried."""
    return Wrong(mismatch=_mismatch(exchange, problem, hint=hint))


def short(command: str) -> str:
    """Return a command's first line."""
    first, _, more = command.partition("\n")
    return first + (" …" if more else "")


def _judge(exchange: Exchange, completed: Completed, asked: Asked, stage: Stage) -> Outcome:
    leaves = _LEAVES.match(exchange.input) is not None
    if completed.ended is not Ended.EXITED and not (leaves and completed.ended is Ended.GONE):
        return _ended_badly(exchange, completed, asked)
    with_comments, exchange = exchange, _without_comments(exchange, completed)
    comparison = Comparison(level=Level.MATCH)
    if exchange.expected and asked.output is not Output.IGNORE:
        comparison = _compare(exchange, completed, asked, stage)
    if comparison.level is Level.MISMATCH:
        problem = "the output is not what the page shows"
        return Wrong(mismatch=_mismatch(exchange, problem, completed, diff=comparison.diff))
    says_why = not (completed.output or exchange.expected)
    if not _status_is_right(with_comments if says_why else exchange, completed, asked):
        wanted = "" if asked.status is None else f", not {asked.status}"
        problem = f"the command ended with status {completed.exit_code}{wanted}"
        return Wrong(mismatch=_mismatch(exchange, problem, completed, diff=_all_new(completed)))
    if comparison.level is Level.STALE:
        stale = _mismatch(exchange, comparison.reason, completed, diff=comparison.diff)
        return Stale(mismatch=stale, masks=comparison.masks)
    return Right(masks=comparison.masks)


def _without_comments(exchange: Exchange, completed: Completed) -> Exchange:
    """Leave out shown lines that begin with `# ` where the command printed no such line."""
    if re.search(r"^#(?: |$)", completed.output, re.MULTILINE):
        return exchange
    shown = re.sub(r"^#(?: .*)?(?:\n|$)", "", exchange.expected, flags=re.MULTILINE)
    return replace(exchange, expected=shown.rstrip("\n"))


def _compare(exchange: Exchange, completed: Completed, asked: Asked, stage: Stage) -> Comparison:
    shown, actual = exchange.expected, completed.output
    if asked.output is Output.EXACT:
        return _compare_exactly(shown, actual)
    for pattern in asked.volatile:
        shown, actual = re.sub(pattern, "<volatile>", shown), re.sub(pattern, "<volatile>", actual)
    comparison, stage.bindings = compare(
        shown,
        actual,
        bindings=stage.bindings,
        home=str(HOME),
        directory=str(stage.directory),
        pinned=stage.config.pinned,
        command=exchange.input,
    )
    return comparison


def _compare_exactly(shown: str, actual: str) -> Comparison:
    page, printed = shown.split("\n"), actual.rstrip("\n").split("\n")
    if page == printed:
        return Comparison(level=Level.MATCH)
    lines = itertools.islice(difflib.ndiff(page, printed), 2 * _SHOWN)
    return Comparison(
        level=Level.MISMATCH,
        diff=tuple(line for line in lines if not line.startswith("?")),
        reason="the output is not to the letter what the page shows",
    )


def _status_is_right(exchange: Exchange, completed: Completed, asked: Asked) -> bool:
    if asked.status is not None:
        return completed.exit_code == asked.status
    if _COMMENT.fullmatch(exchange.input):
        return True  # the status is still that of the command before
    leaves = _LEAVES.match(exchange.input) is not None
    may_fail = leaves or asked.status_follows or asked.fails or _may_fail(exchange, completed)
    return completed.exit_code in (0, None) or may_fail


def _may_fail(exchange: Exchange, completed: Completed) -> bool:
    """Tell whether the page shows, or the command means, that the status is not 0."""
    if _SHOWS_FAILURE.search(exchange.expected):
        return True
    return completed.exit_code == 1 and _ANSWERS.search(exchange.input) is not None


def _ended_badly(exchange: Exchange, completed: Completed, asked: Asked) -> Wrong:
    hint = ""
    match completed.ended:
        case Ended.TIMEOUT:
            problem = f"the command did not end within {asked.limit}"
            if completed.asks:
                problem = "the command waits for input, which the page does not show"
            last = completed.output.rsplit("\n", 1)[-1]
            if last and _WAITS_FOR_INPUT.fullmatch(last):
                hint = f"It seems to wait for an answer to: {last.strip()}"
            elif not completed.asks:
                hint = "It may wait for input, or run for ever like a server."
        case Ended.FLOODED:
            problem = "the command printed too much"
        case Ended.GONE:
            problem = "the session is gone: the command ended its shell"
        case Ended.UNFINISHED:
            problem = "the command is not complete: the shell waits for more lines"
            hint = "Look for a quote or a bracket that is not closed."
        case Ended.EXITED | Ended.RUNNING:
            problem = f"the nested shell was not entered again: status {completed.exit_code}"
        case _:
            assert_never(completed.ended)
    return Wrong(
        mismatch=_mismatch(exchange, problem, completed, diff=_all_new(completed), hint=hint)
    )


def _needs_a_reader(exchange: Exchange, completed: Completed) -> Unmet | None:
    """Return the need of a program that waits for what the page does not show as typed."""
    if completed.ended is Ended.TIMEOUT:
        if completed.full_screen:
            return Unmet(need=Need.INTERACTIVE, sign=f"{short(exchange.input)} fills the screen")
        last = completed.output.rsplit("\n", 1)[-1]
        if _ASKS_FOR_SECRET.search(last):
            return Unmet(need=Need.INTERACTIVE, sign=f"it asks: {' '.join(last.split())}")
        if prompt := _PROGRAMS_PROMPT.search(exchange.expected):
            return Unmet(need=Need.INTERACTIVE, sign=f"{short(exchange.input)} asks {prompt[0]}")
    return None


def _all_new(completed: Completed) -> tuple[str, ...]:
    lines = completed.output.split("\n")
    cut = (f"  … {len(lines) - _SHOWN} lines …",) if len(lines) > _SHOWN else ()
    return cut + tuple(f"+ {line}" for line in lines[-_SHOWN:] if line)


def _mismatch(
    exchange: Exchange,
    problem: str,
    completed: Completed | None = None,
    *,
    diff: tuple[str, ...] = (),
    hint: str = "",
) -> Mismatch:
    more = exchange.input.count("\n")
    return Mismatch(
        location=replace(exchange.location, end_line=exchange.location.line + more),
        problem=problem,
        command=exchange.input,
        diff=diff,
        exit_code=completed.exit_code if completed is not None else None,
        hint=hint,
    )
