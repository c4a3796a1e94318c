"""What Nix expressions evaluate to, lazily and strictly rendered."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from doctest_nix.batch import run_for_each
from doctest_nix.sandbox import WORKDIR, Sandbox

#: Ten seconds an evaluation, both renderings; the second may be endless where the first is not.
_EVALUATE = (
    "timeout 10 nix-instantiate --eval - < $files/in; lazy=$?;"
    " printf '\\036'; printf '\\036' >&2;"
    " timeout 10 nix-instantiate --eval --strict - < $files/in; return $lazy"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendering:
    """What an evaluation printed; ``value`` is ``""`` where it failed."""

    value: str
    messages: str


def evaluate(
    sandbox: Sandbox, expressions: Sequence[str], *, directory: PurePosixPath = WORKDIR
) -> tuple[tuple[Rendering, Rendering], ...]:
    """Return the lazy and the strict rendering of each expression.  Raises SandboxError."""
    answers = run_for_each(sandbox, expressions, _EVALUATE, directory=directory)
    result = []
    for _, values, said_of_input in answers:
        # That it comes from standard input is our way: the page's reader types it as a string.
        messages = said_of_input.replace("«stdin»", "«string»").replace("(stdin)", "(string)")
        lazy, _, strict = values.partition("\x1e")
        said, _, said_strictly = messages.partition("\x1e")
        result.append(
            (
                Rendering(value=lazy.strip(), messages=said.strip()),
                Rendering(value=strict.strip(), messages=said_strictly.strip()),
            )
        )
    return tuple(result)
