"""Whether NixOS has the options that a module sets."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from doctest_nix.batch import run_for_each
from doctest_nix.sandbox import Sandbox

#: A minute: all of NixOS is read.  Of the configuration only the options' names are looked at.
_EVALUATE = "timeout 60 nix-instantiate --eval - > /dev/null"
_WHOLE = """\
let
  system = import <nixpkgs/nixos/lib/eval-config.nix> {
    system = builtins.currentSystem;
    modules = [
(
%s
) ];
  };
in
builtins.seq system.config true
"""
_PART = "{ config, lib, options, pkgs, ... }: with lib; {\n%s\n}"


def complaint(
    sandbox: Sandbox, text: str, *, is_whole: bool, directory: PurePosixPath
) -> str | None:
    """Return what Nix prints where the system with the module does not evaluate, else None.

    A text that is no whole file is the attributes of a module.  Relative paths in it begin at
    ``directory``.  Raises SandboxError.
    """
    module = text if is_whole else _PART % text
    ((evaluates, _, messages),) = run_for_each(
        sandbox, [_WHOLE % module], _EVALUATE, directory=directory
    )
    return None if evaluates else messages


def reason(messages: str) -> str:
    """Return the last error of Nix's messages, without the places where it was."""
    found = re.findall(r"error:\s*(.+?)(?=\n\s*(?:at |error:|\n)|\Z)", messages, re.DOTALL)
    words = " ".join((found[-1] if found else messages).split())
    return words.removesuffix(" (use '--show-trace' to show detailed location information)")[:300]
