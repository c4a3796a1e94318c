"""What the values of the options mean, and what is said of those that mean nothing."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from doctest_nix.config import Config, Limits, Need, Network
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


def test_what_is_provided_is_a_list_of_needs() -> None:
    config = read({"provides": ["kvm, docker", "root"]})

    assert [True, True, True, False] == [
        config.meets(need) for need in (Need.KVM, Need.DOCKER, Need.ROOT, Need.GUI)
    ]


def test_a_network_and_flakes_are_provided_as_by_their_own_options() -> None:
    assert Config(network=Network.FULL, flakes=True) == read({"provides": ["network,flakes"]})


def test_a_network_that_is_refused_is_not_provided() -> None:
    assert Config() == read({"provides": ["network"], "network": ["none"]})


def test_words_of_tabs_are_a_list() -> None:
    assert ("macOS", "Flakes") == read({"tabs": ["macOS", "Flakes"]}).tabs


WRONG_VALUES = {
    ("provides", "kmv"): "--nix-provides=kmv is not known [doctest-nix.option]\n"
    "Did you mean 'kvm'? Known: credentials, docker, file, flakes, gui, interactive, kvm, machine,"
    " network, nixos, nixpkgs, program, release, root, second-host, shell, value.",
    ("min-verified", "many"): "--nix-min-verified=many is no percentage [doctest-nix.option]\n"
    "Write for example: --nix-min-verified=60",
    ("min-verified", "101"): "--nix-min-verified=101 is no percentage [doctest-nix.option]\n"
    "Write for example: --nix-min-verified=60",
}


@pytest.mark.parametrize(("name", "given"), WRONG_VALUES)
def test_a_value_that_means_nothing_is_said_with_what_would(name: str, given: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read({name: [given]})
    assert WRONG_VALUES[name, given] == str(caught.value)


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
