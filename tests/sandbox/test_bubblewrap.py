"""What only the bubblewrap backend does: the host's Nix, wherever it lives."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from doctest_nix.config import Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox.bubblewrap import BubblewrapProvider
from doctest_nix.sandbox.host import look, package_set

ROOT = Path(__file__).parents[2]
PYTHON = str(Path(sys.executable).resolve())
HASH = "0123456789abcdfghijklmnpqrsvwxyz"
STORED_NIX = f"/nix/store/{HASH}-nix/bin"


@pytest.fixture
def public() -> Iterator[Path]:
    """Yield a folder that everybody can read, as pytest's own is not."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def links(folder: Path, *names: str) -> str:
    """Fill ``folder`` with links to programs of this machine; return it as a PATH."""
    folder.mkdir()
    for name in names:
        found = shutil.which(name)
        assert found is not None, name
        (folder / name).symlink_to(found)
    return str(folder)


TOOLS = ("bwrap", "unshare", "mount", "nsenter", "prlimit", "setpriv", "setsid", "sh", "sleep")


def test_a_missing_tool_is_named_with_its_package(tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        look(links(tmp_path / "bin", "bwrap", "unshare", "mount"))
    assert (
        "The bubblewrap sandbox needs the program nsenter, and it is not on PATH."
        " [doctest-nix.bubblewrap-missing]\n"
        "Install it: apt install util-linux, or nix profile install nixpkgs#util-linux."
    ) == str(caught.value)


def test_a_missing_nix_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        look(links(tmp_path / "bin", *TOOLS))
    assert (
        "The bubblewrap sandbox uses the host's Nix, and nix-instantiate is not on PATH."
        " [doctest-nix.nix-missing]\n"
        "Install Nix: apt install nix-bin, or https://nixos.org/download."
    ) == str(caught.value)


def test_namespaces_that_are_forbidden_are_said_with_what_the_kernel_said(
    config: Config, public: Path
) -> None:
    path = links(public / "bin", *TOOLS, "nix-instantiate")
    refusing = public / "bin" / "unshare"
    refusing.unlink()
    refusing.write_text("#!/bin/sh\necho unshare failed: Operation not permitted >&2; exit 1\n")
    refusing.chmod(0o755)
    with pytest.raises(SandboxError) as caught:
        BubblewrapProvider(config, path)
    assert Slug.SANDBOX_START == caught.value.slug
    assert (
        "bubblewrap did not start: unshare failed: Operation not permitted." == caught.value.problem
    )
    assert "kernel.apparmor_restrict_unprivileged_userns=0" in caught.value.remedy


def test_a_package_set_that_is_not_there_is_said(config: Config, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        BubblewrapProvider(replace(config, nixpkgs=tmp_path / "none"))
    assert Slug.SANDBOX_START == caught.value.slug
    assert str(tmp_path / "none") in caught.value.problem


def test_a_readable_package_set_is_used_in_its_place(public: Path) -> None:
    (public / "default.nix").write_text("42")
    (public / "dangling").symlink_to("nowhere")
    (public / "link").symlink_to(public)
    assert public == package_set(public / "link", look(), Path("/nowhere"))


def test_a_package_set_that_the_sandboxs_account_cannot_read_is_copied(tmp_path: Path) -> None:
    private, copies = tmp_path / "private", tmp_path / "copies"
    (private / "sub").mkdir(parents=True, mode=0o700)
    (private / "sub" / "default.nix").write_text("42")
    (private / "link").symlink_to("sub")
    (private / "sub" / "default.nix").chmod(0o600)
    private.chmod(0o700)
    copies.mkdir(mode=0o700)
    copy = package_set(private, replace(look(), account=65534), copies)
    assert copies / "nixpkgs" == copy
    assert "42" == (copy / "link" / "default.nix").read_text()
    assert 0o644 == (copy / "sub" / "default.nix").stat().st_mode & 0o777
    assert 0o755 == copies.stat().st_mode & 0o555 | 0o200


def test_the_first_command_line_of_a_sandbox_names_no_place_of_the_host(
    config: Config, tmp_path: Path
) -> None:
    (tmp_path / "default.nix").write_text("42")
    tmp_path.chmod(0o755)
    provider = BubblewrapProvider(replace(config, nixpkgs=tmp_path))
    sandbox = provider.create()
    sandbox.start()
    shown = sandbox.run(["cat", "/proc/1/cmdline"], timeout=60).output
    sandbox.stop()
    provider.close()
    assert "bwrap" in shown
    assert str(tmp_path) not in shown


# A host whose Nix lives in /nix/store, as Nix's own installer and NixOS have it: a toy of one, made
# of this machine's files and a store of its own.

IN_STORE = """
import json, os, sys
from doctest_nix.config import Config
from doctest_nix.sandbox.bubblewrap import BubblewrapProvider
provider = BubblewrapProvider(Config())
answers = []
for script in sys.argv[1:]:
    sandbox = provider.create()
    sandbox.start()
    done = sandbox.run(["sh", "-c", script], timeout=60)
    answers.append([done.output, done.exit_code])
    sandbox.stop()
provider.close()
print(json.dumps(answers))
"""


def root_without(*names: str) -> list[str]:
    entries = []
    for entry in sorted(Path("/").iterdir()):
        if entry.name in names:
            continue
        if entry.is_symlink():
            entries += ["--symlink", os.readlink(entry), str(entry)]
        else:
            entries += ["--dev-bind", str(entry), str(entry)]
    return entries


class StoreHost:
    """This machine, with another /nix."""

    def __init__(self, nix: Path) -> None:
        home = nix / STORED_NIX.removeprefix("/nix/")
        home.mkdir(parents=True)
        original = Path(shutil.which("nix-instantiate") or "nix-instantiate").resolve()
        shutil.copy(original, home / "nix")
        for name in ("nix-instantiate", "nix-build", "nix-store", "nix-shell"):
            (home / name).symlink_to("nix")
        self.nix = nix
        self.path = f"{STORED_NIX}:{os.environ['PATH']}"
        self.kept = self.run(
            ["sh", "-c", "echo valid >/tmp/valid && nix-store --add /tmp/valid"]
        ).strip()
        for place in (nix, *nix.rglob("*")):
            if not place.is_symlink():
                place.chmod(place.stat().st_mode | (0o555 if place.is_dir() else 0o444))

    def run(self, argv: list[str]) -> str:
        # Only what python and the checkout need of /tmp, which may hold them.
        here = ["--perms", "1777", "--tmpfs", "/tmp"]
        for needed in {str(ROOT), sys.prefix, sys.base_prefix} - {"/usr"}:
            here += ["--ro-bind", needed, needed]
        nix_config = "build-users-group =\nsandbox = false\nsubstituters =\n"
        done = subprocess.run(
            [
                *["bwrap", *self.entries(), *here, "--bind", str(self.nix), "/nix", "--chdir", "/"],
                *["--setenv", "NIX_CONFIG", nix_config, "--setenv", "HOME", "/tmp"],
                *["--setenv", "PATH", self.path],
                *["--setenv", "PYTHONPATH", os.pathsep.join([str(ROOT), *sys.path]), *argv],
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stderr
        return done.stdout

    def in_sandboxes(self, *scripts: str) -> list[tuple[str, int]]:
        """Run each script in a sandbox of its own."""
        answers = self.run([PYTHON, "-c", IN_STORE, *scripts])
        return [(output, status) for output, status in json.loads(answers)]

    def entries(self) -> list[str]:
        """Return bwrap's arguments for all but /nix and /tmp."""
        return root_without("nix", "tmp")

    def contents(self) -> dict[str, bytes]:
        return {
            str(path): os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            for path in self.nix.rglob("*")
            if path.is_symlink() or path.is_file()
        }


class NixosHost(StoreHost):
    """The same, with all programs in the store, as NixOS has them; /bin and /usr/bin are bare."""

    PROGRAMS = "bash cat chmod cp cut env grep head ls mkdir mktemp rm sh sleep sort stty tail wc"

    def __init__(self, nix: Path) -> None:
        system = f"/nix/store/{HASH[::-1]}-system-path"
        programs = nix / system.removeprefix("/nix/") / "bin"
        programs.mkdir(parents=True)
        for name in (*self.PROGRAMS.split(), *TOOLS, "timeout", "tr"):
            shutil.copy(Path(shutil.which(name) or name).resolve(), programs / name)
        self.system = system
        super().__init__(nix)
        self.path = f"/run/wrappers/bin:{STORED_NIX}:/run/current-system/sw/bin"

    def entries(self) -> list[str]:
        if not (self.nix / "var").exists():
            return super().entries()  # while its store is made
        bare = ["--tmpfs", "/usr/bin", "--tmpfs", "/usr/sbin"]
        if PYTHON.startswith("/usr/bin/"):
            bare += ["--ro-bind", PYTHON, PYTHON]
        links = {
            "/bin/sh": f"{self.system}/bin/sh",
            "/usr/bin/env": f"{self.system}/bin/env",
            "/run/current-system/sw": self.system,
            # A mount that does nothing without powers, as NixOS has it first.
            "/run/wrappers/bin/mount": "/bin/false",
            # Debian's nix looks for itself there when it builds.
            "/usr/bin/nix": f"{STORED_NIX}/nix",
        }
        for link, target in links.items():
            bare += ["--symlink", target, link]
        return [*root_without("nix", "tmp", "bin", "sbin", "run"), *bare]


@pytest.fixture(scope="session", params=[StoreHost, NixosHost])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> StoreHost:
    folder = tmp_path_factory.mktemp("host")
    for place in (folder, *folder.parents):
        if place.owner() != "root" or os.geteuid() == 0:
            place.chmod(place.stat().st_mode | 0o555)
    host: StoreHost = request.param(folder / "nix")
    return host


def test_a_nix_of_the_hosts_store_runs_from_there(store: StoreHost) -> None:
    assert [(f"{STORED_NIX}/nix-build\n3\n", 0)] == store.in_sandboxes(
        "command -v nix-build; nix-instantiate --eval -E '1 + 2'"
    )


def test_what_is_valid_on_the_host_is_valid_in_the_sandbox(store: StoreHost) -> None:
    (answer,) = store.in_sandboxes(f"nix-store --check-validity {store.kept} && cat {store.kept}")
    assert ("valid\n", 0) == answer


def test_builds_go_to_a_layer_that_is_thrown_away(store: StoreHost) -> None:
    build = (
        'nix-build -E \'derivation { name = "x"; system = builtins.currentSystem;'
        ' builder = "/bin/sh"; args = ["-c" "echo built >$out"]; }\' 2>&1 && cat result'
    )
    before = store.contents()
    first, second = store.in_sandboxes(build, "ls -A /nix/store")
    assert first[0].endswith("built\n")
    assert 0 == first[1]
    assert sorted(path.name for path in (store.nix / "store").iterdir()) == second[0].split()
    assert before == store.contents()


def test_nothing_of_the_hosts_store_can_be_changed(store: StoreHost) -> None:
    before = store.contents()
    attack = f"""chmod -R u+w /nix; rm -rf /nix/store/* /nix/var/nix; echo bad >{store.kept}
    for each in /proc/[0-9]*/root /proc/self/fd/*; do rm -rf $each/nix/store/*; done"""
    store.in_sandboxes(attack)
    assert before == store.contents()


def test_the_database_is_a_copy_and_the_hosts_own_folder_is_not_there(store: StoreHost) -> None:
    (answer,) = store.in_sandboxes("ls /nix /nix/var/nix/db")
    assert "/nix:\nstore\nvar\n\n/nix/var/nix/db:\ndb.sqlite\n" == answer[0]
