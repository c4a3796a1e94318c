"""What pages fetched once, later runs have: no network, no server, no copy."""

from __future__ import annotations

import http.server
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import pytest
from binary_cache import HOST, IMAGE, Cache

from doctest_nix.__main__ import main
from doctest_nix.config import Backend, Config
from doctest_nix.plugin import BROKEN_STATUS
from doctest_nix.sandbox import Sandbox
from doctest_nix.sandbox.image import connect
from doctest_nix.sandbox.owner import LABEL, me
from doctest_nix.sandbox.pin import fingerprint
from doctest_nix.sandbox.select import provider
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


@pytest.fixture(params=["docker", "bubblewrap"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(autouse=True)
def stores(monkeypatch: pytest.MonkeyPatch, cache: Cache) -> Iterator[Path]:
    """Keep warm folders where root's sandboxes can read, and no other run looks; no images."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        monkeypatch.setenv("XDG_CACHE_HOME", folder)
        yield Path(folder, "doctest-nix", "warm")
    with closing(connect()) as engine:
        mark = f"org.doctest-nix.warm.nixpkgs={fingerprint(cache.nixpkgs)}"
        for image in engine.api.images(filters={"label": mark}):
            engine.api.remove_image(image["Id"], force=True)


@pytest.fixture
def options(cache: Cache, backend: str) -> list[str]:
    return [
        f"--nix-sandbox={backend}",
        f"--nix-image={IMAGE}",
        f"--nix-nixpkgs={cache.nixpkgs}",
        f"--nix-trusted-public-keys={cache.key}",
        "--nix-json=report.json",
    ]


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


def made(result: pytest.RunResult) -> str:
    """Return the image or folder that a run says it made."""
    (line,) = [line for line in result.outlines if "nix: warm: " in line]
    return line.partition("warm: ")[2].partition(",")[0]


def kept(warm: str) -> list[str]:
    """Return the names of what is not a folder in the image's last layer, or in the folder."""
    if not warm.startswith(REPOSITORY):
        files = [Path(root, name) for root, _, names in os.walk(warm) for name in names]
        return [str(file.relative_to(warm)) for file in files]
    with closing(connect()) as engine:
        data = io.BytesIO(b"".join(engine.api.get_image(warm)))
    with tarfile.open(fileobj=data) as archive:
        manifest = archive.extractfile("manifest.json")
        assert manifest is not None
        last = archive.extractfile(json.load(manifest)[0]["Layers"][-1])
        with tarfile.open(fileobj=last) as files:
            return [member.name for member in files if not member.isdir()]


def forget(warm: str) -> None:
    """Remove an image, or a folder."""
    if warm.startswith(REPOSITORY):
        with closing(connect()) as engine:
            engine.api.remove_image(warm)
    else:
        shutil.rmtree(warm)


def test_a_page_that_was_warmed_passes_without_network_and_without_the_cache(
    pytester: pytest.Pytester,
    options: list[str],
    served: http.server.ThreadingHTTPServer,
) -> None:
    pytester.makefile(".md", page=PAGE)
    result = warm(pytester, served, options, "page.md")
    assert ["passed"] == fates(pytester)

    after = pytester.runpytest_inprocess("page.md", *options)
    assert ["passed"] == fates(pytester)
    after.stdout.fnmatch_lines(["nix: 1 blocks: 1 run*, warm for 1 of 1 pages, *]"])
    # What the page fetched, and nothing else: no home, no working files, no engine's leftovers.
    names = kept(made(result))
    assert 12 == sum(name.endswith("/noise") for name in names)
    assert {"nix/store", "nix/var"} == {
        "/".join(Path(name).parts[:2]) for name in names if name != "warm.json"
    }


BUILT = """\
# Built

```console
$ cat > own.nix <<'END'
> derivation {
>   name = "own";
>   system = builtins.currentSystem;
>   builder = "/bin/sh";
>   args = [ "-c" "echo built; echo > $out" ];
> }
> END
$ nix-build own.nix
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

WORD = """\
# Word

```console
$ $(nix-build --no-out-link '<nixpkgs>' -A word3)/bin/word3
word3
```
"""

OTHER = f"""\
{WORD}
<!-- doctest-nix: needs=network -->
```console
$ $(nix-build --no-out-link '<nixpkgs>' -A word4)/bin/word4
word4
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
) -> None:
    pytester.makefile(".md", a_built=BUILT, b_poison=POISON, c_other=OTHER)
    result = warm(pytester, served, options, "a_built.md", "b_poison.md", "c_other.md")
    assert ["passed"] * 6 == fates(pytester)

    pytester.runpytest_inprocess("a_built.md", "c_other.md", *options)
    assert ["passed"] * 4 == fates(pytester)
    names = kept(made(result))
    assert 1 == sum("-word3/bin/word3" in name for name in names)
    assert [] == [name for name in names if name.endswith(("-own", "/link"))]


#: A page that spoils all packages, and the database of the store.
VANDAL = """\
# Vandal

```console
$ chmod -R u+w /nix/store/*-word* && rm -rf /nix/store/*-word*/noise
$ for program in /nix/store/*-word*/bin/*; do echo 'echo poison' > $program; done
$ sh /nix/store/*-word3/bin/word3
poison
$ rm -rf /nix/var/nix/db ~/.cache
```
"""


def test_what_a_page_does_to_the_warm_store_it_does_to_itself_alone(
    pytester: pytest.Pytester,
    options: list[str],
    served: http.server.ThreadingHTTPServer,
) -> None:
    pytester.makefile(".md", vandal=VANDAL, word=WORD)
    warm(pytester, served, options, "word.md")
    for _ in range(2):
        pytester.runpytest_inprocess("vandal.md", "word.md", *options)
        assert ["passed", "passed"] == fates(pytester)


def test_what_is_warm_is_carried_to_another_machine_in_a_file(
    pytester: pytest.Pytester,
    options: list[str],
    served: http.server.ThreadingHTTPServer,
    capsys: pytest.CaptureFixture[str],
) -> None:
    pytester.makefile(".md", page=WORD)
    # The other machine has no base image of that name either.
    base = f"doctest-nix-test:{token_hex(8)}"
    with closing(connect()) as engine:
        engine.api.tag(IMAGE, *base.split(":"))
        options = [each.replace(IMAGE, base) for each in options]
        result = warm(pytester, served, [*options, "--nix-warm-save=warm.tar"], "page.md")
        forget(made(result))
        engine.api.remove_image(base)
    options = [each.replace("sandbox=docker", "sandbox=auto") for each in options]
    capsys.readouterr()
    assert 0 == main(["warm", "--load=warm.tar"])
    assert f"loaded: {made(result)}, pages: 1\n" == capsys.readouterr().out
    pytester.runpytest_inprocess("page.md", *options)
    assert ["passed"] == fates(pytester)


def test_what_an_expression_fetched_is_there_without_network(
    pytester: pytest.Pytester,
    options: list[str],
    served: http.server.ThreadingHTTPServer,
) -> None:
    url = f"http://{HOST}:{served.server_address[1]}/source.tar.gz"
    fetch = f"nix-instantiate --eval -E 'import (fetchTarball \"{url}\")'"
    pytester.makefile(".md", page=f'# T\n\n```console\n$ {fetch}\n"fetched"\n```\n')
    warm(pytester, served, options, "page.md")
    assert ["passed"] == fates(pytester)
    pytester.runpytest_inprocess("page.md", *options)
    assert ["passed"] == fates(pytester)


@pytest.mark.parametrize("backend", ["docker"])
def test_ten_documents_at_once_share_the_packages(
    pytester: pytest.Pytester,
    options: list[str],
    cache: Cache,
    served: http.server.ThreadingHTTPServer,
) -> None:
    build = "nix-build --no-out-link '<nixpkgs>'" + "".join(f" -A word{n}" for n in range(12))
    pytester.makefile(".md", page=f"# T\n\n```console\n$ {build} | wc -l\n12\n```\n")
    warm(pytester, served, options, "page.md")
    assert ["passed"] == fates(pytester)

    config = Config(backend=Backend.DOCKER, image=IMAGE, nixpkgs=cache.nixpkgs)
    with closing(provider(config, pages=[])) as made, ThreadPoolExecutor(10) as readers:
        sandboxes = [made.create() for _ in range(10)]

        def read(sandbox: Sandbox) -> str:
            sandbox.start()
            script = f"for path in $({build} 2>/dev/null); do cat $path/noise; done | wc -c"
            return sandbox.run(["sh", "-c", script], timeout=120).output

        assert ["12000000\n"] * 10 == list(readers.map(read, sandboxes))
        with closing(connect()) as engine:
            mine = {"label": f"{LABEL}={me()}"}
            listed = engine.api.containers(filters=mine, size=True)
        sizes = [each.get("SizeRw", 0) for each in listed]
    # Twelve packages are 12 MB; the database of the store is what a sandbox copies.
    assert (10, []) == (len(sizes), [size for size in sizes if size > 5_000_000])


def test_a_warm_store_that_cannot_be_used_is_said_and_the_page_runs_without(
    pytester: pytest.Pytester, cache: Cache, stores: Path
) -> None:
    pytester.makefile(".md", page="# T\n\n```console\n$ echo here\nhere\n```\n")
    store = stores / "store"
    store.mkdir(parents=True)
    about = {"nixpkgs": fingerprint(cache.nixpkgs), "pages": ["a-page"]}
    store.joinpath("warm.json").write_text(json.dumps(about))
    result = pytester.runpytest_inprocess(
        "page.md", "--nix-sandbox=bubblewrap", f"--nix-nixpkgs={cache.nixpkgs}"
    )
    result.stdout.fnmatch_lines(
        ["nix: 1 blocks: 1 run, * not warm: bubblewrap did not start: mount: /sys/nix: *"]
    )


@pytest.mark.parametrize("text", [b"no archive", b""])
def test_a_file_that_is_no_warm_store_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes
) -> None:
    file = tmp_path / "warm.tar"
    file.write_bytes(text)
    assert 1 == main(["warm", f"--load={file}"])
    assert f"{file} cannot be loaded: " in capsys.readouterr().err


@pytest.mark.parametrize("backend", ["bubblewrap"])
def test_a_page_that_ruins_its_sandbox_is_told_and_the_others_are_kept(
    pytester: pytest.Pytester,
    options: list[str],
    served: http.server.ThreadingHTTPServer,
) -> None:
    ruin = "# T\n\n```console\n$ mkdir -p ~/.cache && touch ~/.cache/nix\n```\n"
    pytester.makefile(".md", a_ruin=ruin, b_word=WORD)
    result = warm(pytester, served, options, "a_ruin.md", "b_word.md")
    assert BROKEN_STATUS == result.ret
    result.stdout.fnmatch_lines(["nix: a_ruin.md: what it fetched cannot be taken: mkdir: *"])

    after = pytester.runpytest_inprocess("b_word.md", *options)
    after.stdout.fnmatch_lines(["nix: 1 blocks: 1 run*, warm for 1 of 1 pages, *"])


def test_a_file_takes_what_one_image_was_warmed_with(pytester: pytest.Pytester) -> None:
    images = ["--nix-image=a", "--nix-image=b"]
    result = pytester.runpytest_inprocess("--nix-warm", "--nix-warm-save=warm.tar", *images)
    assert pytest.ExitCode.USAGE_ERROR == result.ret
    result.stderr.fnmatch_lines(["ERROR: --save takes what one image was warmed with: *"])


def test_a_warm_command_that_says_nothing_is_a_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    assert 2 == main(["warm"])
    assert "Name pages to run, or a file to --load.\n" == capsys.readouterr().err
