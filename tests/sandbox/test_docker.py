"""What only the Docker backend does, tried with the real engine."""

from __future__ import annotations

import json
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path, PurePosixPath

import docker
import pytest

from doctest_nix.config import Backend, Config
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox.docker import DockerProvider
from doctest_nix.sandbox.image import connect, present
from doctest_nix.sandbox.owner import LABEL, me

PATIENCE = 60.0


@pytest.fixture
def engine() -> Iterator[docker.DockerClient]:
    with closing(connect()) as client:
        yield client


def ours(engine: docker.DockerClient, mark: str) -> list[str]:
    filters = {"label": f"{LABEL}={mark}"}
    return [each["Id"] for each in engine.api.containers(all=True, filters=filters)]


@contextmanager
def engine_on_tcp(engine: docker.DockerClient) -> Iterator[str]:
    """Yield the address of the engine as if it were on another machine."""
    target = getattr(engine.api.get_adapter(engine.api.base_url), "socket_path", None)
    if target is None:  # so it is
        yield os.environ["DOCKER_HOST"]
        return
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=[server, target], daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        with suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)


def _accept(server: socket.socket, target: str) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(target)
            for source, sink in ((client, behind), (behind, client)):
                threading.Thread(target=_copy, args=[source, sink], daemon=True).start()


def _copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65536):
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()


def test_an_engine_that_is_not_there_is_named_with_the_ways_out(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/none.sock")
    with pytest.raises(SandboxError) as caught:
        DockerProvider(config)
    assert Slug.ENGINE_DOWN == caught.value.slug
    assert caught.value.problem.startswith(
        f"No container engine answers at unix://{tmp_path}/none.sock: "
    )
    assert "--nix-sandbox=bubblewrap" in caught.value.remedy


def test_an_engine_that_says_nothing_is_given_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent.sock"))
        silent.listen()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/silent.sock")
        with pytest.raises(SandboxError) as caught:
            connect(patience=0.2)
    assert Slug.ENGINE_DOWN == caught.value.slug


def test_an_image_that_cannot_be_pulled_is_one_message_with_the_commands(config: Config) -> None:
    said: list[str] = []
    with pytest.raises(SandboxError) as caught:
        DockerProvider(replace(config, image="127.0.0.1:1/no/image:7"), said.append)
    assert ["127.0.0.1:1/no/image:7 is not there: pulling it"] == said
    assert Slug.IMAGE_MISSING == caught.value.slug
    assert caught.value.problem.startswith(
        "The image 127.0.0.1:1/no/image:7 is not there, and cannot be pulled: "
    )
    assert (
        "Get it:\n"
        "    docker pull 127.0.0.1:1/no/image:7\n"
        "Or build one, where there is no registry, and use that:\n"
        "    doctest-nix image build --suite trixie\n"
        "    pytest --nix-image=doctest-nix:trixie"
    ) == caught.value.remedy


def test_an_image_without_what_we_need_is_said_and_leaves_nothing(
    config: Config, engine: docker.DockerClient
) -> None:
    answer = engine.api.import_image_from_data(b"\0" * 1024)
    engine.api.tag(json.loads(answer)["status"], "doctest-nix-test", "empty")
    provider = DockerProvider(replace(config, image="doctest-nix-test:empty"))
    sandbox = provider.create()
    with pytest.raises(SandboxError) as caught:
        sandbox.start()
    provider.close()
    engine.images.remove("doctest-nix-test:empty", force=True)
    assert Slug.SANDBOX_START == caught.value.slug
    assert caught.value.problem.startswith(
        "A container of the image doctest-nix-test:empty did not start: "
    )
    assert "The image needs sh, bash, coreutils and Nix on its PATH" in caught.value.remedy
    assert [] == ours(engine, me())


@pytest.mark.parametrize(
    ("runtime", "said"), [("runc", ""), ("no-such-runtime", "no-such-runtime")]
)
def test_the_oci_runtime_is_the_one_that_is_named(config: Config, runtime: str, said: str) -> None:
    provider = DockerProvider(replace(config, runtime=runtime))
    sandbox = provider.create()
    trouble = ""
    try:
        sandbox.start()
        assert "on\n" == sandbox.run(["echo", "on"], timeout=PATIENCE).output
    except SandboxError as error:
        trouble = error.problem
    provider.close()
    assert said in trouble
    assert bool(said) == bool(trouble)


def test_a_package_set_that_is_not_there_is_said(config: Config, tmp_path: Path) -> None:
    with pytest.raises(SandboxError) as caught:
        DockerProvider(replace(config, nixpkgs=tmp_path / "none"))
    assert Slug.SANDBOX_START == caught.value.slug
    assert str(tmp_path / "none") in caught.value.problem


def test_a_stopped_sandbox_is_removed_when_the_provider_is_closed(
    config: Config, engine: docker.DockerClient
) -> None:
    provider = DockerProvider(config)
    sandbox = provider.create()
    sandbox.start()
    assert 1 == len(ours(engine, me()))
    sandbox.stop()
    provider.close()
    assert [] == ours(engine, me())


def test_a_container_that_is_removed_behind_our_back_is_gone(
    config: Config, engine: docker.DockerClient
) -> None:
    provider = DockerProvider(config)
    sandbox = provider.create()
    sandbox.start()
    terminal = sandbox.attach(["cat"], {})
    engine.api.remove_container(ours(engine, me())[0], force=True)
    assert b"" == terminal.read(PATIENCE)
    with pytest.raises(SandboxError) as caught:
        sandbox.run(["true"], timeout=PATIENCE)
    sandbox.stop()
    provider.close()
    assert Slug.SANDBOX_GONE == caught.value.slug


def test_a_page_that_removes_the_shell_loses_its_sandbox_alone(config: Config) -> None:
    provider = DockerProvider(config)
    sandbox = provider.create()
    sandbox.start()
    sandbox.run(["rm", "-f", "/bin/sh", "/usr/bin/sh"], timeout=PATIENCE)
    with pytest.raises(SandboxError) as caught:
        sandbox.attach(["true"], {})
    provider.close()
    assert Slug.SANDBOX_GONE == caught.value.slug
    assert "sh" in caught.value.problem


def test_a_sandbox_started_after_its_provider_was_closed_is_removed_too(
    config: Config, engine: docker.DockerClient
) -> None:
    provider = DockerProvider(config)
    sandbox = provider.create()
    provider.close()
    sandbox.start()
    sandbox.stop()
    provider.close()
    assert [] == ours(engine, me())


def test_an_engine_that_goes_away_is_said(
    engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, image: str
) -> None:
    with engine_on_tcp(engine) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        client = connect()
    client.close()
    with pytest.raises(SandboxError) as caught:
        present(client, image)
    client.close()
    assert Slug.ENGINE_DOWN == caught.value.slug


def test_what_a_dead_owner_left_is_swept_and_what_a_living_one_has_is_not(
    config: Config, engine: docker.DockerClient, dead: str
) -> None:
    left = engine.containers.create(
        config.image, ["sleep", "300"], labels={LABEL: dead}, network_mode="none"
    )
    left.start()
    used = engine.containers.create(config.image, ["sleep", "300"], labels={LABEL: me()})
    volume = engine.volumes.create(labels={LABEL: dead})
    DockerProvider(config).close()
    names = {each.name for each in engine.volumes.list(filters={"label": LABEL})}
    remaining = ours(engine, me())
    used.remove(force=True)
    assert [] == ours(engine, dead)
    assert [used.id] == remaining
    assert volume.name not in names


def test_archives_with_other_peoples_files_unpack_and_can_be_changed(config: Config) -> None:
    script = """mkdir d; echo x >d/f; tar --owner=1000 --group=1000 --mode=755 -cf a.tar d; rm -r d
    tar -xf a.tar && stat -c %u d/f && echo y >>d/f && touch d/g && chmod 600 d/f"""
    provider = DockerProvider(config)
    sandbox = provider.create()
    sandbox.start()
    done = sandbox.run(["sh", "-c", script], timeout=PATIENCE)
    sandbox.stop()
    provider.close()
    assert ("1000\n", 0) == (done.output, done.exit_code)


def test_an_engine_elsewhere_gets_a_copy_of_the_package_set_for_the_time_of_the_run(
    config: Config, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "default.nix").write_text("42")
    with engine_on_tcp(engine) as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        provider = DockerProvider(replace(config, backend=Backend.DOCKER, nixpkgs=tmp_path))
        sandbox = provider.create()
        sandbox.start()
        terminal = sandbox.attach(["cat", "/nixpkgs/default.nix"], {})
        shown = terminal.read(PATIENCE)
        terminal.close()
        sandbox.put(PurePosixPath("f"), b"x" * 300_000)
        fetched = sandbox.get(PurePosixPath("f"))
        writing = sandbox.run(["touch", "/nixpkgs/x"], timeout=PATIENCE)
        sandbox.stop()
        provider.close()
    assert b"42" == shown
    assert b"x" * 300_000 == fetched
    assert 0 != writing.exit_code
    assert [] == engine.volumes.list(filters={"label": f"{LABEL}={me()}"})
