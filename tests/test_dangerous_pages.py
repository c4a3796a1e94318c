"""A page that would do harm does it in its sandbox alone.

Harmless by construction: on this machine the page's targets are canaries of the test.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
BACKENDS = {
    "bubblewrap": ["--nix-sandbox=bubblewrap"],
    "docker": ["--nix-sandbox=docker", f"--nix-image={IMAGE}"],
}

PAGE = """\
# Wipe everything

```console
$ mkdir -p DIRECTORY
$ dd if=/dev/zero of=DIRECTORY/canary bs=4 count=1 status=none
$ touch DIRECTORY/written
$ cat DIRECTORY/written
```

```console
$ rm -rf DIRECTORY/kept
$ find DIRECTORY -type f -delete
```

```console
$ kill -s KILL PROCESS
bash: kill: (PROCESS) - No such process
$ bomb() { if [ "$1" -gt 0 ]; then bomb $(($1 - 1)) | bomb $(($1 - 1)); fi; }
$ bomb 3
```

```console
$ dd if=image.iso of=/dev/sdX bs=4M
$ sudo mkfs.ext4 /dev/sdX
```
"""


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process of this machine, which no page may end."""
    started = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    yield started
    started.kill()
    started.wait()


def run(pytester: pytest.Pytester, arguments: list[str], page: str) -> list[tuple[str, str]]:
    pytester.path.joinpath("page.md").write_text(page)
    pytester.runpytest_inprocess("page.md", "--nix-json=report.json", *arguments)
    (document,) = json.loads(pytester.path.joinpath("report.json").read_text())["documents"]
    return [(block["fate"], block["reason"]) for block in document["blocks"]]


def canaries(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in directory.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_dangerous_page_touches_nothing_of_this_machine(
    backend: str, pytester: pytest.Pytester, tmp_path: Path, process: subprocess.Popen[bytes]
) -> None:
    directory = tmp_path / "canaries"
    directory.joinpath("kept").mkdir(parents=True)
    directory.joinpath("canary").write_text("alive")
    directory.joinpath("kept", "file").write_text("kept")
    page = PAGE.replace("DIRECTORY", str(directory)).replace("PROCESS", str(process.pid))

    fates = run(pytester, BACKENDS[backend], page)

    assert {"canary": "alive", "kept/file": "kept"} == canaries(directory)
    assert process.poll() is None
    assert [("passed", "")] * 3 + [("skipped", "needs root: dd")] == fates


def test_without_a_sandbox_nothing_is_run(pytester: pytest.Pytester, tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("alive")
    page = f"```console\n$ rm {canary}\n```\n\n```console\n$ rm {canary}\n```\n"

    fates = run(pytester, ["--nix-sandbox=docker", "--nix-image=localhost:1/nowhere:none"], page)

    assert ["broken", "blocked"] == [fate for fate, _ in fates]
    assert "alive" == canary.read_text()
