"""A binary cache of the tests' own: built here, signed here, served on the loopback."""

from __future__ import annotations

import functools
import http.server
import shutil
import tarfile
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from secrets import token_hex

import pytest
from binary_cache import HOST, IMAGE, Cache

from doctest_nix.config import Backend, Config
from doctest_nix.sandbox.select import provider
from doctest_nix.sandbox.unpacking import unpack

HERE = Path(__file__).parent

#: Builds the packages and an untrusted one, signs the packages, and writes the cache.
_MAKE = """\
touch /tmp/here-the-cache-is-made
cd /tmp
nix-store --generate-binary-cache-key test-1 key key.public
words='builtins.attrValues (import /nixpkgs/words.nix builtins.currentSystem)'
paths=$(nix-build --no-out-link -E "$words")
nix='nix --extra-experimental-features nix-command'
$nix copy --to 'file:///tmp/cache?secret-key=/tmp/key&compression=none' $paths
"""


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Cache:
    """Make the cache, once a session."""
    folder = tmp_path_factory.mktemp("cache")
    nixpkgs = folder / "nixpkgs"
    shutil.copytree(HERE.parent / "nixpkgs", nixpkgs / "base")
    shutil.copy(HERE / "words.nix", nixpkgs)
    nixpkgs.joinpath("default.nix").write_text(
        "{ overlays ? [ ], ... }@arguments:\n"
        "import ./base (arguments // {\n"
        "  overlays = [ (final: prev: import ./words.nix final.system) ] ++ overlays;\n"
        "})\n"
    )
    # What is warmed for these tests is for no other run of them.
    nixpkgs.joinpath(f"session-{token_hex(8)}").touch()
    with closing(provider(Config(backend=Backend.DOCKER, image=IMAGE, nixpkgs=nixpkgs))) as made:
        sandbox = made.create()
        sandbox.start()
        done = sandbox.run(["bash", "-ec", _MAKE], timeout=120)
        assert 0 == done.exit_code, done.output
        key = sandbox.get(Path("/tmp/key.public")).decode()
        archive = folder / "cache.tar"
        with closing(sandbox.channel(["sh", "-c", "read -r _; tar -cC /tmp cache"])) as stream:
            stream.write(b"\n")
            archive.write_bytes(b"".join(iter(lambda: stream.read(60), b"")))
    with tarfile.open(archive) as packed:
        unpack(packed, folder, lambda member: member)
    source = folder / "source"
    source.mkdir()
    source.joinpath("default.nix").write_text('"fetched"\n')
    with tarfile.open(folder / "cache" / "source.tar.gz", "w:gz") as packed:
        packed.add(source, "source-1")
    return Cache(folder=folder / "cache", key=key, nixpkgs=nixpkgs)


@pytest.fixture
def served(cache: Cache) -> Iterator[http.server.ThreadingHTTPServer]:
    """Serve the cache until the test stops it."""
    handler = functools.partial(Quiet, directory=str(cache.folder))
    with http.server.ThreadingHTTPServer((HOST, 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass
