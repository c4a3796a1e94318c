"""What a command takes as given is a need, and a slip of the page stays a mistake."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from doctest_nix.bindings import Bindings
from doctest_nix.slips import is_slip
from doctest_nix.steps.given import with_real_hashes

#: A page, and the reason for which its last block is skipped.
GIVEN = {
    "a file that the page never made": (
        """
        ```console
        $ cat notes.txt
        ```
        """,
        "needs file: notes.txt, which the page did not make",
    ),
    "a project file that nobody named": (
        """
        ```console
        $ nix-build
        ```
        """,
        "needs file: default.nix, which the page did not make",
    ),
    "a directory of the reader": (
        """
        ```console
        $ cd projects
        /home/thu/projects
        ```
        """,
        "needs file: projects, which the page did not make",
    ),
    "a name that is bound elsewhere": (
        """
        ```nix
        eachSystem [ 1 ]
        => 1
        ```
        """,
        "needs value: what eachSystem stands for",
    ),
    "a store path of the author": (
        """
        ```console
        $ ls /nix/store/d718efzzzzzzzzzzzzzzzzzzzzzzzzzz-foo
        bin
        ```
        """,
        "needs file: /nix/store/d718efzzzzzzzzzzzzzzzzzzzzzzzzzz-foo, which the page did not make",
    ),
    "a place in the search path": (
        """
        ```console
        $ nix-instantiate --eval -E '<home-manager>'
        ```
        """,
        "needs file: <home-manager>, which the page did not make",
    ),
    "a program of the project": (
        """
        ```console
        $ hydra-create-user alice
        ```
        """,
        "needs program: hydra-create-user",
    ),
    "a program that is asked for": (
        """
        ```console
        $ ls $(which ktorrent)
        /usr/bin/ktorrent
        ```
        """,
        "needs program: ktorrent",
    ),
    "a value to fill in": (
        """
        ```console
        $ nix-store --realise <your-drv>
        ```
        """,
        "needs value: what <your-drv> stands for",
    ),
    "a shell that was opened elsewhere": (
        """
        ```console
        [nix-shell]$ configurePhase
        ```
        """,
        "needs shell: no command of the page opened it",
    ),
    "a place that is root's": (
        """
        ```console
        $ echo 1 > /proc/version
        ```
        """,
        "needs root: ",
    ),
    "the reader's machine": (
        """
        ```console
        $ df /
        /dev/sda1 12%
        ```
        """,
        "needs machine: df tells of the reader's own",
    ),
    "a variable of the machine": (
        """
        ```console
        $ echo $NIX_PATH
        nixpkgs=/root/channels
        ```
        """,
        "needs machine: echo $NIX_PATH tells of the reader's own",
    ),
    "a machine without a program": (
        """
        ```console
        $ sort --version
        sort: command not found
        ```
        """,
        "needs machine: one without sort",
    ),
    "the reader's channels": (
        """
        ```console
        $ nix-env -qa firefox
        firefox-1.0
        ```
        """,
        "needs machine: the reader's own channels",
    ),
    "a nested shell in which a command shows nothing": (
        """
        ```console
        [nix-shell:~]$ echo $GREETING > /dev/null
        ```
        """,
        "needs shell: no command of the page opened it",
    ),
    "a command of another release of Nix": (
        """
        ```console
        $ echo "error: 'frobnicate' is not a recognised command"; false
        ```
        """,
        "needs release: this Nix has no `nix frobnicate`",
    ),
    "another release of Nix": (
        """
        ```console
        $ nix-store --clear-substitutes
        ```
        """,
        "needs release: this Nix has no --clear-substitutes",
    ),
    "a variable that the page does not set": (
        """
        ```console
        $ READY=1 $EXAMPLE_COMPILER -v myfile.c
        ```
        """,
        "needs value: what $EXAMPLE_COMPILER stands for",
    ),
    "a name in a repl that the page does not bind": (
        """
        ```console
        nix-repl> pkgs.config.allowUnfree
        false
        ```
        """,
        "needs value: what pkgs stands for",
    ),
    "a default file": (
        """
        ```console
        $ nix-shell
        $ ls
        ```
        """,
        "needs file: ",
    ),
    "a script of the reader's": (
        """
        ```console
        $ ./my_script
        hello
        ```
        """,
        "needs file: my_script, which the page did not make",
    ),
    "a directory in the reader's home": (
        """
        ```console
        $ cd
        $ cd Desktop
        ```
        """,
        "needs file: Desktop, which the page did not make",
    ),
    "a database of the reader's": (
        """
        ```console
        $ echo 'unable to open "/var/lib/example/db.sqlite"'; false /var/lib/example/db.sqlite
        ```
        """,
        "needs file: db.sqlite, which the page did not make",
    ),
    "what is in the reader's home": (
        """
        ```console
        $ ls -F
        Documents/  Music/
        ```
        """,
        "needs file: the reader's own",
    ),
    "a passphrase": (
        """
        <!-- doctest-nix: timeout=1 -->
        ```console
        $ read -r -p 'Enter passphrase (empty for none): ' secret
        ```
        """,
        "needs interactive: it asks: Enter passphrase (empty for none):",
    ),
    "the reader's profile": (
        """
        ```console
        $ nix-env --switch-generation 42
        switching from generation 50 to 42
        ```
        """,
        "needs machine: the reader's own profile",
    ),
    "the reader's store": (
        """
        ```console
        $ nix-store --gc
        8825586 bytes freed (8.42 MiB)
        ```
        """,
        "needs machine: the reader's own store and settings",
    ),
    "a key of the reader's": (
        """
        ```console
        $ echo 'No Google API key found in ~/.key'; false
        ```
        """,
        "needs credentials: No Google API key found",
    ),
    "the profile itself": (
        """
        ```console
        $ readlink ~/.nix-profile
        /nix/var/nix/profiles/per-user/alice/profile
        ```
        """,
        "needs machine: the reader's own profile",
    ),
    "a makefile": (
        """
        ```console
        $ make
        make: *** No rule to make target 'paper.tex', needed by 'paper.pdf'.  Stop.
        ```
        """,
        "needs file: Makefile, which the page did not make",
    ),
    "the help of another release": (
        """
        ```console
        nix-repl> :?
          <expr>     Evaluate and think about expression
        ```
        """,
        "needs release: the help is that of another",
    ),
    "an operator of another release": (
        """
        ```console
        nix-repl> 1 |> builtins.add 2
        3
        ```
        """,
        "needs release: this Nix has no |>",
    ),
    "the manual pages of the reader": (
        """
        ```console
        $ man sort
        SORT(1)                          User Commands                         SORT(1)
        ```
        """,
        "needs machine: man tells of the reader's own",
    ),
    "a package of the author's": (
        """
        ```console
        $ echo -I/usr/include
        -I/nix/store/xxx-openssl/include
        ```
        """,
        "needs file: /nix/store/xxx-openssl, which the page did not make",
    ),
    "a word that is no command": (
        """
        ```console
        null or string
        ```
        """,
        "needs program: null",
    ),
    "another make of a program": (
        """
        ```console
        $ sort --version | head -n1
        sort (BSD coreutils) of 1979
        ```
        """,
        "needs machine: the reader's own version of sort",
    ),
    "the reader's name": (
        """
        ```console
        $ git init -q && git commit -q --allow-empty -m one
        $ git log --format='%an <%ae>'
        Alice <alice@example.org>
        ```
        """,
        "needs machine: the reader's own name in git",
    ),
    "a short name that is nearly another": (
        """
        ```console
        $ perk stat ./program
        ```
        """,
        "needs program: perk",
    ),
    "a makefile with a target": (
        """
        ```console
        $ make html
        sphinx-build -b html . _build/html
        ```
        """,
        "needs file: Makefile, which the page did not make",
    ),
    "the help of another version": (
        """
        ```console
        $ sort --help
        Usage: sort, as it was in 1979
        ```
        """,
        "needs machine: the reader's own version of sort",
    ),
    "a directory that every machine has": (
        """
        ```console
        $ mkdir /nix
        ```
        """,
        "needs root: mkdir: cannot create directory",
    ),
}

#: Pages whose last block is wrong.
WRONG = {
    "a slip of a file's name": """
        ```nix
        # hello.nix
        1
        ```

        ```console
        $ nix-instantiate --eval helo.nix
        1
        ```
        """,
    "a file of a kind that the page makes": """
        ```nix
        # hello.nix
        1
        ```

        ```console
        $ nix-instantiate --eval other.nix
        1
        ```
        """,
    "a file that a step of the page should have made": """
        ```console
        $ mkdir out
        $ cat out/hello.txt
        ```
        """,
    "a slip of a program's name after a command that was skipped": """
        ```console
        $ sudo true
        ```

        ```console
        $ ecoh hello
        ```
        """,
    "a slip of a program's name": """
        ```console
        $ nix-biuld
        ```
        """,
    "a slip of a flag": """
        ```console
        $ nix-instantiate --evl -E 1
        ```
        """,
    "a slip of a name in an expression": """
        ```nix
        let value = 1; in vaule
        => 1
        ```
        """,
    "a slip of a directory's name": """
        ```console
        $ mkdir project
        $ cd projet
        ```
        """,
    "a listing of what the page did not make": """
        ```console
        $ touch a.txt
        $ ls
        b.txt
        ```
        """,
    "a slip of a variable's name": """
        ```console
        $ greeting=hello
        $ mkdir $greetng
        ```
        """,
    "a slip of a name in a repl": """
        ```console
        nix-repl> value = 1
        nix-repl> vaule
        1
        ```
        """,
    "a slip in the search path": """
        ```console
        $ nix-instantiate --eval -E '<nixpkg>'
        ```
        """,
    "a script that cannot be executed": """
        ```console
        $ echo 'echo hello' > hello.sh
        $ ./hello.sh
        hello
        ```
        """,
    "a key of nobody's": """
        ```console
        $ echo 'No monkey found in ~/.key'; false
        ```
        """,
    "a makefile beside one that the page makes": """
        ```console
        $ echo 'all:' > Makefil
        $ make
        ```
        """,
    "a failure beside a comment on another": """
        ```console
        $ false
        # and on we go
        ```
        """,
    "a failure that says why, beside a comment": """
        ```console
        $ echo why; false
        # no output (invalid)
        ```
        """,
    "a failure after a command that only tells of the reader's": """
        ```console
        $ cat notes.txt
        ```

        ```console
        $ echo one
        two
        ```
        """,
    "another name than the page tells git": """
        ```console
        $ git init -q && git config user.email bob@example.org
        $ git commit -q --allow-empty -m one
        $ git log --format=%ae
        alice@example.org
        ```
        """,
    "a target that the page's makefile has not": """
        ```console
        $ echo 'all:' > Makefile
        $ make al
        ```
        """,
    "a directory that the page made before": """
        ```console
        $ mkdir out
        $ mkdir out
        ```
        """,
    "the version of what is not there": """
        ```console
        $ sotr --version
        sort 1.0
        ```
        """,
    "an output with a comment below it": """
        ```console
        $ echo one
        two
        # and now
        $ echo two
        two
        ```
        """,
}


def last_blocks(pytester: pytest.Pytester, pages: dict[str, str]) -> dict[str, tuple[str, str]]:
    """Run the pages; return fate and reason of each one's last block."""
    for name, text in pages.items():
        pytester.path.joinpath(f"{name}.md").write_text(dedent(text))
    pytester.runpytest_inprocess(
        pytester.path, "--nix-sandbox=bubblewrap", "--nix-json=report.json", "--nix-timeout=20"
    )
    report = json.loads((pytester.path / "report.json").read_text())
    blocks = {
        d["path"].rpartition("/")[2].removesuffix(".md"): d["blocks"][-1]
        for d in report["documents"]
    }
    return {name: (blocks[name]["fate"], blocks[name]["reason"]) for name in pages}


def test_what_the_page_takes_as_given_is_a_need(pytester: pytest.Pytester) -> None:
    found = last_blocks(pytester, {name: page for name, (page, _) in GIVEN.items()})

    assert {name: ("skipped", reason) for name, (_, reason) in GIVEN.items()} == {
        name: (fate, reason[: len(GIVEN[name][1])]) for name, (fate, reason) in found.items()
    }


def test_a_slip_stays_a_mistake(pytester: pytest.Pytester) -> None:
    found = last_blocks(pytester, WRONG)

    assert dict.fromkeys(WRONG, "failed") == {name: fate for name, (fate, _) in found.items()}


@pytest.mark.parametrize("line", ["#!/bin/sh", "nix-shell -p '(f (p: [ p ]))'", "nix run a#b"])
def test_what_a_shell_reads_is_no_nix_code(line: str, pytester: pytest.Pytester) -> None:
    page = f"```nix\n{line}\n```\n"

    assert {"page": ("passed", "")} == last_blocks(pytester, {"page": page})


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("nix-biuld", "nix-build", True),
        ("helo.nix", "hello.nix", True),
        ("update", "date", False),
        ("fhs", "fish", False),
        ("hello.nix", "hello.nix", False),
        ("other.nix", "hello.nix", False),
    ],
)
def test_a_slip_is_a_letter_away(name: str, known: str, expected: bool) -> None:
    assert expected == is_slip(name, [known])


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("rl-2.4.md", "skipped"),
        ("release-notes/2.4.md", "skipped"),
        ("docs/CHANGELOG.md", "skipped"),
        ("HISTORY.md", "skipped"),
        ("news/12.md", "skipped"),
        ("history.md", "failed"),
        ("history/shells.md", "failed"),
        ("newsreader.md", "failed"),
    ],
)
def test_release_notes_tell_of_their_release(
    name: str, expected: str, pytester: pytest.Pytester
) -> None:
    page = pytester.path / name
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("```console\n$ nix-instantiate --eval -E 1\n2\n```\n")

    pytester.runpytest_inprocess(name, "--nix-sandbox=bubblewrap", "--nix-json=report.json")
    (document,) = json.loads((pytester.path / "report.json").read_text())["documents"]

    assert expected == document["blocks"][0]["fate"]


def test_a_project_in_a_folder_of_that_name_has_no_release_notes(
    pytester: pytest.Pytester,
) -> None:
    project = pytester.path / "changes"
    project.mkdir()
    project.joinpath("page.md").write_text("```console\n$ nix-instantiate --eval -E 1\n2\n```\n")

    result = pytester.runpytest_inprocess(
        "changes", f"--rootdir={project}", "--nix-sandbox=bubblewrap"
    )

    result.assert_outcomes(failed=1)


def test_a_file_beside_the_page_is_in_the_readers_checkout(pytester: pytest.Pytester) -> None:
    pytester.path.joinpath("release.nix").write_text("1\n")
    page = """
        ```nix
        # other.nix
        1
        ```

        ```console
        $ nix-build release.nix
        ```
        """
    reason = "needs file: release.nix, which the page did not make"

    assert {"page": ("skipped", reason)} == last_blocks(pytester, {"page": page})


def test_release_notes_tell_of_another_release(pytester: pytest.Pytester) -> None:
    page = """
        ```console
        $ nix-instantiate --eval -E 1
        2
        ```
        """
    found = last_blocks(pytester, {"rl-2.1": page, "release": page})

    assert {"rl-2.1": "skipped", "release": "failed"} == {n: fate for n, (fate, _) in found.items()}


def test_a_comment_between_commands_is_no_output(pytester: pytest.Pytester) -> None:
    page = """
        ```console
        $ echo one
        one
        # or
        $ echo two
        # which is all
        ```
        """

    assert {"page": ("passed", "")} == last_blocks(pytester, {"page": page})


def test_a_repl_answers_with_what_was_typed(pytester: pytest.Pytester) -> None:
    page = """
        ```console
        nix-repl> "foo"
        "foo"
        nix-repl> ''foo''
        "foo"
        ```
        """

    assert {"page": ("passed", "")} == last_blocks(pytester, {"page": page})


def test_a_paragraph_that_is_only_a_name_names_the_block(pytester: pytest.Pytester) -> None:
    page = """
        `a.nix`:

        ```nix
        1 + 2
        ```

        ```console
        $ nix-instantiate --eval a.nix
        3
        ```
        """

    assert {"page": ("passed", "")} == last_blocks(pytester, {"page": page})


def test_a_store_path_in_a_command_is_the_one_that_was_printed() -> None:
    shown, real = "z" * 32, "y" * 32
    bindings = Bindings({f"store:{shown}": real})

    assert f"cat /nix/store/{real}-a /nix/store/{'x' * 32}-b" == with_real_hashes(
        f"cat /nix/store/{shown}-a /nix/store/{'x' * 32}-b", bindings
    )
