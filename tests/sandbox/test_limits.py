"""What a sandbox may use, and what it says when that is not enough; each attempt ends by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from doctest_nix.config import Backend, Config, Limit, Limits
from doctest_nix.errors import SandboxError
from doctest_nix.sandbox import Ended, Provider, Sandbox, cgroup
from doctest_nix.sandbox.bubblewrap import BubblewrapProvider, BubblewrapSandbox
from doctest_nix.sandbox.select import provider as select

PATIENCE = 60.0
MB = 1_000_000
LIMITS = Limits(memory=128 * 1024**2, disk=32 * 1024**2, processes=40)

FORKS = "for i in $(seq 60); do sleep 3 & done; echo all run"
HOG = "exec perl -e 'my $x = q(x) x 300_000_000; print 1'"
HOGS = """for i in 1 2 3 4; do
  perl -e 'my $x = q(x) x 50_000_000; sleep 2; print qq(kept\\n)' &
done
wait"""
LARGE_FILE = "head -c 60000000 /dev/zero >file"
FILES = "for i in 1 2 3 4; do head -c 15000000 /dev/zero >file$i || exit; done; sleep 30"


@pytest.fixture(scope="module")
def small(config: Config, backend: Backend) -> Iterator[Provider]:
    """Yield each backend with small limits."""
    made = select(replace(config, backend=backend, limits=LIMITS))
    yield made
    made.close()


@pytest.fixture
def sandbox(small: Provider) -> Iterator[Sandbox]:
    made = small.create()
    made.start()
    yield made
    made.stop()


def run_into(sandbox: Sandbox, script: str) -> Limit | None:
    """Run a script that asks for too much; return which limit the sandbox names."""
    said = ""
    with suppress(SandboxError):
        done = sandbox.run(["sh", "-c", script], timeout=PATIENCE)
        assert (Ended.EXITED, 0) != (done.ended, done.exit_code), done
        said = done.output
    return sandbox.exceeded(said)


def test_a_command_that_asks_for_nothing_special_runs_into_nothing(sandbox: Sandbox) -> None:
    assert None is run_into(sandbox, "nix-instantiate --eval -E '1 +'")


def test_too_many_processes_are_named(sandbox: Sandbox) -> None:
    assert Limit.PROCESSES is run_into(sandbox, FORKS)


def test_too_much_memory_of_one_process_is_named(sandbox: Sandbox) -> None:
    assert Limit.MEMORY is run_into(sandbox, HOG)


def test_too_much_memory_of_all_processes_together_is_named_or_said_to_be_unlimited(
    sandbox: Sandbox, small: Provider
) -> None:
    output = sandbox.run(["sh", "-c", HOGS], timeout=PATIENCE).output
    named = sandbox.exceeded(output)
    if "no limit of memory in total" in small.description:
        assert None is named
    else:
        assert Limit.MEMORY is named
        assert output.count("kept") < 3


def test_too_large_a_file_is_named(sandbox: Sandbox) -> None:
    assert Limit.DISK is run_into(sandbox, LARGE_FILE)


def test_too_many_files_together_are_named(sandbox: Sandbox) -> None:
    assert Limit.DISK is run_into(sandbox, FILES)


def test_a_limit_is_named_once(sandbox: Sandbox) -> None:
    run_into(sandbox, HOG)
    assert None is sandbox.exceeded()


def test_processor_time_is_rationed_or_said_to_be_unlimited(
    config: Config, backend: Backend
) -> None:
    limits = replace(LIMITS, cpus=0.1)
    provider = select(replace(config, backend=backend, limits=limits))
    sandbox = provider.create()
    sandbox.start()
    sandbox.run(["timeout", "1", "sh", "-c", "while :; do :; done"], timeout=PATIENCE)
    counts = sandbox.run(
        ["sh", "-c", "cat /sys/fs/cgroup/cpu/cpu.stat /sys/fs/cgroup/cpu.stat 2>/dev/null"],
        timeout=PATIENCE,
    ).output
    if isinstance(sandbox, BubblewrapSandbox):
        assert "" == counts  # its groups are not to be seen from inside
        groups = cgroup.find(limits).hierarchies
        found = groups["cpu"].parent.glob("doctest-nix.*/cpu.stat") if "cpu" in groups else ()
        counts = "\n".join(path.read_text() for path in found)
    said = provider.description
    provider.close()
    throttled = any(int(count) for count in re.findall(r"nr_throttled (\d+)", counts))
    assert throttled or "processor time" in said


# bubblewrap where no control groups can be made


@pytest.fixture
def bare(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[BubblewrapProvider]:
    monkeypatch.setattr(cgroup, "find", lambda limits: cgroup.Groups(hierarchies={}))
    made = BubblewrapProvider(replace(config, limits=LIMITS))
    yield made
    made.close()


def test_without_control_groups_it_says_what_it_cannot_limit(bare: BubblewrapProvider) -> None:
    assert bare.description.endswith(", no limit of memory in total and processor time")


@pytest.mark.parametrize(
    ("script", "limit"),
    [(FORKS, Limit.PROCESSES), (HOG, Limit.MEMORY), (LARGE_FILE, Limit.DISK)],
)
def test_without_control_groups_a_programs_own_words_name_the_limit(
    bare: BubblewrapProvider, script: str, limit: Limit
) -> None:
    sandbox = bare.create()
    sandbox.start()
    assert limit is run_into(sandbox, script)
    sandbox.stop()


def test_a_sandbox_leaves_no_control_group_and_those_of_dead_owners_are_removed(
    config: Config, dead: str
) -> None:
    groups = cgroup.find(LIMITS)
    parents = {each.parent for each in groups.hierarchies.values()}
    left = [parent / f"doctest-nix.{dead.replace(' ', '.')}.0000" for parent in parents]
    for folder in left:
        folder.mkdir()
    before = mine(parents)
    provider = BubblewrapProvider(config)
    provider.create().start()
    during = mine(parents)
    provider.close()
    assert [] == [folder for folder in left if folder.exists()]
    assert before == mine(parents)
    assert len(parents) == len(during - before)


def mine(parents: set[Path]) -> set[Path]:
    pattern = f"doctest-nix.{cgroup.me().replace(' ', '.')}.*"
    return {folder for parent in parents for folder in parent.glob(pattern)}


def test_in_version_2_all_controllers_are_of_one_group_that_has_most_of_them(
    tmp_path: Path,
) -> None:
    tree, process = tmp_path / "fs", tmp_path / "proc"
    session = tree / "user slice" / "session.scope"
    session.mkdir(parents=True)
    process.mkdir()
    for folder, given in (
        (tree, "cpu memory pids io"),
        (session.parent, "memory pids"),
        (session, ""),
    ):
        (folder / "cgroup.subtree_control").write_text(f"{given}\n")
    (process / "cgroup").write_text("1:name=systemd:/\n0::/user slice/session.scope\n")
    mount = str(tree).replace(" ", "\\040")
    (process / "mountinfo").write_text(f"30 23 0:26 / {mount} rw,nosuid - cgroup2 cgroup2 rw\n")
    places = [
        {name: (each.parent, each.version) for name, each in candidate.items()}
        for candidate in cgroup._candidates(process)
    ]
    assert [
        dict.fromkeys(("memory", "pids", "cpu"), (tree, 2)),
        dict.fromkeys(("memory", "pids"), (session.parent, 2)),
        {},
    ] == places
