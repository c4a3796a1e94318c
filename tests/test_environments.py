"""Which file an environment was made from."""

from __future__ import annotations

import pytest

from doctest_nix.environments import entered_with


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("nix-shell", ("shell.nix", "default.nix")),
        ("nix-shell --pure", ("shell.nix", "default.nix")),
        ("nix-shell ./env.nix -A x", ("env.nix",)),
        ("nix-shell -A x --arg y 'import ./z.nix' env.nix", ("env.nix",)),
        ("nix-shell sub/", ("sub/default.nix",)),
        ("nix-shell -p hello", ()),
        ("nix-shell -E 'import ./shell.nix'", ()),
        ("nix develop", ("flake.nix", "flake.lock")),
        ("nix --quiet develop .#x", ("flake.nix", "flake.lock")),
        ("nix shell nixpkgs#hello", ("flake.nix", "flake.lock")),
        ("bash", ()),
        ("nix-shell 'a", ()),
    ],
)
def test_a_command_tells_the_files_of_its_environment(command: str, files: tuple[str, ...]) -> None:
    assert files == entered_with(command)
