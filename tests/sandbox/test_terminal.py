"""The session types what a reader would, and tells the truth about what became of it."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from doctest_nix.config import Backend, Config, Limits
from doctest_nix.sandbox import WORKDIR, Completed, Ended, Provider, Sandbox
from doctest_nix.sandbox.select import provider as select_provider
from doctest_nix.sandbox.terminal import LONGEST_LINE, Terminal
from doctest_nix.screen import render

NIXPKGS = Path(__file__).parent.parent / "nixpkgs"

CTRL_C = b"\x03"

#: Seconds for a command that is to end by itself.
PATIENT = 60.0

#: Seconds for one that is not.
SHORT = 0.3


@pytest.fixture(scope="module", params=list(Backend)[1:])
def config(request: pytest.FixtureRequest) -> Config:
    image = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")
    return Config(backend=request.param, image=image, nixpkgs=NIXPKGS, flakes=True)


@pytest.fixture(scope="module")
def backend(config: Config) -> Iterator[Provider]:
    made = select_provider(config)
    yield made
    made.close()


@pytest.fixture(scope="module")
def sandbox(backend: Provider) -> Iterator[Sandbox]:
    made = backend.create()
    made.start()
    yield made
    made.stop()


@pytest.fixture
def terminal(sandbox: Sandbox, config: Config) -> Iterator[Terminal]:
    made = Terminal(sandbox, config)
    yield made
    made.close()


def run(terminal: Terminal, command: str) -> str:
    """Run a command that must end with status 0, and return its output."""
    done = terminal.execute(command, timeout=PATIENT)
    assert (Ended.EXITED, 0) == (done.ended, done.exit_code), done
    return done.output


def end(terminal: Terminal, command: str, timeout: float = PATIENT) -> tuple[Ended, int | None]:
    """Run a command and return how it ended."""
    done = terminal.execute(command, timeout=timeout)
    return done.ended, done.exit_code


class TestOutput:
    def test_it_is_what_the_command_prints(self, terminal: Terminal) -> None:
        assert "hello" == run(terminal, "echo hello")

    def test_standard_error_stands_where_it_was_printed(self, terminal: Terminal) -> None:
        assert "a\nb\nc" == run(terminal, "echo a; echo b >&2; echo c")

    def test_a_line_without_an_end_is_whole(self, terminal: Terminal) -> None:
        assert "abc" == run(terminal, "printf abc")
        assert "next" == run(terminal, "echo next")

    def test_blank_lines_are_kept(self, terminal: Terminal) -> None:
        assert "\na\n\n\nb\n" == run(terminal, r"printf '\na\n\n\nb\n\n'")

    def test_a_line_may_begin_like_a_command(self, terminal: Terminal) -> None:
        assert "$ echo no" == run(terminal, "echo '$ echo no'")

    def test_a_progress_bar_leaves_its_last_state(self, terminal: Terminal) -> None:
        assert "done" == run(terminal, r"printf '10%%\r50%%\rdone\n'")

    def test_colours_leave_no_trace(self, terminal: Terminal) -> None:
        assert "red" == run(terminal, r"printf '\033[31mred\033[0m\n'")

    def test_cursor_moves_are_carried_out(self, terminal: Terminal) -> None:
        assert "one\ntwo" == run(terminal, r"printf 'xxx\ntwo\n\033[2Aone\n\n'").rstrip()

    def test_wide_and_combining_characters_are_kept(self, terminal: Terminal) -> None:
        assert "日本語 e\u0301 👩‍💻 ∀x" == run(terminal, "echo '日本語 e\u0301 👩‍💻 ∀x'")

    def test_nul_and_what_is_no_utf8_are_shown_escaped(self, terminal: Terminal) -> None:
        assert r"a\x00b\xffc" == run(terminal, r"printf 'a\0b\377c\n'")

    def test_a_long_line_is_not_wrapped(self, terminal: Terminal) -> None:
        assert "x" * 5000 == run(terminal, "printf '%05000d\\n' 0 | tr 0 x")

    def test_the_prompts_own_text_is_no_prompt(self, terminal: Terminal) -> None:
        run(terminal, 'echo "$PS1$PS0$PS2"')
        run(terminal, "env")
        assert "still here" == run(terminal, "echo still here")

    def test_another_nonce_is_no_prompt(self, terminal: Terminal) -> None:
        other = rf"\033]7771;{'0' * 24};E;0;1;/\007"
        assert "ab" == run(terminal, f"printf 'a{other}'; sleep 0.1; echo b")

    def test_too_much_of_it_is_dropped_in_the_middle(
        self, sandbox: Sandbox, config: Config
    ) -> None:
        small = Terminal(sandbox, replace(config, limits=Limits(output=100_000)))
        done = small.execute("seq 200000", timeout=PATIENT)
        small.close()
        assert ("1\n2\n3\n", "\n199999\n200000") == (done.output[:6], done.output[-14:])
        assert f"[... {done.truncated} bytes ...]" in done.output
        assert len(done.output) < 200_000

    def test_far_too_much_of_it_stops_the_command_and_the_session_goes_on(
        self, sandbox: Sandbox, config: Config
    ) -> None:
        small = Terminal(sandbox, replace(config, limits=Limits(output=10_000)))
        done = small.execute("yes", timeout=PATIENT)
        after = small.execute("echo on", timeout=PATIENT)
        small.close()
        assert Ended.FLOODED == done.ended
        assert done.truncated > 100_000
        assert "on" == after.output

    def test_200_000_lines_are_whole_within_the_bound(self, terminal: Terminal) -> None:
        assert [str(n) for n in range(1, 200_001)] == run(terminal, "seq 200000").split("\n")


ANY_BYTES = st.lists(
    st.one_of(
        st.binary(max_size=40),
        st.sampled_from(
            [b"\x1b]7771;", b"\x1b", b"\x07", b"\r", b"\n", b"$ ", b"> ", b"E;0;1;/\x07"]
        ),
    ),
    max_size=12,
).map(b"".join)


@given(printed=ANY_BYTES)
@example(printed=b"\x1b]7771;0123456789abcdef01234567;E;0;1;/\x07")
@example(printed=b"unfinished \x1b]7771;")
@example(printed=b"[nix-shell:~]$ ")
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_bytes_come_back_unharmed(terminal: Terminal, printed: bytes) -> None:
    encoded = base64.b64encode(printed).decode()
    done = terminal.execute(f"echo {encoded} | base64 -d", timeout=PATIENT)
    # The terminal sends a carriage return before each line feed.
    shown = render(printed.replace(b"\n", b"\r\n"), 1000).removesuffix("\n")
    assert (shown, 0) == (done.output, done.exit_code)


class TestInput:
    def test_the_status_is_the_commands(self, terminal: Terminal) -> None:
        assert (Ended.EXITED, 7) == end(terminal, "(exit 7)")
        assert (Ended.EXITED, 1) == end(terminal, "false")
        assert (Ended.EXITED, 0) == end(terminal, "true")

    def test_a_command_of_1500_characters_is_typed_whole(self, terminal: Terminal) -> None:
        assert "x" * 1495 == run(terminal, f"echo {'x' * 1495}")

    @pytest.mark.parametrize("length", [LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 1, 20_000])
    def test_a_line_longer_than_a_terminal_takes_is_typed_whole(
        self, terminal: Terminal, length: int
    ) -> None:
        assert str(length - 15) == run(terminal, f"n={'x' * (length - 15)};echo ${{#n}}")

    def test_a_here_document_of_20_kb_is_typed_whole(self, terminal: Terminal) -> None:
        lines = [f"line {n:04} {'x' * 10}" for n in range(1000)]
        body = "\n".join(lines)
        run(terminal, f"cat > long <<'EOF'\n{body}\nEOF")
        assert body == run(terminal, "cat long")

    def test_a_compound_command_is_one_command(self, terminal: Terminal) -> None:
        assert "1\n2" == run(terminal, "for i in 1 2; do\n  echo $i\ndone")

    def test_a_quoted_line_break_is_typed(self, terminal: Terminal) -> None:
        assert "a\nb" == run(terminal, "echo 'a\nb'")

    def test_what_is_typed_may_be_any_text(self, terminal: Terminal) -> None:
        assert "naïve ∀" == run(terminal, "echo 'naïve ∀'")

    def test_of_several_commands_none_follows_one_that_fails(self, terminal: Terminal) -> None:
        done = terminal.execute("echo a\nfalse\necho b", timeout=PATIENT)
        assert ("a", 1) == (done.output, done.exit_code)

    def test_an_open_quote_is_taken_back(self, terminal: Terminal) -> None:
        assert (Ended.UNFINISHED, None) == end(terminal, "echo 'open")
        assert "closed" == run(terminal, "echo closed")

    def test_an_open_here_document_is_taken_back(self, terminal: Terminal) -> None:
        assert (Ended.UNFINISHED, None) == end(terminal, "cat <<EOF\nline")
        assert "closed" == run(terminal, "echo closed")


class TestState:
    def test_directory_variables_functions_aliases_and_options_persist(
        self, terminal: Terminal
    ) -> None:
        run(terminal, "mkdir -p sub && cd sub; v=1; f() { echo f; }; alias a='echo a'")
        run(terminal, "shopt -s extglob")
        assert f"{WORKDIR}/sub 1" == run(terminal, "echo $PWD $v")
        assert "f\na\nextglob        \ton" == run(terminal, "f; a; shopt extglob")

    def test_where_the_shell_stands_is_known(self, terminal: Terminal) -> None:
        assert WORKDIR == terminal.directory
        run(terminal, "mkdir -p 'a b;c' && cd 'a b;c'")
        assert WORKDIR / "a b;c" == terminal.directory

    def test_a_background_process_holds_nothing_up(self, terminal: Terminal) -> None:
        done = terminal.execute("(sleep 100 &)", timeout=5)
        assert (Ended.EXITED, 0, "") == (done.ended, done.exit_code, done.output)

    @pytest.mark.parametrize(
        "command",
        [
            "PS1='> '",
            "PS1='\\u@\\h:\\w\\$ '",
            "unset PROMPT_COMMAND",
            "PROMPT_COMMAND=",
            "stty -echo",
            "stty echo",
            "stty sane",
            "clear",
            "reset",
            "tput bold; tput sgr0",
            "set -o vi",
            "set -u",
            "shopt -u promptvars; shopt -s promptvars",
            "exec bash",
            "trap 'true' DEBUG",
            "cd /; cd -",
        ],
    )
    def test_the_session_goes_on_after(self, terminal: Terminal, command: str) -> None:
        terminal.execute(command, timeout=5)
        assert "still here" == run(terminal, "echo still here")
        assert (Ended.EXITED, 1) == end(terminal, "false")

    def test_a_traced_shell_shows_the_commands_alone(self, terminal: Terminal) -> None:
        run(terminal, "set -x")
        assert "+ echo a\na" == run(terminal, "echo a")


class TestNestedShells:
    @pytest.mark.parametrize(
        "command",
        [
            "bash",
            "sh",
            "bash --posix",
            "env -i PATH=$PATH bash --norc",
            "env -i PATH=$PATH PS1='mine> ' bash --norc",
            "nix-shell -p hello",
            "nix-shell --pure -p hello",
        ],
    )
    def test_it_is_a_level_with_statuses_of_its_own(self, terminal: Terminal, command: str) -> None:
        assert (Ended.EXITED, 0) == end(terminal, command)
        assert 2 == terminal.depth
        assert "in" == run(terminal, "echo in")
        assert (Ended.EXITED, 1) == end(terminal, "false")
        assert (Ended.EXITED, 3) == end(terminal, "exit 3")
        assert 1 == terminal.depth
        assert "out" == run(terminal, "echo out")

    def test_levels_are_counted(self, terminal: Terminal) -> None:
        run(terminal, "bash")
        run(terminal, "bash")
        assert 3 == terminal.depth
        end(terminal, "exit")
        assert 2 == terminal.depth

    def test_nix_develop_is_a_level(self, terminal: Terminal) -> None:
        flake = (
            "{ inputs = {}; outputs = { self }: { devShells.x86_64-linux.default ="
            ' (import <nixpkgs> { system = "x86_64-linux"; }).mkShell { name = "dev"; }; }; }'
        )
        run(terminal, f"mkdir -p flake && cd flake && cat > flake.nix <<'EOF'\n{flake}\nEOF")
        done = terminal.execute("nix develop --impure", timeout=PATIENT)
        assert (Ended.EXITED, 0, 2) == (done.ended, done.exit_code, terminal.depth), done
        assert (Ended.EXITED, 1) == end(terminal, "false")
        run(terminal, "exit 0")
        assert 1 == terminal.depth

    def test_what_a_pure_shell_prints_before_its_prompt_is_kept(self, terminal: Terminal) -> None:
        hook = '(import <nixpkgs> {}).mkShell { shellHook = "echo welcome"; }'
        assert "welcome" in run(terminal, f"nix-shell --pure -E '{hook}'")
        assert 2 == terminal.depth

    def test_a_pure_shell_may_have_a_prompt_of_its_own(self, terminal: Terminal) -> None:
        hook = r"(import <nixpkgs> {}).mkShell { shellHook = ''PS1=\"(env) > \"''; }"
        run(terminal, f'nix-shell --pure -E "{hook}"')
        assert 2 == terminal.depth
        assert (Ended.EXITED, 1) == end(terminal, "false")

    def test_an_output_that_ends_like_a_prompt_opens_no_level(self, terminal: Terminal) -> None:
        assert "[nix-shell:~]$ " == run(terminal, "printf '[nix-shell:~]$ '; sleep 0.2")
        assert "next" == run(terminal, "echo next")
        assert 1 == terminal.depth

    def test_a_program_that_asks_like_a_shell_is_not_answered(self, terminal: Terminal) -> None:
        script = 'printf "> "; read x; echo "got $x"'
        done = terminal.execute(f"bash -c '{script}'", timeout=SHORT)
        assert (Ended.TIMEOUT, "> ") == (done.ended, done.output)

    def test_one_that_is_killed_is_left(self, terminal: Terminal) -> None:
        run(terminal, "bash")
        assert (Ended.EXITED, 137) == end(terminal, "kill -9 $$")
        assert 1 == terminal.depth


class TestTimeOut:
    @pytest.mark.parametrize(
        "command",
        [
            "sleep 1000",
            "cat",
            "read line",
            "while :; do :; done",
            "yes",
            "sleep 1000 | cat",
            "trap '' INT; sleep 1000",
            "sh -c 'trap \"\" INT; sleep 1000 & wait'",
            "stty raw -echo; sleep 1000",
            "stty -isig; sleep 1000",
            "x=$(sleep 1000)",
            "bash -c 'read -p \"> \" x'",
            "echo 'read x' > asks; bash asks",
        ],
    )
    def test_the_session_goes_on_after(self, terminal: Terminal, command: str) -> None:
        assert (Ended.TIMEOUT, None) == end(terminal, command, SHORT)
        assert "still here" == run(terminal, "echo still here")
        assert (Ended.EXITED, 1) == end(terminal, "false")
        assert 1 == terminal.depth

    def test_what_was_printed_before_is_shown(self, terminal: Terminal) -> None:
        done = terminal.execute(
            "printf 'Do you want to continue? [y/N] '; read answer", timeout=SHORT
        )
        assert (Ended.TIMEOUT, "Do you want to continue? [y/N] ") == (done.ended, done.output)

    def test_the_whole_process_group_is_killed(self, terminal: Terminal, sandbox: Sandbox) -> None:
        leader = "sh -c 'trap \"\" INT; sleep 4321 & exec sleep 4321'"
        assert (Ended.TIMEOUT, None) == end(terminal, leader, SHORT)
        command = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"
        assert "sleep 4321" not in sandbox.run(["sh", "-c", command], timeout=PATIENT).output

    def test_what_its_leader_left_behind_is_killed(
        self, terminal: Terminal, sandbox: Sandbox
    ) -> None:
        leader = "bash -c '(trap \"\" INT; exec sleep 5432) & sleep 1000'"
        assert (Ended.TIMEOUT, None) == end(terminal, leader, SHORT)
        command = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' ' '"
        assert "sleep 5432" not in sandbox.run(["sh", "-c", command], timeout=PATIENT).output

    def test_a_background_process_from_before_lives_on(self, terminal: Terminal) -> None:
        run(terminal, "sleep 6543 & background=$!")
        assert (Ended.TIMEOUT, None) == end(terminal, "sleep 1000", SHORT)
        assert (Ended.EXITED, 0) == end(terminal, "kill -0 $background")

    def test_a_nested_shell_stays_open(self, terminal: Terminal) -> None:
        run(terminal, "bash")
        assert (Ended.TIMEOUT, None) == end(terminal, "sleep 1000", SHORT)
        assert 2 == terminal.depth

    def test_a_program_on_the_alternate_screen_is_told(self, terminal: Terminal) -> None:
        done = terminal.execute(r"printf '\033[?1049hmenu'; sleep 1000", timeout=SHORT)
        assert (Ended.TIMEOUT, True) == (done.ended, done.full_screen)

    def test_a_shell_that_a_file_robs_of_its_prompts_gets_them_back(
        self, terminal: Terminal
    ) -> None:
        run(terminal, "echo 'unset PROMPT_COMMAND; PS1=mine' > rob")
        assert (Ended.TIMEOUT, None) == end(terminal, ". ./rob", SHORT)
        assert "still here" == run(terminal, "echo still here")

    def test_a_stopped_shell_goes_on(self, terminal: Terminal) -> None:
        assert (Ended.TIMEOUT, None) == end(terminal, "kill -STOP $$", SHORT)
        assert "still here" == run(terminal, "echo still here")


class TestPrompts:
    """What a shell's prompts do not tell, because they are gone or not seen."""

    @pytest.mark.parametrize(
        "command",
        [
            "unset PROMPT_COMMAND PS0 PS1 PS2",
            "unset PROMPT_COMMAND; PS1=",
            "unset PROMPT_COMMAND; PS1='mine> '; (exit 3)",
            "PS1='mine> '; readonly PS1",
            "exec 2>/dev/null",
        ],
    )
    def test_the_end_of_the_command_and_of_the_next_are_told(
        self, terminal: Terminal, command: str
    ) -> None:
        status = 3 if "exit 3" in command else 0
        assert (Ended.EXITED, status) == end(terminal, command)
        assert (Ended.EXITED, 4) == end(terminal, "echo one; (exit 4)")
        assert "two" == run(terminal, "echo two")

    def test_a_command_of_several_lines_ends_though_no_prompt_is_seen(
        self, terminal: Terminal
    ) -> None:
        run(terminal, "exec 2>/dev/null")
        assert "1\n2" == run(terminal, "for n in 1 2\ndo echo $n\ndone")
        assert (Ended.EXITED, 1) == end(terminal, "x=3\nfalse")
        assert "3" == run(terminal, "echo $x")

    def test_a_command_that_reads_a_line_does_not_get_our_words(self, terminal: Terminal) -> None:
        run(terminal, "unset PROMPT_COMMAND")
        assert (Ended.TIMEOUT, None) == end(terminal, "PS1=x; read -r -p '$ ' line", SHORT)

    def test_the_statuses_of_a_pipe_are_kept(self, terminal: Terminal) -> None:
        end(terminal, "false | true")
        assert "1 0" == run(terminal, 'echo "${PIPESTATUS[*]}"')

    def test_a_debug_trap_prints_nothing_of_ours(self, terminal: Terminal) -> None:
        run(terminal, "trap 'echo \"+ $BASH_COMMAND\"' DEBUG")
        assert "+ echo one\none" == run(terminal, "echo one")

    def test_a_verbose_shell_shows_what_it_reads_and_nothing_of_ours(
        self, terminal: Terminal
    ) -> None:
        run(terminal, "set -v")
        assert "echo one\none" == run(terminal, "echo one")
        run(terminal, "set +v")
        assert "two" == run(terminal, "echo two")

    def test_what_history_expansion_made_of_a_command_is_shown(self, terminal: Terminal) -> None:
        run(terminal, "echo one")
        assert "echo one\none" == run(terminal, "!!")
        assert "no!" == run(terminal, "echo no!")


class TestEnd:
    @pytest.mark.parametrize(
        "command", ["exit", "exit 3", "kill -9 $$", "set -e; false", "exec true", "logout || exit"]
    )
    def test_a_shell_that_ended_is_gone(self, terminal: Terminal, command: str) -> None:
        assert (Ended.GONE, None) == end(terminal, command)
        assert 0 == terminal.depth
        assert (Ended.GONE, None) == end(terminal, "echo more")

    def test_it_is_told_though_a_process_holds_the_terminal(self, terminal: Terminal) -> None:
        run(terminal, "(trap '' HUP; sleep 30 &)")
        done = terminal.execute("kill -9 $$", timeout=20)
        assert Ended.GONE == done.ended

    def test_the_last_words_are_kept(self, terminal: Terminal) -> None:
        done = terminal.execute("echo bye; exit", timeout=PATIENT)
        assert (Ended.GONE, "bye") == (done.ended, done.output.split("\n")[0])


class TestLeftRunning:
    SERVER = "sh -c 'echo listening; trap \"echo bye; exit 0\" INT; while :; do sleep 0.05; done'"

    def start(self, terminal: Terminal) -> Completed:
        return terminal.execute(
            self.SERVER, timeout=PATIENT, until=lambda output: "listening" in output
        )

    def test_a_command_is_left_running_when_its_output_says_so(self, terminal: Terminal) -> None:
        done = self.start(terminal)
        assert (Ended.RUNNING, None, "listening") == (done.ended, done.exit_code, done.output)
        assert terminal.busy

    def test_it_is_looked_at_a_last_time_when_its_time_is_over(self, terminal: Terminal) -> None:
        over = time.monotonic() + SHORT
        done = terminal.execute(
            "sleep 1000", timeout=SHORT, until=lambda output: time.monotonic() >= over
        )
        assert Ended.RUNNING == done.ended

    def test_an_interrupt_ends_it(self, terminal: Terminal) -> None:
        self.start(terminal)
        done = terminal.press(CTRL_C, timeout=PATIENT)
        assert (Ended.EXITED, 0, "bye") == (done.ended, done.exit_code, done.output.strip())
        assert not terminal.busy
        assert "next" == run(terminal, "echo next")

    def test_one_that_ignores_the_interrupt_is_killed(self, terminal: Terminal) -> None:
        terminal.execute("trap '' INT; echo deaf; sleep 1000", timeout=PATIENT, until=bool)
        assert Ended.TIMEOUT == terminal.press(CTRL_C, timeout=SHORT).ended
        assert "next" == run(terminal, "echo next")

    def test_one_that_ended_meanwhile_leaves_no_stray_prompt(self, terminal: Terminal) -> None:
        terminal.execute("echo go; sleep 0.2; echo end", timeout=PATIENT, until=bool)
        run_beside = terminal.press(CTRL_C, timeout=PATIENT)
        assert Ended.EXITED == run_beside.ended
        assert (Ended.EXITED, 1) == end(terminal, "false")
        assert "next" == run(terminal, "echo next")

    def test_the_end_of_input_can_be_pressed(self, terminal: Terminal) -> None:
        terminal.execute("cat; echo end", timeout=PATIENT, until=lambda output: True)
        assert "end" == terminal.press(b"\x04", timeout=PATIENT).output
        assert "next" == run(terminal, "echo next")

    def test_a_command_that_ends_before_is_judged_as_any(self, terminal: Terminal) -> None:
        done = terminal.execute("echo no; false", timeout=PATIENT, until=lambda output: False)
        assert (Ended.EXITED, 1, "no") == (done.ended, done.exit_code, done.output)

    def test_one_that_never_says_so_times_out(self, terminal: Terminal) -> None:
        done = terminal.execute("echo no; sleep 1000", timeout=SHORT, until=lambda output: False)
        assert (Ended.TIMEOUT, "no") == (done.ended, done.output)


def test_two_terminals_share_files_and_nothing_else(sandbox: Sandbox, config: Config) -> None:
    first, second = Terminal(sandbox, config), Terminal(sandbox, config)
    run(first, "v=1; echo shared > shared.txt")
    assert "shared" == run(second, "cat shared.txt; echo -n $v")
    first.close()
    second.close()


def test_a_hidden_file_of_a_long_line_is_removed(terminal: Terminal, sandbox: Sandbox) -> None:
    run(terminal, f"n={'x' * 5000}")
    found = sandbox.run(["sh", "-c", "ls -A /tmp"], timeout=PATIENT).output
    assert ".doctest-nix" not in found


def test_directory_is_a_path(terminal: Terminal) -> None:
    assert isinstance(terminal.directory, PurePosixPath)
