"""Reading documents and the files that they include."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from doctest_nix.document import Block, Style
from doctest_nix.errors import DocumentError
from doctest_nix.formats import FORMATS, load

LINES = "one\n  two\n    three\nfour\n"


def write(path: Path, content: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def only(path: Path, root: Path) -> Block:
    """Return the one block of the document."""
    (block,) = load(path, root=root).blocks
    return block


def refusal(path: Path) -> str:
    with pytest.raises(DocumentError) as caught:
        load(path, root=path.parent)
    return str(caught.value)


def included(tmp_path: Path, options: str, content: str = LINES) -> tuple[str, str]:
    """Return text and fault of a literalinclude with these option lines."""
    write(tmp_path / "code.txt", content)
    source = f"```{{literalinclude}} code.txt\n{options}```\n"
    block = only(write(tmp_path / "page.md", source), tmp_path)
    return block.text, block.fault


@pytest.mark.parametrize("suffix", [".md", ".markdown", ".rst", ".MD"])
def test_a_document_is_read_by_the_format_of_its_suffix(tmp_path: Path, suffix: str) -> None:
    source = "Text\n\n    code\n" if suffix != ".rst" else "::\n\n  code\n"
    block = only(write(tmp_path / f"page{suffix}", source), tmp_path)
    assert ("code", 3) == (block.text, block.text_line)


def test_the_formats_are_those_of_the_documentation() -> None:
    assert [".md", ".markdown", ".rst"] == list(FORMATS)


def test_a_mark_of_byte_order_and_windows_lines_are_read(tmp_path: Path) -> None:
    page = write(tmp_path / "page.md", b"\xef\xbb\xbf# T\r\n\r\n```nix\r\na\r\n```\r\n")
    document = load(page, root=tmp_path)
    assert ("T", "a", 4) == (
        document.title,
        document.blocks[0].text,
        document.blocks[0].text_line,
    )


def test_a_byte_that_is_no_text_is_an_error_at_its_line(tmp_path: Path) -> None:
    page = write(tmp_path / "page.md", b"a\nb\nc\xe9\n")
    assert refusal(page) == (
        f"{page}:3: byte 0xe9 is no UTF-8 [doctest-nix.unreadable]\n"
        "Save it as UTF-8, for example: iconv -f latin1 -t utf-8 page.md"
    )


def test_a_folder_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "page.md").mkdir()
    assert refusal(tmp_path / "page.md") == (
        f"{tmp_path}/page.md:1: this is no regular file [doctest-nix.unreadable]\n"
        "Name a file, or collect the folder."
    )


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "page.md")
    assert "this is no regular file" in refusal(tmp_path / "page.md")


def test_a_missing_file_is_an_error(tmp_path: Path) -> None:
    assert refusal(tmp_path / "page.md") == (
        f"{tmp_path}/page.md:1: the file cannot be read: No such file or directory "
        "[doctest-nix.unreadable]\nCheck its name and its permissions."
    )


def test_an_unknown_suffix_is_an_error(tmp_path: Path) -> None:
    assert refusal(write(tmp_path / "page.txt", "")) == (
        f"{tmp_path}/page.txt:1: no format has the suffix '.txt' [doctest-nix.unreadable]\n"
        "Documents end in .md, .markdown, .rst."
    )


def test_an_included_file_is_relative_to_the_document(tmp_path: Path) -> None:
    write(tmp_path / "a" / "x.nix", "{ }\n")
    page = write(tmp_path / "a" / "page.rst", ".. literalinclude:: x.nix\n   :language: nix\n")
    block = only(page, tmp_path)
    assert (Style.INCLUDED, "nix", "{ }", 1, "") == (
        block.style,
        block.language,
        block.text,
        block.text_line,
        block.fault,
    )


def test_a_slash_begins_at_the_root(tmp_path: Path) -> None:
    write(tmp_path / "x.nix", "x\n")
    page = write(tmp_path / "a" / "page.md", "```{literalinclude} /x.nix\n```\n")
    assert "x" == only(page, tmp_path).text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ("", "one\n  two\n    three\nfour"),
        (":lines: 2-3\n", "  two\n    three"),
        (":lines: 4, 1\n", "four\none"),
        (":lines: -2\n", "one\n  two"),
        (":lines: 3-99\n", "    three\nfour"),
        (":lines: 3-\n", "    three\nfour"),
        (":start-after: one\n:end-before: four\n", "  two\n    three"),
        (":start-at: two\n:end-at: three\n", "  two\n    three"),
        (":start-after: one\n:end-before: four\n:dedent:\n", "two\n  three"),
        (":lines: 2-3\n:dedent: 1\n", " two\n   three"),
        (":lines: 1\n:prepend: zero\n:append: end\n", "zero\none\nend"),
        (":start-after: one\n:lines: 1\n", "  two"),
        (":emphasize-lines: 1\n:caption: C\n", "one\n  two\n    three\nfour"),
    ],
)
def test_options_select_lines_of_an_included_file(tmp_path: Path, options: str, text: str) -> None:
    assert (text, "") == included(tmp_path, options)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (":lines: 5\n", "the included file has 4 lines, so none of '5'"),
        (":lines: 0\n", "the included file has 4 lines, so none of '0'"),
        (":lines: x\n", "the option 'lines' is no list of ranges: 'x'"),
        (":lines: 1,\n", "the option 'lines' is no list of ranges: '1,'"),
        (
            ":start-after: nine\n",
            "the included file has no line with 'nine', as the option 'start-after' says",
        ),
        (
            ":end-at: nine\n",
            "the included file has no line with 'nine', as the option 'end-at' says",
        ),
    ],
)
def test_a_selection_that_fails_is_a_fault_of_the_block(
    tmp_path: Path, options: str, fault: str
) -> None:
    assert ("", f"{fault} [doctest-nix.include]") == included(tmp_path, options)


@pytest.mark.parametrize("option", ["pyobject", "diff"])
def test_an_option_that_is_not_supported_is_no_mistake_of_the_page(
    tmp_path: Path, option: str
) -> None:
    fault = f"the option {option!r} of an included block is not supported"
    assert ("", f"{fault} [doctest-nix.include-unread]") == included(tmp_path, f":{option}: f\n")


@pytest.mark.parametrize("name", ["folder/x.nix", "x.nix"])
def test_an_included_file_without_any_like_it_is_no_mistake_of_the_page(
    tmp_path: Path, name: str
) -> None:
    page = write(tmp_path / "page.md", f"```{{literalinclude}} {name}\n```\n")
    assert only(page, tmp_path).fault.endswith("[doctest-nix.include-unread]")


def test_a_missing_included_file_is_a_fault_and_the_rest_is_fine(tmp_path: Path) -> None:
    write(tmp_path / "y", "")
    page = write(tmp_path / "page.md", "```{literalinclude} x\n```\n\n```nix\na\n```\n")
    first, second = load(page, root=tmp_path).blocks
    place = tmp_path / "x"
    fault = f"the included file 'x' does not exist; it is looked for at {place}"
    assert (f"{fault} [doctest-nix.include]", "", "a") == (first.fault, second.fault, second.text)


def test_an_included_file_without_a_name_is_a_fault(tmp_path: Path) -> None:
    page = write(tmp_path / "page.md", "```{literalinclude}\n```\n")
    assert only(page, tmp_path).fault.startswith("the included block names no file")


def test_a_name_that_no_file_can_have_is_a_fault(tmp_path: Path) -> None:
    page = write(tmp_path / "page.md", f"```{{literalinclude}} {'x' * 5000}\n```\n")
    assert "cannot be read" in only(page, tmp_path).fault


def test_an_included_file_that_is_no_text_is_a_fault(tmp_path: Path) -> None:
    write(tmp_path / "x", b"a\n\xff\n")
    page = write(tmp_path / "page.md", "```{literalinclude} x\n```\n")
    fault = "the included file 'x' is no UTF-8 text, from its line 2 [doctest-nix.include-unread]"
    assert fault == only(page, tmp_path).fault


@pytest.mark.parametrize("name", ["../secret", "link", "/../secret", "folder/../../secret"])
def test_nothing_outside_the_root_is_included(tmp_path: Path, name: str) -> None:
    root = tmp_path / "root"
    write(tmp_path / "secret", "secret\n")
    (root / "folder").mkdir(parents=True)
    (root / "link").symlink_to(tmp_path / "secret")
    page = write(root / "page.md", f"```{{literalinclude}} {name}\n```\n")
    fault = f"the included file {name!r} is outside {root}; move it into that folder"
    block = only(page, root)
    assert ("", f"{fault} [doctest-nix.include-unread]") == (block.text, block.fault)


def test_a_root_that_is_a_link_is_followed(tmp_path: Path) -> None:
    write(tmp_path / "real" / "x", "x\n")
    write(tmp_path / "real" / "page.md", "```{literalinclude} x\n```\n")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    assert "x" == only(tmp_path / "link" / "page.md", tmp_path / "link").text


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (":code: sh\n", "one\n  two\n    three\nfour"),
        (":literal:\n:start-line: 1\n:end-line: 3\n", "  two\n    three"),
        (":literal:\n:start-line: -2\n", "    three\nfour"),
        (":literal:\n:start-after: one\n:end-before: four\n", "  two\n    three"),
    ],
)
def test_include_shows_a_file_as_code(tmp_path: Path, options: str, text: str) -> None:
    write(tmp_path / "code.txt", LINES)
    page = write(tmp_path / "page.md", f"```{{include}} code.txt\n{options}```\n")
    assert text == only(page, tmp_path).text


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (":start-line: x\n", "the option 'start-line' is no line number: 'x'"),
        (
            ":end-before: y\n",
            "the included file has no text 'y', as the option 'end-before' says",
        ),
    ],
)
def test_include_with_wrong_options_is_a_fault(tmp_path: Path, options: str, fault: str) -> None:
    write(tmp_path / "code.txt", LINES)
    page = write(tmp_path / "page.md", f"```{{include}} code.txt\n:literal:\n{options}```\n")
    assert f"{fault} [doctest-nix.include]" == only(page, tmp_path).fault


ANCHORED = (
    "one\n# ANCHOR: a\ntwo\n# ANCHOR: b\nthree\n# ANCHOR_END: b\nfour\n# ANCHOR_END: a\nfive\n"
)


@pytest.mark.parametrize(
    ("argument", "text"),
    [
        ("x.rs", ANCHORED.removesuffix("\n")),
        ("x.rs:1", "one"),
        ("x.rs:0", ""),
        ("x.rs:7:", "four\nfive"),
        ("x.rs::3", "one\ntwo"),
        ("x.rs:3:5", "two\nthree"),
        ("x.rs:a", "two\nthree\nfour"),
        ("x.rs:b", "three"),
    ],
)
def test_mdbook_includes_files_ranges_and_anchors(tmp_path: Path, argument: str, text: str) -> None:
    write(tmp_path / "x.rs", ANCHORED)
    page = write(tmp_path / "page.md", f"```rust\n{{{{#include {argument}}}}}\n```\n")
    assert text == only(page, tmp_path).text


@pytest.mark.parametrize(
    ("argument", "fault"),
    [
        ("x.rs:c", "the included file has no anchor 'c'"),
        ("x.rs:c:d", "the lines of 'x.rs:c:d' cannot be understood; write `file:2:10`"),
        ("x.rs:1:2:3", "the lines of 'x.rs:1:2:3' cannot be understood; write `file:2:10`"),
        ("x.rs:", "the lines of 'x.rs:' cannot be understood; write `file:2:10`"),
    ],
)
def test_an_mdbook_include_that_fails_is_a_fault(tmp_path: Path, argument: str, fault: str) -> None:
    write(tmp_path / "x.rs", ANCHORED)
    page = write(tmp_path / "page.md", f"```rust\n{{{{#include {argument}}}}}\n```\n")
    assert f"{fault} [doctest-nix.include]" == only(page, tmp_path).fault


def test_text_around_an_mdbook_include_stays(tmp_path: Path) -> None:
    write(tmp_path / "x", "b\n")
    page = write(tmp_path / "page.md", "```sh\na\n{{#include x}}{{#include x }}\nc\n```\n")
    assert "a\nbb\nc" == only(page, tmp_path).text


def offered(tmp_path: Path, source: str, name: str = "page.md") -> dict[str, tuple[bytes, bool]]:
    """Return what a page offers beside `files/run.sh`, and a file outside of the root."""
    root = tmp_path / "root"
    write(root / "files" / "run.sh", "echo hi\n").chmod(0o755)
    write(root / "data.txt", "1\n").chmod(0o644)
    write(tmp_path / "secret.txt", "secret\n")
    document = load(write(root / name, source), root=root)
    return {file.name: (file.data, file.executable) for file in document.downloads}


def test_what_a_page_offers_and_names_is_read(tmp_path: Path) -> None:
    page = "Get {download}`the script <files/run.sh>` and {download}`/data.txt`.\n"
    block = "\n```console\n$ ./run.sh < data.txt\n```\n"
    expected = {"run.sh": (b"echo hi\n", True), "data.txt": (b"1\n", False)}
    assert expected == offered(tmp_path, page + block)


def test_rst_offers_by_its_own_role(tmp_path: Path) -> None:
    page = "Get :download:`the script <files/run.sh>`.\n\n::\n\n  $ ./run.sh\n"
    assert {"run.sh": (b"echo hi\n", True)} == offered(tmp_path, page, "page.rst")


@pytest.mark.parametrize(
    "page",
    [
        "Get {download}`files/run.sh`.\n\n```console\n$ ls\n```\n",
        "Get {download}`files/run.sh`.\n\n```console\n$ ./my-run.sh\n```\n",
        "Get {download}`../secret.txt`.\n\n```console\n$ cat secret.txt\n```\n",
        "Get {download}`nowhere.txt`.\n\n```console\n$ cat nowhere.txt\n```\n",
        "Get {download}`files`.\n\n```console\n$ ls files\n```\n",
        "See [files](files/run.sh).\n\n```console\n$ ./run.sh\n```\n",
    ],
    ids=["named-nowhere", "another-name", "outside", "missing", "directory", "link"],
)
def test_no_other_file_is_offered(tmp_path: Path, page: str) -> None:
    assert {} == offered(tmp_path, page)
