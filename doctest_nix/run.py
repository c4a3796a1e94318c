"""How the steps of one document are executed: lazily, in order, each once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath

from doctest_nix.annotations import Annotations
from doctest_nix.attempt import Attempt
from doctest_nix.config import Config, Limit
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.plan import Plan
from doctest_nix.sandbox import Completed, Ended, Sandbox
from doctest_nix.stage import Stage
from doctest_nix.steps import Step
from doctest_nix.steps.expression import ExpressionStep
from doctest_nix.steps.file import FileStep
from doctest_nix.steps.judge import beyond
from doctest_nix.steps.needs import only_reads, only_tells
from doctest_nix.steps.patch import PatchStep
from doctest_nix.steps.script import ScriptStep
from doctest_nix.steps.session import SessionStep
from doctest_nix.steps.syntax import SyntaxStep
from doctest_nix.verdict import Fate, Mismatch, Verdict


class DocumentRun:
    """The actor of a document: it owns its sandbox and knows the verdicts so far.

    After a failure, the steps that build on what came before are blocked: one mistake is one
    failure.  Steps that stand alone go on.  After a step that was skipped for a need, those that
    go right all the same are right; one that goes wrong is blocked, for it may have needed it.
    """

    def __init__(
        self,
        plan: Plan,
        config: Config,
        create: Callable[[], Sandbox],
        leave: Callable[[Sandbox], None] = lambda sandbox: None,
    ) -> None:
        """``create`` returns a sandbox, started; it is asked when a step first runs.

        ``leave`` is told of it before it ends, and never raises.
        """
        self._leave = leave
        self._plan = plan
        self._config = config
        self._create = create
        self._stage: Stage | None = None
        self._verdicts: dict[int, Verdict] = {}
        self._next = 0  # what changes anything before this step was executed
        self._blocker: str | None = None
        self._lacks: list[tuple[Step, str]] = []  # steps skipped for a need, and what that blocks
        self._trouble: SandboxError | None = None
        self._attempts: tuple[Attempt, ...] = ()

    def verdict(self, index: int) -> Verdict:
        """Return the verdict of step ``index``, executing what it depends on first.

        Where the sandbox is the trouble, one step of the document is broken and its further
        ones are blocked.  Never raises for what a tutorial or a sandbox does.
        """
        step = self._plan.steps[index]
        while (step.depends or step.changes) and self._next < index:
            if self._plan.steps[self._next].changes and self._next not in self._verdicts:
                self._execute(self._next)
            self._next += 1
        if index not in self._verdicts:
            self._execute(index)
        return self._verdicts[index]

    def verdicts(self) -> dict[int, Verdict]:
        """Return the verdicts so far, by step index."""
        return dict(self._verdicts)

    def attempts(self) -> tuple[Attempt, ...]:
        """Return what the page tried to reach so far, as far as the run's proxy heard of it."""
        return self._stage.attempts() if self._stage is not None else self._attempts

    def close(self) -> None:
        """End the sandbox.  Idempotent; never raises."""
        if self._stage is not None:
            self._attempts = self._stage.attempts()
            if self._stage.started is not None:
                self._leave(self._stage.started)
            self._stage.close()
            self._stage = None

    def _execute(self, index: int) -> None:
        step = self._plan.steps[index]
        verdict = self._attempt(step, self._plan.said[index])
        lacks = [reason for lacking, reason in self._lacks if _may_need(step, lacking)]
        if verdict.fate is Fate.FAILED and step.depends and lacks and not verdict.by_itself:
            verdict = Verdict(fate=Fate.BLOCKED, reason=lacks[0], seconds=verdict.seconds)
        elif verdict.fate is Fate.FAILED and step.changes:
            place = verdict.mismatch.location if verdict.mismatch else step.blocks[0].location
            self._blocker = f"blocked by the failure at line {place.line}"
        elif step.changes and (verdict.fate is Fate.SKIPPED or verdict.in_part):
            line = step.blocks[0].location.line
            why = verdict.reason or "went right in part"
            self._lacks.append((step, f"blocked by line {line}, which {why}"))
        self._verdicts[index] = verdict

    def _attempt(self, step: Step, said: Annotations) -> Verdict:
        if step.depends and self._blocker is not None:
            return Verdict(fate=Fate.BLOCKED, reason=self._blocker)
        if self._trouble is not None:
            return Verdict(fate=Fate.BLOCKED, reason=f"blocked: {self._trouble.problem}")
        try:
            stage = self._open()
            if step.depends or isinstance(step, ScriptStep):
                stage.be_in(said.session)
            for command in said.setup:
                completed = stage.type(command, timeout=self._config.timeout)
                if completed.exit_code not in (0, None) or completed.ended is not Ended.EXITED:
                    return _set_up_badly(step, command, completed)
            verdict = step.execute(stage)
            if verdict.fate is not Fate.FAILED or (limit := stage.exceeded()) is None:
                return verdict
            place = step.blocks[0].location
            wrong = verdict.mismatch or Mismatch(location=place, problem=verdict.reason)
            return self._beyond(wrong, limit)
        except SandboxError as error:
            self._trouble = error
            limit = self._stage.exceeded() if self._stage is not None else None
            if limit is None:
                return self._without_sandbox(step, error)
            place = step.blocks[0].location
            return self._beyond(Mismatch(location=place, problem=error.problem), limit)

    def _without_sandbox(self, step: Step, error: SandboxError) -> Verdict:
        """Return the verdict of a step that finds no sandbox that works.

        One in which a session was opened did work: where it is gone, and not its engine, that is
        what the page did, and one mistake of the page is one failure.
        """
        worked = self._stage is not None and self._stage.has_session
        if error.slug is not Slug.SANDBOX_GONE or not worked:
            return Verdict(fate=Fate.BROKEN, reason=str(error))
        if self._blocker is not None:
            return Verdict(fate=Fate.BLOCKED, reason=f"{self._blocker}: it ended the sandbox")
        problem = "the sandbox is gone: the page's commands ended it"
        mismatch = Mismatch(location=step.blocks[0].location, problem=problem, hint=error.problem)
        return Verdict(fate=Fate.FAILED, reason=problem, mismatch=mismatch, by_itself=True)

    def _beyond(self, mismatch: Mismatch, limit: Limit) -> Verdict:
        """Return the verdict of a step that ran into ``limit``."""
        mismatch = beyond(mismatch, limit, self._config)
        return Verdict(fate=Fate.FAILED, reason=mismatch.problem, mismatch=mismatch, by_itself=True)

    def _open(self) -> Stage:
        if self._stage is None:
            self._stage = Stage(self._create, self._config, self._plan.document)
            for step in self._plan.steps:
                match step:
                    case SyntaxStep() | ExpressionStep() | FileStep() | ScriptStep():
                        step.announce(self._stage)
                    case _:
                        pass
        return self._stage


def _may_need(step: Step, lacking: Step) -> bool:
    """Tell whether ``step`` may build on what ``lacking`` would have done.

    On commands that only tell nothing builds.  A diff builds on its file alone: on other diffs of
    it, and on commands that name it and do more than read.
    """
    if isinstance(lacking, SessionStep) and all(only_tells(e.input) for e in lacking.exchanges):
        return False
    if not isinstance(step, PatchStep) or step.target is None:
        return True
    if isinstance(lacking, PatchStep):
        return lacking.target in (step.target, None)
    name = PurePosixPath(step.target).name
    if isinstance(lacking, SessionStep):
        return any(name in e.input and not only_reads(e.input) for e in lacking.exchanges)
    return any(name in block.text for block in lacking.blocks)


def _set_up_badly(step: Step, command: str, completed: Completed) -> Verdict:
    """Return the verdict on a step before which the page's own hidden commands go wrong."""
    problem = "the commands of the comment before this block fail"
    mismatch = Mismatch(
        location=step.blocks[0].location,
        problem=problem,
        command=command,
        diff=tuple(f"+ {line}" for line in completed.output.split("\n") if line),
        exit_code=completed.exit_code,
    )
    return Verdict(fate=Fate.FAILED, reason=problem, mismatch=mismatch)
