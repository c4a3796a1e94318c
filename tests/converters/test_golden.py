"""Each construct and each escaping rule: what is written, and that it renders the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from golden_cases import GOLDEN, Golden

from converters.oracle import Prover
from converters.recorder import record
from converters.writer import write

CONF = """
project = "Golden"
version = "1.2"
extensions = ["sphinx.ext.doctest"]
"""

EXTENSIONS = [
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "fieldlist",
    "substitution",
]


@pytest.fixture(scope="session")
def prover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prover]:
    folder = tmp_path_factory.mktemp("golden")
    source = folder / "site"
    source.mkdir()
    (source / "conf.py").write_text(CONF)
    (source / "picture.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    names = "".join(f"   {case.page}\n" for case in GOLDEN)
    (source / "index.rst").write_text(f"Start\n=====\n\n.. toctree::\n\n{names}   other\n")
    (source / "other.rst").write_text("Other\n=====\n\n.. [Knuth] The Art.\n")
    for case in GOLDEN:
        (source / f"{case.page}.rst").write_text(case.rst, "utf-8")
    settings = {"myst_enable_extensions": EXTENSIONS, "myst_footnote_sort": False}
    with Prover(source, overrides=settings, work=folder / "work", timeout=240) as prover:
        yield prover


@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_a_construct_is_written_as_the_page_shows(case: Golden) -> None:
    assert case.myst == write(record(case.rst)).text


@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_what_is_written_renders_the_same(prover: Prover, case: Golden) -> None:
    proof = prover.prove(case.page, case.myst)
    assert ((), ()) == (tuple(map(str, proof.differences)), proof.new_warnings)


@pytest.mark.parametrize("case", GOLDEN, ids=str)
def test_writing_twice_gives_the_same_bytes(case: Golden) -> None:
    recorded = record(case.rst)
    assert write(recorded) == write(recorded)


def test_no_two_cases_have_one_name() -> None:
    assert len(GOLDEN) == len({case.page for case in GOLDEN})


def test_the_file_of_cases_ends_in_a_case() -> None:
    assert Path(__file__).with_name("golden.txt").read_text("utf-8").endswith("\n.\n")
