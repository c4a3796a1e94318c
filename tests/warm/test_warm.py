"""What pages fetched once, later runs have: no network, no server, no copy."""

from __future__ import annotations

import http.server
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import docker
import pytest
from binary_cache import HOST, IMAGE, Cache

from doctest_nix.sandbox.image import connect
from doctest_nix.sandbox.warm_image import REPOSITORY

WORDS = " ".join(f"word{number}" for number in range(12))
PAGE = f"""\
# Words

```console
$ nix-shell -p {WORDS} --run 'word0; word11'
word0
word11
```
"""


@pytest.fixture
def options(cache: Cache) -> list[str]:
    return [
        "--nix-sandbox=docker",
        f"--nix-image={IMAGE}",
        f"--nix-nixpkgs={cache.nixpkgs}",
        f"--nix-trusted-public-keys={cache.key}",
        "--nix-json=report.json",
    ]


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    with closing(connect()) as client:
        yield client


def fates(pytester: pytest.Pytester) -> list[str]:
    report = json.loads((pytester.path / "report.json").read_text())
    return [block["fate"] for document in report["documents"] for block in document["blocks"]]


def warm(
    pytester: pytest.Pytester,
    server: http.server.ThreadingHTTPServer,
    options: list[str],
    *pages: str,
) -> pytest.RunResult:
    """Warm ``pages``, then stop the server."""
    url = f"http://{HOST}:{server.server_address[1]}"
    network = ["--nix-network=substituters", f"--nix-substituters={url}"]
    result = pytester.runpytest_inprocess("--nix-warm", *pages, *options, *network)
    server.shutdown()
    server.server_close()
    return result


def layer(engine: docker.DockerClient, image: str) -> list[str]:
    """Return the names of what is not a folder in the image's last layer."""
    data = io.BytesIO(b"".join(engine.api.get_image(image)))
    with tarfile.open(fileobj=data) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        last = archive.extractfile(json.load(manifest)[0]["Layers"][-1])
        with tarfile.open(fileobj=last) as files:
            return [member.name for member in files if not member.isdir()]


def image_of(result: pytest.RunResult) -> str:
    """Return the warm image that a run says it made."""
    (line,) = [line for line in result.outlines if f"warm: {REPOSITORY}" in line]
    return line.partition("warm: ")[2].partition(",")[0]


def test_a_page_that_was_warmed_passes_without_network_and_without_the_cache(
    pytester: pytest.Pytester,
    options: list[str],
    served: http.server.ThreadingHTTPServer,
    engine: docker.DockerClient,
) -> None:
    pytester.makefile(".md", page=PAGE)
    pytester.runpytest_inprocess("page.md", *options)
    assert ["failed"] == fates(pytester)

    result = warm(pytester, served, options, "page.md")
    assert ["passed"] == fates(pytester)

    after = pytester.runpytest_inprocess("page.md", *options)
    assert ["passed"] == fates(pytester)
    after.stdout.fnmatch_lines(["nix: 1 blocks: 1 run*, warm for 1 of 1 pages]"])
    # What the page fetched, and nothing else: no home, no working files, no engine's leftovers.
    names = layer(engine, image_of(result))
    assert 12 == sum(name.endswith("/noise") for name in names)
    assert {"nix/store", "nix/var"} == {"/".join(Path(name).parts[:2]) for name in names}


BUILT = """\
# Built

```console
$ nix-build -E '(import <nixpkgs> {}).runCommand "own" {} "echo built; touch $out"'
built
/nix/store/h-own
```
"""

#: A page that gives another program the name of a package, as root of its own sandbox can.
POISON = """\
# Poison

```console
$ path=$(nix-instantiate --eval -E '"${(import <nixpkgs> {}).word3}"' | tr -d '"')
```

```console
$ mkdir -p $path/bin && printf '#!/bin/sh\\necho poison\\n' > $path/bin/word3
$ chmod +x $path/bin/word3
$ hash=$(nix-hash --type sha256 --base32 $path)
$ size=$(nix-store --dump $path | wc -c)
$ printf '%s\\n' $path $hash $size '' 0 | nix-store --register-validity --hash-given
$ $path/bin/word3
poison
$ mkdir -p ~/.cache/nix/../nix && echo poison > ~/.cache/nix/poison
$ ln -s /nix/store ~/.cache/nix/link
```
"""

OTHER = """\
# Other

```console
$ nix-shell -p word3 --run word3
word3
```

```console
$ ls ~/.cache/nix/poison
ls: cannot access '/home/user/.cache/nix/poison': No such file or directory
```
"""


def test_what_a_page_built_itself_is_built_again_and_what_it_forged_is_not_taken(
    pytester: pytest.Pytester,
    options: list[str],
    served: http.server.ThreadingHTTPServer,
    engine: docker.DockerClient,
) -> None:
    pytester.makefile(".md", a_built=BUILT, b_poison=POISON, c_other=OTHER)
    result = warm(pytester, served, options, "a_built.md", "b_poison.md", "c_other.md")
    assert ["passed"] * 5 == fates(pytester)

    pytester.runpytest_inprocess("a_built.md", "c_other.md", *options)
    assert ["passed"] * 3 == fates(pytester)
    names = layer(engine, image_of(result))
    assert 1 == sum("-word3/bin/word3" in name for name in names)
    assert [] == [name for name in names if name.endswith(("-own", "/link"))]


def test_a_warm_image_is_carried_to_another_engine_in_a_file(
    pytester: pytest.Pytester,
    options: list[str],
    served: http.server.ThreadingHTTPServer,
    engine: docker.DockerClient,
) -> None:
    page = PAGE.replace("word0; word11", "word11").replace("word0\n", "")
    pytester.makefile(".md", page=page)
    result = warm(pytester, served, [*options, "--nix-warm-save=warm.tar"], "page.md")
    engine.api.remove_image(image_of(result))
    pytester.runpytest_inprocess("page.md", *options)
    before = fates(pytester)

    done = pytester.run(sys.executable, "-m", "doctest_nix", "warm", "--load=warm.tar")
    assert [f"loaded: {image_of(result)}, pages: 1"] == done.outlines
    pytester.runpytest_inprocess("page.md", *options)
    assert (["failed"], ["passed"]) == (before, fates(pytester))
