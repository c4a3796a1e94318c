"""What the values of the options mean, and what is said of those that mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from doctest_nix.config import Config, Limits
from doctest_nix.errors import ConfigError
from doctest_nix.options import settings


def read(values: Mapping[str, list[str]]) -> Config:
    return settings(lambda option: values.get(option.name, []), root=Path(), flakes=False)


def test_without_any_option_the_settings_are_the_defaults() -> None:
    assert Config() == read({})


def test_limits_are_given_one_by_one() -> None:
    given = ["memory=1.5G", "disk=64MiB", "output=100k", "processes=40", "cpus=0.5"]
    expected = Limits(
        memory=3 * 512 * 1024**2, disk=64 * 1024**2, output=102_400, processes=40, cpus=0.5
    )
    assert expected == read({"limit": given}).limits


def test_the_last_of_two_values_counts() -> None:
    assert "b" == read({"image": ["a", "b"]}).image
    assert 2 == read({"limit": ["processes=1", "processes=2"]}).limits.processes


WRONG = {
    "memroy=1G": "--nix-limit=memroy=1G: there is no such limit [doctest-nix.option]\n"
    "Did you mean 'memory'? Known: cpus, disk, memory, output, processes.",
    "memory=0": "--nix-limit=memory=0: '0' is no amount of memory [doctest-nix.option]\n"
    "Write for example: --nix-limit=memory=8G, or processes=1000, or cpus=1.5",
    "processes=4K": "--nix-limit=processes=4K: '4K' is no amount of processes"
    " [doctest-nix.option]\n"
    "Write for example: --nix-limit=memory=8G, or processes=1000, or cpus=1.5",
    "cpus": "--nix-limit=cpus: '' is no amount of cpus [doctest-nix.option]\n"
    "Write for example: --nix-limit=memory=8G, or processes=1000, or cpus=1.5",
}


@pytest.mark.parametrize("given", WRONG)
def test_a_limit_that_means_nothing_is_said_with_what_would(given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read({"limit": [given]})
    assert WRONG[given] == str(caught.value)
