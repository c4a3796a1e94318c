"""The `doctest-nix` command; `image build` itself makes the image of the tests (tools/)."""

from __future__ import annotations

from pathlib import Path

import pytest

from doctest_nix import __version__
from doctest_nix.__main__ import main

PAGE = """\
# T

```console
$ true
```

```nix hello.nix
1
```

<!-- doctest-nix: skip reason="no printer" -->
```nix
1
```

```text
+---+
```
"""


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_list_says_what_would_be_done_with_each_block(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.joinpath("docs").mkdir()
    here.joinpath("docs", "page.md").write_text(PAGE)
    here.joinpath("docs", "notes.txt").write_text("no document")

    assert 0 == main(["list", "docs"])
    assert [
        "docs/page.md:3: session (1 command)",
        "docs/page.md:7: file (hello.nix)",
        "docs/page.md:12: skip (no printer)",
        "docs/page.md:16: none (no checker for text)",
    ] == capsys.readouterr().out.splitlines()


def test_list_tells_of_a_document_that_cannot_be_understood_and_goes_on(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here.joinpath("bad.md").write_text("# T\n\n```nix\n")
    here.joinpath("page.md").write_text("# T\n\n```nix\n1\n```\n")

    assert 1 == main(["list", "bad.md", "page.md"])
    output = capsys.readouterr()
    assert ["page.md:3: syntax (nix)"] == output.out.splitlines()
    assert output.err.startswith("bad.md:3: ")
    assert "[doctest-nix.unclosed-fence]" in output.err


def test_a_document_outside_of_the_directory_can_be_listed(
    here: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path_factory.mktemp("elsewhere") / "page.md"
    page.write_text("# T\n\n```nix\n1\n```\n")

    assert 0 == main(["list", str(page)])
    assert [f"{page}:3: syntax (nix)"] == capsys.readouterr().out.splitlines()


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert 0 == ended.value.code
    assert f"doctest-nix {__version__}\n" == capsys.readouterr().out


def test_an_image_without_an_engine_is_an_error_with_its_remedy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent.sock")

    assert 1 == main(["image", "build"])
    assert "[doctest-nix.engine-down]" in capsys.readouterr().err
