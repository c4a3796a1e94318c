"""A Nix expression and the value that the page says it has."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass

from doctest_nix.config import Need
from doctest_nix.document import Block, Location, Style
from doctest_nix.evaluation import Rendering, evaluate
from doctest_nix.expectation import Comparison, Level, compare
from doctest_nix.nixvalue import NotAValueError, equal, parse
from doctest_nix.nixvalue.value import Elision, FilePath
from doctest_nix.sandbox import HOME
from doctest_nix.stage import Stage
from doctest_nix.steps import Context, syntax
from doctest_nix.steps.free import undefined
from doctest_nix.steps.names import is_inside, saved_as
from doctest_nix.steps.needs import Unmet, of_output
from doctest_nix.steps.transcript import SESSION_LANGUAGES
from doctest_nix.verdict import Checked, Fate, Mismatch, Verdict

#: An arrow that stands before a value in a block.
_ARROW = re.compile(r"^\s*(?:#\s*)?(?:=>|⇒)\s?(?P<value>.*)$")
_READS_FILES = re.compile(r"(?:^|[\s(\[=])\.{0,2}/[\w.]|\./|readFile|readDir|pathExists|import\b")
#: Languages of fences that show what is printed.
_OF_NO_LANGUAGE = SESSION_LANGUAGES | {"", "text", "txt", "plain", "plaintext", "output"}
_ERROR = re.compile(r"(?:^|\n)\s*error\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """An expression, the value shown for it, and the lines of both."""

    location: Location
    expression: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpressionStep:
    """The pairs of one block, or of an expression block and the value block after it.

    ``saved`` is the file that the page tells to write the expression to.  ``said`` says that the
    page calls them a pair; where it only shows one after the other, what has no value is code.
    """

    blocks: tuple[Block, ...]
    pairs: tuple[Pair, ...]
    saved: str | None = None
    said: bool = True
    kind: str = "expression"

    @property
    def changes(self) -> bool:
        """Whether it writes a file."""
        return self.saved is not None

    @property
    def detail(self) -> str:
        """How many pairs there are."""
        return "1 pair" if len(self.pairs) == 1 else f"{len(self.pairs)} pairs"

    @property
    def depends(self) -> bool:
        """Whether an expression reads files, which earlier steps may have written."""
        return any(_READS_FILES.search(pair.expression) for pair in self.pairs)

    def announce(self, stage: Stage) -> None:
        """Tell the stage what it will be asked, so that one question serves many steps."""
        if not self.depends:
            stage.values.announce(pair.expression for pair in self.pairs)

    def execute(self, stage: Stage) -> Verdict:
        """Evaluate each expression; the value may be shown lazily or strictly rendered."""
        if self.saved is not None and is_inside(self.saved):
            stage.write(self.saved, self.pairs[0].expression + "\n")
        begin = time.monotonic()
        masks: list[str] = []
        for pair in self.pairs:
            lazy, strict = self._evaluate(pair.expression, stage)
            comparison = _compare(pair.value, lazy, strict, stage)
            last = _last_paragraph(pair.expression)
            if comparison.level is Level.MISMATCH and last:
                comparison = _compare(pair.value, *self._evaluate(last, stage), stage)
            masks += comparison.masks
            if comparison.level is Level.MATCH:
                continue
            seconds = time.monotonic() - begin
            if not (self.said or _ERROR.match(pair.value)) and _has_no_value(lazy):
                return syntax.check(self.blocks[0], stage, language="nix")
            if not _ERROR.search(pair.value) and not lazy.value:
                unmet = of_output(lazy.messages)
                if unmet is not None and not stage.config.meets(unmet.need):
                    return Verdict(fate=Fate.SKIPPED, reason=str(unmet), seconds=seconds)
                if name := undefined(lazy.messages, [pair.expression]):
                    reason = str(Unmet(need=Need.VALUE, sign=f"what {name} stands for"))
                    return Verdict(fate=Fate.SKIPPED, reason=reason, seconds=seconds)
                problem = "the expression does not evaluate"
            else:
                problem = "the value is not what the page shows"
            mismatch = Mismatch(
                location=pair.location,
                problem=problem if comparison.level is Level.MISMATCH else comparison.reason,
                command=f"nix-instantiate --eval --expr '{pair.expression}'",
                diff=comparison.diff,
            )
            stale = comparison.level is Level.STALE
            return Verdict(
                fate=Fate.STALE if stale else Fate.FAILED,
                checked=Checked.EVALUATED if stale else None,
                reason=mismatch.problem,
                seconds=seconds,
                mismatch=mismatch,
                masks=tuple(masks),
            )
        return Verdict(
            fate=Fate.PASSED,
            checked=Checked.EVALUATED,
            seconds=time.monotonic() - begin,
            masks=tuple(masks),
        )

    def _evaluate(self, expression: str, stage: Stage) -> tuple[Rendering, Rendering]:
        if self.depends:
            return evaluate(stage.sandbox(), [expression], directory=stage.directory)[0]
        return stage.values.ask(expression)


def from_block(block: Block, context: Context) -> ExpressionStep | None:
    """Return the step for a pair in one of its three spellings.

    A block of class ``expression`` and one of class ``value`` after it; a nix fence and right
    after it an indented block, or a fence of no language of its own, that is a value or an error;
    ``=>`` before the values in a nix block.
    """
    after = context.after
    said = isinstance(after, Block) and _is_said(block, after)
    if isinstance(after, Block) and (said or _is_shown(block, after)):
        location = Location(
            path=block.location.path, line=block.location.line, end_line=after.location.end_line
        )
        pair = Pair(location=location, expression=block.text, value=after.text)
        saved = saved_as(context.at(2)) if said else None
        return ExpressionStep(blocks=(block, after), pairs=(pair,), saved=saved, said=said)
    if block.language.lower() == "nix" and (pairs := _arrows(block)):
        return ExpressionStep(blocks=(block,), pairs=pairs)
    return None


def _is_said(block: Block, after: Block) -> bool:
    if "expression" in (block.option("class") or "").split():
        return "value" in (after.option("class") or "").split()
    is_fence = block.style is Style.FENCE and block.language.lower() == "nix"
    return is_fence and after.style is Style.INDENTED and block.containers == after.containers


def _is_shown(block: Block, after: Block) -> bool:
    """Tell whether a fence is a value, or an error, of the Nix fence right before it."""
    if block.style is not Style.FENCE or block.language.lower() != "nix" or block.caption:
        return False
    if syntax.is_printed(block):
        return False
    if after.style is not Style.FENCE or block.containers != after.containers or after.caption:
        return False
    if after.language.lower() not in _OF_NO_LANGUAGE:
        return False
    if _ERROR.match(after.text):
        return True
    try:
        # A path may be what a build printed, dots stand for any text.
        return not isinstance(parse(after.text), FilePath | Elision)
    except NotAValueError:
        return False


def _has_no_value(found: Rendering) -> bool:
    """Tell whether code is a function, or a part of a file, rather than something with a value."""
    if found.value:
        return found.value.startswith(("<LAMBDA>", "«lambda"))
    return "syntax error" in found.messages


def _last_paragraph(expression: str) -> str:
    """Return what stands after the last blank line of ``expression``, ``""`` where none is."""
    before, _, last = expression.rstrip().rpartition("\n\n")
    return last if before.strip() else ""


def _arrows(block: Block) -> tuple[Pair, ...]:
    """Return the pairs of a block in which `=>` stands before each value."""
    pairs: list[Pair] = []
    expression: list[str] = []
    value: list[str] | None = None
    first = 0

    def finish(end: int) -> None:
        if value is not None and any(line.strip() for line in expression):
            pairs.append(
                Pair(
                    location=Location(
                        path=block.location.path,
                        line=block.text_line + first,
                        end_line=block.text_line + end,
                    ),
                    expression="\n".join(expression).strip("\n"),
                    value="\n".join(value).strip(),
                )
            )

    for offset, line in enumerate(block.text.split("\n")):
        if found := _ARROW.match(line):
            finish(offset - 1) if value is not None else None
            value = [found["value"]]
        elif value is not None and line.strip():
            if line.startswith((" ", "}", "]", ")")):
                value.append(line)
            else:
                finish(offset - 1)
                expression, value, first = [line], None, offset
        elif value is not None:
            finish(offset - 1)
            expression, value, first = [], None, offset + 1
        else:
            expression.append(line)
    finish(block.text.count("\n"))
    return tuple(pairs)


def _compare(shown: str, lazy: Rendering, strict: Rendering, stage: Stage) -> Comparison:
    """Compare with each rendering; the first that is equal wins, else the lazy one tells."""
    if _ERROR.search(shown):
        candidates = [lazy.messages or lazy.value, strict.messages or strict.value]
    else:
        candidates = [lazy.value, strict.value, f"{lazy.messages}\n{lazy.value}".strip()]
        if any(equal(shown, candidate) for candidate in candidates[:2] if candidate):
            return Comparison(level=Level.MATCH)
    found: list[Comparison] = []
    for candidate in dict.fromkeys(candidates):
        comparison, bindings = compare(
            shown,
            candidate,
            bindings=stage.bindings,
            home=str(HOME),
            directory=str(stage.directory),
            pinned=stage.config.pinned,
        )
        if comparison.level is Level.MATCH:
            stage.bindings = bindings
            return comparison
        found.append(comparison)
    stale = [comparison for comparison in found if comparison.level is Level.STALE]
    if stale:
        return stale[0]
    return found[0] if lazy.value or _ERROR.search(shown) else found[-1]
