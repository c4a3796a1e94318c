"""The converter's door to other programs: git, and the environment of another converter."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A program that ended: its status, what it printed, and its complaints."""

    status: int
    output: str
    errors: str


def run(
    argv: Sequence[str],
    directory: Path,
    *,
    timeout: float,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
) -> Ran:
    """Run a program to its end; ``environment`` replaces that of this process where it is given.

    Raises OSError where there is no such program, TimeoutError after ``timeout`` seconds.
    """
    try:
        done = subprocess.run(
            list(argv),
            cwd=directory,
            env=None if environment is None else dict(environment),
            input=stdin.encode("utf-8", "surrogateescape"),
            capture_output=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise TimeoutError(f"{argv[0]} took over {timeout:g} seconds") from None
    return Ran(
        status=done.returncode,
        output=done.stdout.decode("utf-8", "surrogateescape"),
        errors=done.stderr.decode("utf-8", "surrogateescape"),
    )
