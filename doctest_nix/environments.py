"""Which files an environment of Nix is made from, as far as the command that enters it tells."""

from __future__ import annotations

import shlex

#: Options of `nix-shell` that take one argument, and those that take two.
_ONE = frozenset(
    "-A --attr -I --run --command -i -E --expr --option-file --keep -j --max-jobs".split()
)
_TWO = frozenset({"--arg", "--argstr", "--option"})


def entered_with(command: str) -> tuple[str, ...]:
    """Return the names of the files that may be the environment's, none where it names none.

    `nix-shell` takes the file that it is given, or `shell.nix`, or `default.nix`; `nix develop` and
    `nix shell` the flake here.
    """
    try:
        words = shlex.split(command)
    except ValueError:
        return ()
    match words:
        case ["nix-shell", *arguments]:
            return _of_nix_shell(arguments)
        case ["nix", *arguments] if {"develop", "shell"} & set(arguments):
            return ("flake.nix", "flake.lock")
        case _:
            return ()


def _of_nix_shell(arguments: list[str]) -> tuple[str, ...]:
    if {"-p", "--packages", "-E", "--expr"} & set(arguments):
        return ()
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if not argument.startswith("-"):
            name = argument.removeprefix("./").rstrip("/")
            return (name,) if name.endswith(".nix") else (f"{name}/default.nix",)
        position += 1 + (argument in _ONE) + 2 * (argument in _TWO)
    return ("shell.nix", "default.nix")
