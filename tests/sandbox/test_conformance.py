"""What every backend does, tried on each with the real engine and the real bubblewrap."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from doctest_nix.config import Backend, Config, Limits
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox import Completed, Ended, Provider, Sandbox, Stream, environment
from doctest_nix.sandbox.select import provider as select

#: Far above what anything here needs.
PATIENCE = 60.0

TRIVIAL = """derivation {
  name = "x"; system = builtins.currentSystem;
  builder = "/bin/sh"; args = ["-c" "echo built >$out"];
}"""


@pytest.fixture(scope="module", params=[Backend.DOCKER, Backend.BUBBLEWRAP, "podman"], ids=str)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    """Name each backend, Docker's once for each of the two engines that speak its language."""
    if isinstance(request.param, Backend):
        yield request.param
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", request.getfixturevalue("podman"))
        yield Backend.DOCKER


@pytest.fixture(scope="module")
def provider(config: Config, backend: Backend) -> Iterator[Provider]:
    """Yield each backend in use."""
    made = select(replace(config, backend=backend))
    yield made
    made.close()


def sh(
    sandbox: Sandbox, script: str, *, stdin: bytes = b"", timeout: float = PATIENCE
) -> Completed:
    return sandbox.run(["sh", "-c", script], stdin=stdin, timeout=timeout)


def output(sandbox: Sandbox, script: str) -> str:
    done = sh(sandbox, script)
    assert (Ended.EXITED, 0) == (done.ended, done.exit_code), done
    return done.output


def until(stream: Stream, end: bytes) -> bytes:
    received = b""
    while end not in received:
        data = stream.read(PATIENCE)
        assert data, f"the terminal ended with {received!r}"
        received += data
    return received


def rest(stream: Stream) -> bytes:
    received = b""
    while data := stream.read(PATIENCE):
        received += data
    return received


def write_often(stream: Stream) -> None:
    for _ in range(100):
        stream.write(b"x" * 1000)


def eventually(true: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# Running commands


def test_a_command_gives_its_output_and_status(sandbox: Sandbox) -> None:
    done = sh(sandbox, "echo one; echo two >&2; exit 3")
    assert ("one\ntwo\n", 3, Ended.EXITED, 0) == (
        done.output,
        done.exit_code,
        done.ended,
        done.truncated,
    )


def test_a_command_that_is_not_there_ends_with_127(sandbox: Sandbox) -> None:
    assert 127 == sandbox.run(["no-such-program"], timeout=PATIENCE).exit_code


def test_a_command_killed_by_a_signal_ends_with_128_and_its_number(sandbox: Sandbox) -> None:
    assert 128 + 9 == sandbox.run(["sh", "-c", "kill -9 $$"], timeout=PATIENCE).exit_code


def test_arguments_reach_a_command_unharmed(sandbox: Sandbox) -> None:
    words = ["", " a  b ", "'\"$HOME\\", "*", "a\nb\n", "-n", "ünï"]
    done = sandbox.run(["printf", "<%s>", *words], timeout=PATIENCE)
    assert "".join(f"<{word}>" for word in words) == done.output


def test_input_reaches_a_command_unharmed(sandbox: Sandbox) -> None:
    data = bytes(range(256)) * 2000
    done = sandbox.run(["cat"], stdin=data, timeout=PATIENCE)
    assert data == done.output.encode(errors="surrogateescape")


def test_a_command_without_input_reads_nothing(sandbox: Sandbox) -> None:
    assert "" == output(sandbox, "cat")


def test_a_command_starts_in_the_working_directory(sandbox: Sandbox) -> None:
    assert "/home/user/tutorial\n" == output(sandbox, "pwd")


def test_the_working_directory_is_empty(sandbox: Sandbox) -> None:
    assert "" == output(sandbox, "ls -A")


def test_a_command_runs_where_the_working_directory_was_removed(sandbox: Sandbox) -> None:
    assert "still here\n" == output(sandbox, "rm -r /home/user/tutorial") + output(
        sandbox, "echo still here"
    )


def test_output_beyond_the_limit_is_dropped_and_counted(config: Config, backend: Backend) -> None:
    provider = select(replace(config, backend=backend, limits=Limits(output=1000)))
    sandbox = provider.create()
    try:
        sandbox.start()
        done = sh(sandbox, "yes | head -c 1000000; exit 5")
    finally:
        sandbox.stop()
        provider.close()
    assert ("y\n" * 500, 999_000, 5) == (done.output, done.truncated, done.exit_code)


def test_a_command_line_that_is_too_long_is_said_and_the_sandbox_goes_on(
    sandbox: Sandbox,
) -> None:
    argv = ["env", *["x" * 100_000] * 25]
    assert 126 == sandbox.run(argv, timeout=PATIENCE).exit_code
    with pytest.raises(SandboxError) as caught:
        sandbox.attach(argv, {})
    assert Slug.SANDBOX_GONE == caught.value.slug
    assert "on\n" == output(sandbox, "echo on")


def test_what_an_earlier_command_left_running_prints_into_no_later_one(sandbox: Sandbox) -> None:
    sh(sandbox, "(while sleep 0.01; do echo noise; done) & echo started")
    assert ["on\n"] * 20 == [output(sandbox, "sleep 0.02; echo on") for _ in range(20)]


def test_a_background_child_does_not_hold_a_command(sandbox: Sandbox) -> None:
    done = sh(sandbox, "sleep 1000 & echo started")
    assert ("started\n", Ended.EXITED) == (done.output, done.ended)


def test_commands_share_files_and_processes(sandbox: Sandbox) -> None:
    pid = output(sandbox, "sleep 1000 >/dev/null 2>&1 & echo $! | tee pid").strip()
    assert f"{pid}\n" == output(sandbox, 'kill -0 "$(cat pid)" && cat pid')


def test_a_time_out_is_reported_with_the_output_so_far(sandbox: Sandbox) -> None:
    done = sh(sandbox, "echo begun; sleep 1000; echo done", timeout=1)
    assert ("begun\n", None, Ended.TIMEOUT) == (done.output, done.exit_code, done.ended)


def test_a_time_out_ends_what_never_stops_printing(sandbox: Sandbox) -> None:
    done = sh(sandbox, "yes", timeout=0.5)
    assert (Ended.TIMEOUT, "y") == (done.ended, done.output[:1])


def test_a_time_out_kills_the_command_and_its_children(sandbox: Sandbox) -> None:
    script = "trap '' TERM HUP; setsid sleep 4321.1 & (sleep 4321.2; :) & sleep 4321.3"
    sh(sandbox, script, timeout=1)
    count = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c '^4321\\.' || :"
    assert "0\n" == output(sandbox, count)


def test_a_command_may_outlive_its_parent_and_not_the_time_out(sandbox: Sandbox) -> None:
    done = sandbox.run(["sh", "-c", "kill -9 $PPID; sleep 1000"], timeout=PATIENCE)
    assert (None, Ended.GONE) == (done.exit_code, done.ended)


# Terminals


def test_a_terminal_is_read_and_written_without_echo(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["sh", "-c", "read -r line; echo got $line"], {})
    stream.write(b"typed\n")
    assert b"got typed\r\n" == rest(stream)
    stream.close()


def test_a_terminal_has_the_size_that_is_configured(sandbox: Sandbox, config: Config) -> None:
    stream = sandbox.attach(["stty", "size"], {})
    assert f"50 {config.columns}\r\n".encode() == rest(stream)
    stream.close()


def test_a_terminal_is_a_device_of_the_sandbox(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["sh", "-c", "echo hello >$(tty); tty"], {})
    assert b"hello\r\n/dev/pts/" in rest(stream)
    stream.close()


def test_a_program_leads_its_own_session_with_job_control(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["bash", "--norc", "--noediting", "-i"], {"PS1": "% "})
    assert b"% " == until(stream, b"% ")
    stream.write(b"sleep 1000\n")
    time.sleep(0.2)
    stream.write(b"\x1a")
    assert b"Stopped" in until(stream, b"% ")
    stream.close()


def test_an_interrupt_key_reaches_the_foreground_alone(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["bash", "--norc", "--noediting", "-i"], {"PS1": "% "})
    until(stream, b"% ")
    stream.write(b"cat\n")
    stream.write(b"here\n")
    until(stream, b"here")
    stream.write(b"\x03")
    until(stream, b"% ")
    stream.write(b"echo $?\n")
    assert b"130\r\n% " == until(stream, b"% ")
    stream.close()


def test_a_program_hears_a_signal_that_our_own_run_ignores(sandbox: Sandbox) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as `pytest &` in a script has it
    try:
        stream = sandbox.attach(["sh", "-c", "trap 'echo heard' INT; kill -INT $$; echo over"], {})
    finally:
        signal.signal(signal.SIGINT, before)
    assert b"heard\r\nover\r\n" == rest(stream)


def test_the_end_is_that_of_the_program_whatever_it_left_running(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["bash", "-c", "trap '' HUP; sleep 1000 & echo bye"], {})
    assert b"bye\r\n" == rest(stream)
    assert b"" == stream.read(PATIENCE)
    stream.close()


def test_the_end_can_be_read_again_and_nothing_typed(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["true"], {})
    rest(stream)
    assert b"" == stream.read(PATIENCE)
    with pytest.raises(OSError):  # noqa: PT011  which one is the kernel's choice
        write_often(stream)
    stream.close()


def test_a_closed_terminal_has_ended(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["cat"], {})
    stream.close()
    assert b"" == stream.read(PATIENCE)
    with pytest.raises(BrokenPipeError):
        stream.write(b"x")


def test_nothing_to_read_is_a_time_out(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["cat"], {})
    for timeout in (0, 0.05):
        with pytest.raises(TimeoutError):
            stream.read(timeout)
    stream.close()


def test_a_program_that_is_not_there_says_so_on_its_terminal(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["no-such-program"], {})
    assert b"no-such-program" in rest(stream)
    stream.close()


def test_typing_more_than_anybody_reads_is_a_time_out(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("connection", "namespaces"):
        monkeypatch.setattr(f"doctest_nix.sandbox.{module}._PATIENCE", 0.5)
    stream = sandbox.attach(["sleep", "1000"], {})
    with pytest.raises(TimeoutError):
        stream.write(b"line\n" * 4_000_000)
    stream.close()


def test_what_is_typed_before_the_program_reads_is_kept(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["sh", "-c", "sleep 0.3; cat"], {})
    stream.write(b"early\n\x04")
    assert b"early\r\n" == rest(stream)
    stream.close()


def test_long_lines_and_much_output_arrive_whole(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["sh", "-c", "read -r line; echo ${#line}; seq 100000"], {})
    stream.write(b"x" * 4000 + b"\n")
    expected = "4000\r\n" + "".join(f"{n}\r\n" for n in range(1, 100_001))
    assert expected.encode() == rest(stream)
    stream.close()


def test_variables_are_added_to_a_terminals_program(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["sh", "-c", 'echo "$ODD:$USER"'], {"ODD": "a b\tc", "USER": "me"})
    assert b"a b\tc:me\r\n" == rest(stream).replace(b" " * 5, b"\t")
    stream.close()


def test_several_terminals_share_files_processes_and_network(sandbox: Sandbox) -> None:
    output(sandbox, "mkfifo fifo")
    server = sandbox.attach(
        ["bash", "-c", 'echo $$ >pid; read -r line <fifo; echo "served $line"'], {}
    )
    client = sandbox.attach(["bash", "--norc", "--noediting", "-i"], {"PS1": "% "})
    until(client, b"% ")
    client.write(b"until [ -s pid ]; do sleep 0.01; done\n")
    client.write(b"kill -0 $(cat pid) && echo alive\n")
    assert b"alive" in until(client, b"alive\r\n% ")
    assert "" == output(sandbox, "echo tea >fifo")
    client.close()
    server.close()


def test_closing_a_terminal_hangs_up(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["sleep", "4321.5"], {})
    stream.close()
    stream.close()
    count = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -c '^4321\\.5' || :"
    assert eventually(lambda: output(sandbox, count) == "0\n")


# Files


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.binary(max_size=70_000))
def test_a_file_of_any_bytes_goes_in_and_out_unharmed(sandbox: Sandbox, data: bytes) -> None:
    path = PurePosixPath("sub dir/it's\nodd.bin")
    sandbox.put(path, data)
    assert data == sandbox.get(path)


def test_a_relative_path_is_below_the_working_directory(sandbox: Sandbox) -> None:
    sandbox.put(PurePosixPath("a/b/c.txt"), b"x")
    assert "x" == output(sandbox, "cat /home/user/tutorial/a/b/c.txt")


def test_an_absolute_path_is_the_sandboxs(sandbox: Sandbox) -> None:
    sandbox.put(PurePosixPath("/tmp/deep/c.txt"), b"x")
    assert b"x" == sandbox.get(PurePosixPath("/tmp/deep/c.txt"))


def test_a_file_at_the_root_can_be_written(sandbox: Sandbox) -> None:
    sandbox.put(PurePosixPath("/at-the-root"), b"x")
    assert b"x" == sandbox.get(PurePosixPath("/at-the-root"))


def test_a_file_is_overwritten_and_keeps_its_mode(sandbox: Sandbox) -> None:
    output(sandbox, "echo longer than before >f; chmod 755 f")
    sandbox.put(PurePosixPath("f"), b"new")
    assert "755 new" == output(sandbox, "stat -c %a f | tr '\\n' ' '; cat f")


def test_a_missing_file_is_told_from_other_trouble(sandbox: Sandbox) -> None:
    with pytest.raises(FileNotFoundError, match="nope"):
        sandbox.get(PurePosixPath("nope"))


@pytest.mark.parametrize("path", ["/home/user", "/dev/zero"])
def test_what_is_no_regular_file_is_refused(sandbox: Sandbox, path: str) -> None:
    for act in (sandbox.get, lambda p: sandbox.put(p, b"x")):
        with pytest.raises(OSError, match="not a regular file"):
            act(PurePosixPath(path))


def test_a_pipe_does_not_hang_us(sandbox: Sandbox) -> None:
    output(sandbox, "mkfifo pipe")
    with pytest.raises(OSError, match="not a regular file"):
        sandbox.get(PurePosixPath("pipe"))


def test_a_place_that_cannot_be_written_is_refused_with_its_reason(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="/proc/x"):
        sandbox.put(PurePosixPath("/proc/x"), b"x")


def test_a_directory_that_is_a_file_is_refused(sandbox: Sandbox) -> None:
    sandbox.put(PurePosixPath("file"), b"x")
    with pytest.raises(OSError, match="file/below"):
        sandbox.put(PurePosixPath("file/below"), b"x")


def test_a_file_beyond_the_limit_of_output_is_refused(sandbox: Sandbox) -> None:
    output(sandbox, "truncate -s 5M huge")
    with pytest.raises(OSError, match="5242880 bytes are too many"):
        sandbox.get(PurePosixPath("huge"))


def test_file_transfers_go_on_when_a_page_kills_what_serves_them(sandbox: Sandbox) -> None:
    sandbox.put(PurePosixPath("f"), b"1")
    output(
        sandbox,
        """for each in /proc/[0-9]*; do
             [ "$(tr '\\0' ' ' <$each/cmdline)" != 'sh ' ] || kill -9 ${each#/proc/}
           done""",
    )
    sandbox.put(PurePosixPath("f"), b"2")
    assert b"2" == sandbox.get(PurePosixPath("f"))


def test_a_link_leads_to_the_sandboxs_files_and_never_to_the_hosts(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("the host's")
    output(sandbox, f"ln -s {secret} link; ln -s {tmp_path} dir; ln -s / root")
    for path in ("link", "dir/secret", f"root{secret}", f"../../..{secret}", str(secret)):
        with pytest.raises(FileNotFoundError):
            sandbox.get(PurePosixPath(path))
    output(sandbox, f"mkdir -p {tmp_path}")
    sandbox.put(PurePosixPath("link"), b"the sandbox's")
    assert "the host's" == secret.read_text()
    assert b"the sandbox's" == sandbox.get(PurePosixPath("link"))


# Isolation


def test_programs_have_the_variables_of_the_contract_and_no_other(
    provider: Provider, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "x")
    sandbox = provider.create()
    sandbox.start()
    words = output(sandbox, "env -0").split("\0")
    terminal = sandbox.attach(["env", "-0"], {})
    words_of_terminal = rest(terminal).decode().replace("\r\n", "\n").split("\0")
    sandbox.stop()
    variables = dict(word.split("=", 1) for word in words if word)
    # PATH is the image's; HOSTNAME, container and what the shell sets say nothing of the host.
    for name in ("PATH", "PWD", "HOSTNAME", "container", "SHLVL", "_"):
        variables.pop(name, None)
    assert environment(config) == variables
    assert not any("SECRET_OF_THE_HOST" in word for word in words_of_terminal)


def test_the_hosts_home_is_not_there(sandbox: Sandbox) -> None:
    home = Path.home()
    entries = {entry.name for entry in home.iterdir()}
    seen = set(output(sandbox, f"ls -A {home} 2>/dev/null || :").split("\n"))
    assert "tutorial\n" == output(sandbox, "ls -A /home/user")
    assert not (entries & seen) - {".bashrc", ".profile"}  # an image has these of its own


def test_the_hosts_processes_are_not_there(sandbox: Sandbox) -> None:
    assert len(output(sandbox, "ls -d /proc/[0-9]*").split()) < 12


def test_there_is_no_network_but_the_sandboxs_own(sandbox: Sandbox) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        done = sandbox.run(["bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{port}"], timeout=PATIENCE)
    assert 0 != done.exit_code
    interfaces = output(sandbox, "cut -d: -f1 -s /proc/net/dev")
    assert "lo" in interfaces.split()
    assert "" == output(sandbox, "tail -n +2 /proc/net/route")


def test_programs_of_a_sandbox_reach_each_other(sandbox: Sandbox) -> None:
    script = """use IO::Socket::INET;
    $s = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1', LocalPort => 8000) or die;
    $c = IO::Socket::INET->new('127.0.0.1:8000') or die; print "reached\\n";"""
    assert "reached\n" == sandbox.run(["perl", "-e", script], timeout=PATIENCE).output


def test_there_is_no_way_to_more_privileges(sandbox: Sandbox) -> None:
    status = output(sandbox, "grep -E 'NoNewPrivs' /proc/self/status")
    assert ["NoNewPrivs:", "1"] == status.split()
    assert 0 != sh(sandbox, "unshare -Ur true").exit_code
    assert 0 != sh(sandbox, "mount -t tmpfs none /tmp").exit_code


def test_the_number_of_processes_is_limited(config: Config, backend: Backend) -> None:
    provider = select(replace(config, backend=backend, limits=Limits(processes=40)))
    sandbox = provider.create()
    try:
        sandbox.start()
        done = sh(sandbox, "for i in $(seq 60); do sleep 5 & done; echo all run")
    finally:
        sandbox.stop()
        provider.close()
    assert "Cannot fork" in done.output
    assert "all run" not in done.output


def test_the_memory_of_a_process_is_limited(config: Config, backend: Backend) -> None:
    provider = select(replace(config, backend=backend, limits=Limits(memory=64 * 1024**2)))
    sandbox = provider.create()
    try:
        sandbox.start()
        done = sandbox.run(["perl", "-e", 'my $x = "x" x 200_000_000; print 1'], timeout=PATIENCE)
    finally:
        sandbox.stop()
        provider.close()
    assert 0 != done.exit_code
    assert "1" != done.output


def test_two_sandboxes_share_nothing(provider: Provider) -> None:
    first, second = provider.create(), provider.create()
    try:
        first.start()
        second.start()
        first.put(PurePosixPath("/tmp/mark"), b"")
        output(first, "sleep 1000 >/dev/null & :")
        assert "" == output(second, "ls /tmp; cat /proc/[0-9]*/comm | grep sleep0 || :")
        first.stop()
        assert "alive\n" == output(second, "echo alive")
    finally:
        first.stop()
        second.stop()


# Nix


def test_nix_evaluates_and_parses(sandbox: Sandbox) -> None:
    assert "3\n" == output(sandbox, "nix-instantiate --eval -E '1 + 2'")
    assert "{ a = 1; }\n" == output(sandbox, "echo '{a=1;}' | nix-instantiate --parse -")


def test_nix_builds_and_keeps_what_it_built(sandbox: Sandbox) -> None:
    sandbox.put(PurePosixPath("default.nix"), TRIVIAL.encode())
    assert "built\n" == output(sandbox, "nix-build 2>/dev/null >/dev/null && cat result")
    assert "built\n" == output(sandbox, "cat $(nix-store --query result)")
    assert "" == output(sandbox, "nix-store --verify-path ./result")


def test_nix_starts_with_an_empty_cache_and_no_warning(sandbox: Sandbox) -> None:
    assert "" == output(sandbox, "nix-instantiate --eval -E null 2>&1 >/dev/null")


def test_a_nix_shell_is_interactive_on_a_terminal(sandbox: Sandbox) -> None:
    stream = sandbox.attach(
        ["nix-shell", "-E", TRIVIAL.replace('"x"', '"env"'), "--run", "echo in $name; test -t 0"],
        {"NIX_BUILD_SHELL": "bash"},
    )
    assert b"in env\r\n" in rest(stream)
    stream.close()


def test_nix_repl_talks_on_a_terminal(sandbox: Sandbox) -> None:
    stream = sandbox.attach(["nix", "repl", "--extra-experimental-features", "nix-command"], {})
    until(stream, b"nix-repl>")
    stream.write(b"40 + 2\n")
    assert b"42" in until(stream, b"42")
    stream.close()


def test_the_package_set_of_the_run_is_there_and_read_only(
    config: Config, backend: Backend, tmp_path: Path
) -> None:
    (tmp_path / "default.nix").write_text("{ }: { answer = 42; }")
    provider = select(replace(config, backend=backend, nixpkgs=tmp_path))
    sandbox = provider.create()
    try:
        sandbox.start()
        answer = output(sandbox, "nix-instantiate --eval -E '(import <nixpkgs> { }).answer'")
        writing = sh(sandbox, "echo >/nixpkgs/default.nix")
    finally:
        sandbox.stop()
        provider.close()
    assert "42\n" == answer
    assert 0 != writing.exit_code
    assert "{ }: { answer = 42; }" == (tmp_path / "default.nix").read_text()


# The end


def test_stop_is_idempotent_and_ends_every_terminal(provider: Provider) -> None:
    sandbox = provider.create()
    sandbox.start()
    stream = sandbox.attach(["cat"], {})
    sandbox.stop()
    sandbox.stop()
    assert b"" == stream.read(PATIENCE)
    stream.close()


def test_a_program_that_stopped_itself_does_not_hold_the_end(provider: Provider) -> None:
    sandbox = provider.create()
    sandbox.start()
    stream = sandbox.attach(["sh", "-c", "echo stopping; kill -STOP $$; echo on"], {})
    until(stream, b"stopping")
    sandbox.stop()
    assert b"on\r\n" not in rest(stream)


def test_a_sandbox_that_was_never_started_can_be_stopped(provider: Provider) -> None:
    provider.create().stop()


def test_closing_a_provider_stops_what_is_left(config: Config, backend: Backend) -> None:
    provider = select(replace(config, backend=backend))
    sandbox = provider.create()
    sandbox.start()
    stream = sandbox.attach(["cat"], {})
    provider.close()
    provider.close()
    assert b"" == stream.read(PATIENCE)
    assert_gone(sandbox)
    sandbox.stop()


def test_a_stopped_sandbox_is_gone_for_every_use(provider: Provider) -> None:
    sandbox = provider.create()
    sandbox.start()
    sandbox.stop()
    assert_gone(sandbox)


def test_a_page_that_kills_everything_loses_its_sandbox_alone(provider: Provider) -> None:
    sandbox = provider.create()
    sandbox.start()
    stream = sandbox.attach(["sh", "-c", "kill -9 -1"], {})
    rest(stream)
    assert eventually(lambda: is_gone(sandbox))
    assert_gone(sandbox)
    stream.close()
    sandbox.stop()


def test_all_is_gone_when_its_owner_is_killed(backend: Backend, config: Config) -> None:
    script = (
        "import sys\n"
        "from doctest_nix.config import Backend, Config\n"
        "from doctest_nix.sandbox.select import provider\n"
        "sandbox = provider(Config(backend=Backend(sys.argv[1]), image=sys.argv[2])).create()\n"
        "sandbox.start()\n"
        "stream = sandbox.attach(['sleep', sys.argv[3]], {})\n"
        "sandbox.run(['sh', '-c', f'setsid sleep {sys.argv[3]} &'], timeout=60)\n"
        "print('ready', flush=True)\n"
        "sys.stdin.read()\n"
    )
    mark = f"86400.{os.getpid()}{time.monotonic_ns()}"

    def remains() -> list[bytes]:
        found = []
        for entry in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                found.append(entry.read_bytes())
        return [line for line in found if line == b"sleep\0%s\0" % mark.encode()]

    owner = subprocess.Popen(
        [sys.executable, "-c", script, str(backend), config.image, mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with owner:
        assert owner.stdout is not None
        assert b"ready\n" == owner.stdout.readline()
        assert eventually(lambda: 2 == len(remains()))
        owner.kill()
    assert eventually(lambda: not remains())


def is_gone(sandbox: Sandbox) -> bool:
    try:
        sandbox.run(["true"], timeout=PATIENCE)
    except SandboxError:
        return True
    return False


def assert_gone(sandbox: Sandbox) -> None:
    uses: tuple[Callable[[], object], ...] = (
        lambda: sandbox.run(["true"], timeout=PATIENCE),
        lambda: sandbox.attach(["true"], {}),
        lambda: sandbox.put(PurePosixPath("x"), b""),
        lambda: sandbox.get(PurePosixPath("x")),
    )
    for use in uses:
        with pytest.raises(SandboxError) as caught:
            use()
        assert Slug.SANDBOX_GONE == caught.value.slug
