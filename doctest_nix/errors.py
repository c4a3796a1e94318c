"""What can go wrong that is not the tutorial's doing, each with a stable slug."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path


class Slug(StrEnum):
    """The catalogue of complaints; messages end in ``[doctest-nix.<slug>]`` for users to grep."""

    UNREADABLE = "unreadable"
    FRONT_MATTER = "front-matter"
    UNCLOSED_FENCE = "unclosed-fence"
    RST_SYNTAX = "rst-syntax"
    INCLUDE = "include"
    INCLUDE_UNREAD = "include-unread"
    ANNOTATION = "annotation"
    UNKNOWN_WORD = "unknown-word"
    OPTION = "option"
    NO_SANDBOX = "no-sandbox"
    ENGINE_DOWN = "engine-down"
    IMAGE_MISSING = "image-missing"
    IMAGE_BUILD = "image-build"
    BUBBLEWRAP_MISSING = "bubblewrap-missing"
    NIX_MISSING = "nix-missing"
    SANDBOX_GONE = "sandbox-gone"
    SANDBOX_START = "sandbox-start"
    NIXPKGS = "nixpkgs"
    WARM = "warm"
    PROJECT = "project"
    WRITE = "write"


class DoctestNixError(Exception):
    """Base of every error raised on purpose.

    ``problem`` is one sentence that says what is wrong and what was seen, ``remedy`` what to do
    next (it may be several lines, commands on lines of their own).
    """

    def __init__(self, slug: Slug, problem: str, *, remedy: str = "") -> None:
        """Keep the parts apart, so that reports can lay them out."""
        super().__init__(slug, problem, remedy)
        self.slug = slug
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        """Return ``problem [doctest-nix.slug]``, and the remedy below it."""
        head = f"{self.problem} [doctest-nix.{self.slug}]"
        return f"{head}\n{self.remedy}" if self.remedy else head


class ConfigError(DoctestNixError):
    """An option or a configuration value that cannot be used."""


class DocumentError(DoctestNixError):
    """A document that cannot be understood: the tutorial's own mistake, with its place."""

    def __init__(
        self, path: Path, line: int, slug: Slug, problem: str, *, remedy: str = ""
    ) -> None:
        """Place the problem at the 1-based document line ``line`` of ``path``."""
        super().__init__(slug, problem, remedy=remedy)
        self.path = path
        self.line = line

    def __str__(self) -> str:
        """Return ``path:line: problem [doctest-nix.slug]``, and the remedy below it."""
        return f"{self.path}:{self.line}: {super().__str__()}"


class SandboxError(DoctestNixError):
    """Our own trouble: engine, image, Nix or sandbox; never the tutorial's fault."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Return a sentence that suggests the known word nearest to ``word`` and lists them all."""
    words = sorted(known)
    close = difflib.get_close_matches(word, words, n=1, cutoff=0.6)
    suggestion = f"Did you mean {close[0]!r}? " if close else ""
    return f"{suggestion}Known: {', '.join(words)}."
