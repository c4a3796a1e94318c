"""What a run provides by its word is in the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doctest_nix.config import Backend, Config, Need
from doctest_nix.sandbox import KVM, Sandbox
from doctest_nix.sandbox.select import provider as select


@pytest.fixture(params=[frozenset({Need.KVM}), frozenset()], ids=["provided", "not-provided"])
def provides(request: pytest.FixtureRequest) -> frozenset[Need]:
    found: frozenset[Need] = request.param
    return found


@pytest.fixture
def machine(config: Config, backend: Backend, provides: frozenset[Need]) -> Iterator[Sandbox]:
    made = select(replace(config, backend=backend, provides=provides))
    sandbox = made.create()
    sandbox.start()
    yield sandbox
    sandbox.stop()
    made.close()


@pytest.mark.skipif(not Path(KVM).exists(), reason="this machine has no virtual machines")
def test_the_device_of_virtual_machines_is_there_where_it_is_provided(
    machine: Sandbox, provides: frozenset[Need]
) -> None:
    seen = machine.run(["test", "-c", KVM], timeout=10)
    assert bool(provides) is (seen.exit_code == 0)
