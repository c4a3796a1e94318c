"""What a binary cache of the tests' own is."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")

#: An address of the loopback that is no sandbox's own: `no_proxy` has 127.0.0.1.
HOST = "127.0.0.2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cache:
    """The binary cache: its folder, its public key, and a package set that has its packages."""

    folder: Path
    key: str
    nixpkgs: Path
