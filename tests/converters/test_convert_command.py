"""``doctest-nix convert``: what it tells, what it writes, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from converters import apply
from doctest_nix.__main__ import main

CONF = 'project = "A site"\nextensions = []\n'

PAGES = {
    "index.rst": "Start\n=====\n\n.. toctree::\n\n   guide\n   notes.rst\n",
    "guide.rst": (
        ".. _the guide:\n\nGuide\n=====\n\nSome *text*, see :ref:`the guide`.\n\n"
        '.. doctest-nix: skip reason="a picture"\n\n.. code-block:: console\n\n   $ ls\n'
    ),
    "notes.rst": "Notes\n=====\n\n.. note::\n\n   A note.\n",
}

WRITTEN = {
    "index.md": "# Start\n\n```{toctree}\nguide\nnotes.md\n```\n",
    "guide.md": (
        "(the guide)=\n# Guide\n\nSome *text*, see {ref}`the guide`.\n\n"
        '<!-- doctest-nix: skip reason="a picture" -->\n\n```console\n$ ls\n```\n'
    ),
    "notes.md": "# Notes\n\n:::{note}\nA note.\n:::\n",
    "conf.py": (
        'project = "A site"\nextensions = ["myst_parser"]\n\n'
        'myst_enable_extensions = ["colon_fence"]\n'
    ),
}


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return made(tmp_path / "project" / "docs", {"conf.py": CONF, **PAGES})


@pytest.fixture
def repository(site: Path) -> Path:
    """The site's repository, in which all is committed."""
    root = site.parent
    git(root, "init", "-q")
    git(root, "config", "user.name", "A writer")
    git(root, "config", "user.email", "writer@example.org")
    commit(root, "Pages")
    return root


def made(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def git(root: Path, *arguments: str) -> str:
    command = ["git", *arguments]
    return subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout


def commit(root: Path, subject: str) -> None:
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", subject)


def convert(*arguments: object) -> int:
    return main(["convert", *map(str, arguments)])


def files(folder: Path) -> dict[str, bytes]:
    """Return all files below ``folder`` but git's own, by name."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".git" not in path.parts
    }


def texts(folder: Path) -> dict[str, str]:
    return {name: data.decode() for name, data in files(folder).items()}


# What is told


def test_without_write_a_diff_is_printed_and_nothing_changes(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(site)
    status = convert(site)
    told = capsys.readouterr()
    assert (0, before) == (status, files(site))
    assert (
        "--- a/notes.rst\n+++ b/notes.md\n@@ -1,6 +1,5 @@\n-Notes\n-=====\n+# Notes\n" in told.out
    )
    assert '-extensions = []\n+extensions = ["myst_parser"]\n' in told.out
    assert "3 of 3 pages proven to render the same.\n" == told.err


def test_a_diff_is_the_same_bytes_whatever_the_order_of_sets(site: Path) -> None:
    command = [sys.executable, "-m", "doctest_nix", "convert", str(site)]
    told = [
        subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    ]
    assert told[0] == told[1] != b""


def test_check_fails_while_there_is_a_page_to_convert(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 1 == convert(site, "--check")
    assert ("", "3 of 3 pages proven to render the same.\n") == capsys.readouterr()


def test_a_report_is_written_for_people_and_for_programs(site: Path, tmp_path: Path) -> None:
    made(site, {"wide.rst": GRID, "other.rst": "Other\n=====\n\nSee ``guide.rst``.\n"})
    made(site.parent, {"README.md": "Read docs/guide.rst first.\n", ".git/HEAD": ""})
    convert(site, "--report", tmp_path / "report.md", "--json", tmp_path / "report.json")
    report = (tmp_path / "report.md").read_text()
    assert "| wide.rst | proven, 1 in eval-rst | | | |\n| | | 6 | table | kept as RST |\n" in report
    assert "- `README.md:1`: `Read docs/guide.rst first.`\n" in report
    data = json.loads((tmp_path / "report.json").read_text())
    assert {
        "pages": 5, "proven": 5, "left": 0, "blocks": 16, "eval_rst_blocks": 4
    } == data["totals"]  # fmt: skip
    assert [
        {"path": "docs/other.md", "line": 3, "text": "See `guide.rst`."},
        {"path": "README.md", "line": 1, "text": "Read docs/guide.rst first."},
    ] == data["mentions"]


GRID = """\
:orphan:

Wide
====

+-----+-----+
| one | two |
+-----+-----+
| both      |
+-----------+
"""


def test_the_project_may_lack_what_the_converter_needs() -> None:
    program = "import sys; sys.modules['sphinx'] = None; from doctest_nix.__main__ import main; "
    ran = subprocess.run(
        [sys.executable, "-c", f"{program} sys.exit(main(['convert', '.']))"],
        capture_output=True,
        text=True,
        check=False,
    )
    expected = (
        "doctest-nix convert needs Sphinx and MyST-Parser; there is no module 'sphinx'.\n"
        "Install them with: pip install 'doctest-nix[convert]'\n"
    )
    assert (2, expected) == (ran.returncode, ran.stderr)


def test_a_path_that_is_not_there_is_a_misuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 2 == convert(tmp_path / "nowhere")
    assert f"{tmp_path}/nowhere: there is no such file or directory\n" == capsys.readouterr().err


# The project's own code


def test_a_conf_that_fails_is_told_with_its_place(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(site, {"conf.py": "\n\nraise RuntimeError('no settings today')\n"})
    assert 1 == convert(site)
    assert (
        f"The site cannot be read: {site}/conf.py:3: RuntimeError: no settings today; it has to "
        "build with sphinx-build first, and --trace shows the stack [doctest-nix.project]\n"
    ) == capsys.readouterr().err
    assert 1 == convert(site, "--trace")
    assert "Traceback (most recent call last):\n" in capsys.readouterr().err


def test_a_module_that_is_not_installed_is_told_in_a_line(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(site, {"conf.py": "import no_such_module\n"})
    assert 1 == convert(site)
    assert (
        f"The site needs the module 'no_such_module' ({site}/conf.py:1): install what offers it "
        "[doctest-nix.project]\n"
    ) == capsys.readouterr().err


def test_an_extension_that_is_not_installed_is_told_in_a_line(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(site, {"conf.py": "extensions = ['no_such_module']\n"})
    assert 1 == convert(site)
    assert (
        "The site needs the module 'no_such_module': install what offers it [doctest-nix.project]\n"
    ) == capsys.readouterr().err


def test_a_page_whose_links_sphinx_fails_on_is_left(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    conf = (
        "def missing(app, env, node, content):\n"
        "    raise KeyError(node['reftarget'])\n"
        "def setup(app):\n"
        "    app.connect('missing-reference', missing)\n"
    )
    made(site, {"conf.py": conf, "fails.rst": ":orphan:\n\nFails\n=====\n\nSee :ref:`nowhere`.\n"})
    assert 0 == convert(site)
    assert (
        f"{site}/fails.rst: left as RST: Sphinx fails on it: KeyError: 'nowhere'\n"
    ) in capsys.readouterr().err


def test_an_extension_that_more_pages_need_is_offered_and_told(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(site, {"wide.rst": GRID.replace("both ", "[#n]_") + "\n.. [#n] Note.\n"})
    assert 0 == convert(site)
    said = capsys.readouterr()
    assert "\n--page-rst may convert more pages, with an extension in conf.py.\n" in said.err
    assert "page_rst" not in said.out
    assert 0 == convert(site, "--page-rst", "--report", str(tmp_path / "report.md"))
    assert "| wide.rst | proven, 1 in page-rst | | | |\n" in (tmp_path / "report.md").read_text()
    said = capsys.readouterr()
    assert "left as RST" not in said.err
    assert (
        "conf.py names doctest_nix.page_rst: install doctest-nix[sphinx] where the site is built."
    ) in said.err
    assert '+extensions = ["myst_parser", "doctest_nix.page_rst"]' in said.out


def test_a_conf_that_hangs_is_ended(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made(site, {"conf.py": "import time\nprint('asking a server')\ntime.sleep(600)\n"})
    assert 1 == convert(site, "--timeout", "2")
    assert (
        "The project's own code (conf.py and extensions) took over 2 seconds [doctest-nix.project]"
        in capsys.readouterr().err
    )


def test_a_conf_finds_the_project_of_an_unpacked_release(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (site.parent / "pyproject.toml").write_text('[project]\nname = "x"\n')
    conf = f"{CONF}import pathlib\nproject = pathlib.Path('../pyproject.toml').read_text()\n"
    (site / "conf.py").write_text(conf)
    assert convert(site, "--check") == 1
    assert "3 of 3 pages proven" in capsys.readouterr().err


def test_a_conf_that_writes_beside_itself_writes_to_a_copy(site: Path) -> None:
    made(site, {"conf.py": f"{CONF}from pathlib import Path\nPath('made.txt').write_text('')\n"})
    before = files(site)
    convert(site, "--check")
    assert before == files(site)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_asked_to_end_leaves_no_folder_and_no_process(
    site: Path, tmp_path: Path, number: signal.Signals
) -> None:
    place = tmp_path / "temporary"
    place.mkdir()
    pid = tmp_path / "pid"
    waits = f"import os, pathlib, time\npathlib.Path({str(pid)!r}).write_text(str(os.getpid()))\n"
    made(site, {"conf.py": f"{waits}time.sleep(600)\n"})
    program = f"""
import signal, sys
signal.signal({int(number)}, signal.SIG_DFL)  # a job in the background may have it ignored
from doctest_nix.__main__ import main
sys.exit(main(["convert", {str(site)!r}, "--check"]))
"""
    process = subprocess.Popen(
        [sys.executable, "-c", program],
        env={**os.environ, "TMPDIR": str(place)},
        stderr=subprocess.PIPE,
    )
    while not pid.exists() or not pid.read_text():
        time.sleep(0.05)
    process.send_signal(number)
    _, told = process.communicate(timeout=60)
    assert (128 + number, b"Stopped; nothing was changed.\n") == (process.returncode, told)
    assert [] == list(place.iterdir())
    assert not Path("/proc", pid.read_text()).exists()


# Writing


def test_pages_and_settings_are_written(site: Path) -> None:
    assert 0 == convert(site, "--write")
    assert WRITTEN == texts(site)


def test_a_second_run_has_nothing_to_do(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    convert(site, "--write")
    before = files(site)
    capsys.readouterr()
    assert (0, 0, before) == (convert(site, "--write"), convert(site, "--check"), files(site))
    assert 2 * "There is no RST page to convert.\n" == capsys.readouterr().err


def test_two_commits_keep_the_history_of_a_page(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert 0 == convert(repository / "docs", "--write")
    told = capsys.readouterr().err.splitlines()
    assert [
        "git commit -m 'Rename pages to Markdown'   # the renames are staged",
        "git commit -a -m 'Convert pages to MyST'",
    ] == told[-2:]
    git(repository, "commit", "-q", "-m", "Rename pages to Markdown")
    git(repository, "commit", "-q", "-a", "-m", "Convert pages to MyST")
    history = git(repository, "log", "--follow", "--format=%s", "docs/notes.md").splitlines()
    assert ["Convert pages to MyST", "Rename pages to Markdown", "Pages"] == history
    assert "" == git(repository, "status", "--porcelain")


def test_one_page_without_a_conf_is_converted_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = made(tmp_path, {"a.rst": PAGES["notes.rst"], "b.rst": "B\n=\n", "c/d.rst": "D\n=\n"})
    assert 0 == convert(folder / "a.rst", "--write")
    assert {"a.md": WRITTEN["notes.md"], "b.rst": "B\n=\n", "c/d.rst": "D\n=\n"} == texts(folder)
    assert (
        'There is no conf.py; the site\'s needs:\nextensions = ["myst_parser"]\n\n'
        'myst_enable_extensions = ["colon_fence"]\n' in capsys.readouterr().err
    )


def test_a_class_directive_outside_a_sphinx_site_is_docutils_own(tmp_path: Path) -> None:
    page = "A\n=\n\n.. class:: special\n\nText.\n\n.. class:: wide\n\n:field: text\n"
    folder = made(tmp_path, {"a.rst": page})
    assert 0 == convert(folder / "a.rst", "--write")
    assert {
        "a.md": "# A\n\n{.special}\nText.\n\n```{rst-class} wide\n```\n\n:field: text\n"
    } == texts(folder)


def test_one_page_of_a_site_is_converted_alone(site: Path) -> None:
    assert 0 == convert(site / "notes.rst", "--write")
    expected = {**PAGES, "notes.md": WRITTEN["notes.md"], "conf.py": WRITTEN["conf.py"]}
    del expected["notes.rst"]
    # The list of pages names the file: it stays right, and so that page is left to its author.
    assert sorted(expected) == sorted(texts(site))


# Refusing


def test_a_tree_with_changes_of_its_own_is_refused(
    repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made(repository, {"docs/guide.rst": PAGES["guide.rst"] + "\nMore.\n"})
    before = files(repository)
    assert 1 == convert(repository / "docs", "--write")
    assert before == files(repository)
    assert (
        "The work tree has changes that are not committed [doctest-nix.write]\n"
        "Commit or stash them first, so that the migration can be undone:\n"
        " M docs/guide.rst\n" in capsys.readouterr().err
    )


@pytest.fixture
def refused(site: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[Path, list[str]]]:
    """A site after a run, with pages that cannot be converted, and what was told of them."""
    conf = f"{CONF}source_suffix = {{'.rst': 'restructuredtext', '.txt': 'restructuredtext'}}\n"
    made(site, {"conf.py": conf, "there.rst": "T\n=\n", "there.md": "# T\n"})
    made(site, {"clash.rst": "C\n=\n", "clash.d/x.rst": "X\n=\n", "clash.d/x.txt": "X\n=\n"})
    made(site.parent, {"elsewhere.rst": "E\n=\n"})
    (site / "linked.rst").symlink_to("../elsewhere.rst")
    (site / "latin.rst").write_bytes("Caf\xe9\n====\n".encode("latin-1"))
    assert 0 == convert(site, "--write")
    return site, [line for line in capsys.readouterr().err.splitlines() if "left as RST:" in line]


def test_what_cannot_be_converted_is_told_and_the_rest_goes_on(
    refused: tuple[Path, list[str]],
) -> None:
    site, told = refused
    assert [
        f"{site}/clash.d/x.rst: left as RST: x.txt would become x.md too",
        (
            f"{site}/latin.rst: left as RST: it cannot be read: 'utf-8' codec can't decode byte"
            " 0xe9 in position 3: invalid continuation byte"
        ),
        f"{site}/linked.rst: left as RST: it is a link that leaves the site",
        f"{site}/there.rst: left as RST: there.md is there already",
    ] == told
    left = {"clash.d/x.rst", "clash.d/x.txt", "latin.rst", "there.rst", "there.md", "linked.rst"}
    done = {"clash.md", "conf.py", "guide.md", "index.md", "notes.md"}
    assert left | done == set(files(site))


# All or nothing


def test_a_failure_half_way_leaves_everything_as_it_was(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = files(repository)
    taken = apply._take

    def failing(step: apply.Step) -> None:
        taken(step)
        if step.new.name == "index.md":
            raise OSError("the disk is full")

    monkeypatch.setattr(apply, "_take", failing)
    with pytest.raises(OSError, match="the disk is full"):
        convert(repository / "docs", "--write")
    assert (before, "") == (files(repository), git(repository, "status", "--porcelain"))


@pytest.mark.parametrize("page", ["guide.md", "index.md", "notes.md", "conf.py"])
def test_a_run_that_was_killed_is_undone_by_the_next(
    repository: Path, page: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = files(repository)
    program = f"""
import os, signal
from converters import apply
from doctest_nix.__main__ import main
taken = apply._take
def killed(step):
    taken(step)
    if step.new.name == {page!r}:
        os.kill(os.getpid(), signal.SIGKILL)
apply._take = killed
main(["convert", {str(repository / "docs")!r}, "--write"])
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert -signal.SIGKILL == ran.returncode
    assert before != files(repository)
    assert apply.recover(repository / "docs")
    assert (before, "") == (files(repository), git(repository, "status", "--porcelain"))


def test_an_interrupt_while_files_move_comes_too_late(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = apply._take

    def interrupted(step: apply.Step) -> None:
        signal.raise_signal(signal.SIGINT)  # to this thread: xdist's workers have another one
        taken(step)

    monkeypatch.setattr(apply, "_take", interrupted)
    assert 0 == convert(repository / "docs", "--write")
    assert WRITTEN == texts(repository / "docs")


@pytest.mark.parametrize("seconds", [0.3, 1.0, 1.8])
def test_an_interrupt_before_leaves_everything_as_it_was(repository: Path, seconds: float) -> None:
    before = files(repository)
    process = subprocess.Popen(
        [sys.executable, "-m", "doctest_nix", "convert", str(repository / "docs"), "--write"],
        stderr=subprocess.PIPE,
        text=True,
    )
    time.sleep(seconds)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    unchanged = before == files(repository)
    written = texts(repository / "docs") == WRITTEN
    if process.returncode == 0:
        assert written
    elif "nothing was changed" in said:
        assert unchanged
    else:  # Python itself was interrupted, while it started or ended
        assert written or unchanged
