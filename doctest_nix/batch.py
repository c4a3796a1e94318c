"""How many small questions to a sandbox become few processes."""

from __future__ import annotations

import secrets
import shlex
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePosixPath
from typing import Generic, TypeVar

from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import WORKDIR, Ended, Sandbox

Answer = TypeVar("Answer")

#: Seconds for one batch: a hundred evaluations of a second each.
_TIMEOUT = 120.0


class Batch(Generic[Answer]):
    """Questions about texts: the first that is asked answers all that were announced."""

    def __init__(self, answer: Callable[[Sequence[str]], Sequence[Answer]]) -> None:
        """``answer`` returns one answer for each text, in their order."""
        self._answer = answer
        self._announced: list[str] = []
        self._known: dict[str, Answer] = {}

    def announce(self, texts: Iterable[str]) -> None:
        """Tell which texts will be asked about."""
        self._announced += texts

    def ask(self, text: str) -> Answer:
        """Return the answer for ``text``."""
        if text not in self._known:
            texts = [t for t in dict.fromkeys([*self._announced, text]) if t not in self._known]
            self._announced = []
            self._known.update(zip(texts, self._answer(texts), strict=True))
        return self._known[text]


def run_for_each(
    sandbox: Sandbox,
    texts: Sequence[str],
    command: str,
    *,
    directory: PurePosixPath = WORKDIR,
) -> tuple[tuple[bool, str, str], ...]:
    """Run a shell ``command`` in ``directory``, with each text as its input.

    One process of the sandbox does all.  Returns (whether its status was 0, stdout, stderr) for
    each text, in order.  Raises SandboxError where the sandbox is gone or has no Nix.
    """
    end = f"END-{secrets.token_hex(12)}"
    prelude = (
        "command -v nix-instantiate > /dev/null || exit 4\n"
        "files=$(mktemp -d) || exit 3\n"
        f"cd {shlex.quote(str(directory))} || exit 3\n"
        f"ask() {{ {command}; }}\n"
    )
    script = [prelude]
    for text in texts:
        script.append(
            f"cat > $files/in <<'{end}'\n{text}\n{end}\n"
            "ask < $files/in > $files/out 2> $files/err; status=$?\n"
            f"echo '{end}' $status; head -c 1000000 $files/out\n"
            f"printf '\\n{end}\\n'; head -c 100000 $files/err\n"
        )
    script.append("rm -rf $files\n")
    stdin = "".join(script).encode("utf-8", "surrogateescape")
    completed = sandbox.run(["sh", "-s"], stdin=stdin, timeout=_TIMEOUT)
    if completed.exit_code == 4:
        raise SandboxError(
            Slug.NIX_MISSING,
            "There is no nix-instantiate in the sandbox.",
            remedy="Choose an image that has Nix with --nix-image.",
        )
    if completed.ended is not Ended.EXITED or completed.exit_code != 0:
        raise SandboxError(
            Slug.SANDBOX_GONE,
            f"A batch of {len(texts)} checks did not end well: {completed.output[-200:]!r}.",
        )
    parts = completed.output.split(end)[1:]
    answers = []
    for out, err in zip(parts[::2], parts[1::2], strict=True):
        status, _, printed = out.partition("\n")
        answers.append((status.strip() == "0", printed.removesuffix("\n"), err.strip("\n")))
    return tuple(answers)
