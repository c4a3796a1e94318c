"""Sites read in another process: what a prover and a build tell, keep and refuse."""

from __future__ import annotations

import os
import time
import zlib
from pathlib import Path

import pytest
from oracle_cases import MYST, PAIRS

from converters.oracle import (
    Kind,
    Prover,
    Syntax,
    Warned,
    Workshop,
    build,
    compare_pages,
    compare_sites,
)
from converters.oracle.compare import new_warnings
from converters.oracle.prover import balanced
from converters.separate import ProjectError, Raised, in_forks

INDEX = "Index\n=====\n\n.. toctree::\n\n   page\n\nSee :ref:`the-label` and :ref:`counted`.\n"
PAGE = """.. _the-label:

Page
====

Text.

中文
----

.. _counted:

日本
----
"""


def site(folder: Path, conf: str | None = "", **pages: str) -> Path:
    source = folder / "source"
    source.mkdir()
    if conf is not None:
        (source / "conf.py").write_text(conf)
    for name, text in {"index": INDEX, "page": PAGE, **pages}.items():
        (source / f"{name}.rst").write_text(text)
    return source


def test_a_proof_leaves_the_site_as_it_was(prover: Prover) -> None:
    case = next(case for case in PAIRS if case.title == "Headings and labels")
    before = prover.prove("other", "Lost\n====\n", Syntax.RST)
    assert not before.proven
    assert prover.prove(case.page, case.candidate).proven
    assert prover.prove("other", "Lost\n====\n", Syntax.RST) == before


def test_many_pages_are_proven_as_each_of_them_is(prover: Prover) -> None:
    cases = [case for case in PAIRS if case.title in {"Headings and labels", "Bullet lists"}]
    texts = {case.page: case.candidate for case in cases} | {"other": "# Lost\n"}
    expected = {page: prover.prove(page, text) for page, text in texts.items()}
    assert expected == prover.prove_all(texts, page_timeout=60)
    assert not expected["other"].proven


def test_pages_that_are_proven_together_see_one_another(tmp_path: Path) -> None:
    linking = "Other\n=====\n\nSee :ref:`there`.\n"
    large = dict.fromkeys(("a", "b", "c"), "Large\n=====\n")
    page = ".. _there:\n\nPage\n====\n"
    texts = {"other": "# Other\n\nSee {ref}`there`.\n", "page": "# Page\n"}
    texts |= dict.fromkeys(large, "# Large\n")
    source = site(tmp_path, page=page, other=linking, **large)
    with Prover(source, work=tmp_path / "work", timeout=60, jobs=1) as prover:
        found = prover.prove_together(texts, {"page": 1, "other": 1, "a": 9, "b": 9, "c": 9})
        assert prover.prove_all(texts)["other"].proven
    verdicts = [{page: proof.proven for page, proof in group.items()} for group in found]
    assert {"other": False, "page": False} == verdicts[3]
    assert [{"a": True}, {"b": True}, {"c": True}] == verdicts[:3]


@pytest.mark.parametrize(
    ("weights", "groups"),
    [
        ({}, []),
        ({"a": 1}, [["a"]]),
        ({"a": 1, "b": 5, "c": 2, "d": 2}, [["a", "b"], ["c", "d"]]),
        ({"c": 0, "b": 0, "a": 0}, [["a", "c"], ["b"]]),
    ],
)
def test_groups_are_of_like_weight(weights: dict[str, int], groups: list[list[str]]) -> None:
    assert groups == balanced(weights, weights, 2)


def test_a_link_to_a_page_that_is_still_rst_finds_it_by_its_markdown_name(tmp_path: Path) -> None:
    source = site(tmp_path, page="Page\n====\n\n:doc:`the start <index>`\n")
    with Prover(source, work=tmp_path / "work", timeout=60) as prover:
        assert prover.prove("page", "# Page\n\n[the start](index.md)\n").proven


def test_a_proof_names_the_lines_of_both_sources(prover: Prover) -> None:
    case = next(case for case in PAIRS if case.title == "Bullet lists")
    proof = prover.prove(case.page, case.candidate.replace("A paragraph.", "Another."))
    assert [(11, 10)] == [(d.line, d.actual_line) for d in proof.differences]


def test_a_proof_counts_blocks(prover: Prover) -> None:
    case = next(case for case in PAIRS if case.title == "Numbered lists")
    proof = prover.prove(case.page, case.candidate.replace("six", "sixty"))
    assert (6, 5) == (proof.blocks, proof.equal_blocks)


def test_a_warning_that_the_candidate_alone_gives_is_named(prover: Prover) -> None:
    case = next(case for case in PAIRS if case.title == "Bullet lists")
    proof = prover.prove(case.page, case.candidate + "\n[lost]: https://a.example\n[](nowhere)\n")
    assert [
        Warned(
            page=case.page,
            line=19,
            message="'myst' cross-reference target not found: 'nowhere'",
            slug="myst.xref_missing",
        )
    ] == list(proof.new_warnings)


def test_a_page_that_the_site_does_not_have_is_an_error(prover: Prover) -> None:
    with pytest.raises(ProjectError, match="missing"):
        prover.prove("missing", "# Title\n")


def test_a_site_is_proven_against_itself(tmp_path: Path) -> None:
    source = site(tmp_path)
    first = build(source, work=tmp_path / "one", timeout=60)
    second = build(source, work=tmp_path / "two", timeout=60, jobs=1)
    assert compare_sites(first, second).proven
    assert ["index", "page"] == [page.name for page in first.pages]


def test_a_build_leaves_nothing_in_the_source(tmp_path: Path) -> None:
    source = site(tmp_path, conf="import sys\nsys.path.insert(0, '.')\nimport own\n")
    (source / "own.py").write_text("")
    before = sorted(source.rglob("*"))
    build(source, work=tmp_path / "work", timeout=60)
    assert before == sorted(source.rglob("*"))


def test_a_lost_anchor_and_a_moved_one_are_told_apart(tmp_path: Path) -> None:
    source = site(tmp_path)
    baseline = build(source, work=tmp_path / "one", timeout=60)
    page = PAGE.replace("_the-label", "_the-new-label").replace("中文\n----", "한국\n----")
    (source / "page.rst").write_text(page)
    proof = compare_sites(baseline, build(source, work=tmp_path / "two", timeout=60))
    assert ["the-label"] == [anchor.fragment for _, anchor in proof.lost_anchors]
    assert [("id1", "section '中文'")] == [(a.fragment, a.of) for _, a in proof.moved_anchors]
    assert ["undefined label: 'the-label'"] == [w.message for w in proof.new_warnings]
    assert not proof.proven


def test_a_link_to_a_counted_anchor_of_another_page_is_one_to_what_stands_there(
    tmp_path: Path,
) -> None:
    conf = "extensions = ['sphinx.ext.autosectionlabel']\n"
    start = "Index\n=====\n\n.. toctree::\n\n   page\n\n:ref:`中文`\n"
    source = site(tmp_path, conf, index=start, page="Page\n====\n\n中文\n----\n")
    baseline = build(source, work=tmp_path / "one", timeout=60)
    (source / "page.rst").write_text("Page\n====\n\n`漢字 <https://a.example>`_\n\n中文\n----\n")
    candidate = build(source, work=tmp_path / "two", timeout=60)
    assert compare_pages(baseline.pages[0], candidate.pages[0]).proven
    assert ["id1"] == [a.fragment for a in baseline.pages[1].anchors if a.counted]
    assert ["id2"] == [a.fragment for a in candidate.pages[1].anchors if a.counted]


@pytest.mark.parametrize("anchors", [0, 3])
def test_labels_that_are_made_of_headings_stay(tmp_path: Path, anchors: int) -> None:
    """MyST-Parser puts the id of a written label first, and may add slugs of its own."""
    conf = "extensions = ['sphinx.ext.autosectionlabel']\nautosectionlabel_prefix_document = True\n"
    text = ".. _a-label:\n\nThe ``part``\n============\n\nText.\n"
    settings = {"myst_heading_anchors": anchors}
    source = site(tmp_path, conf, page=PAGE, part=text)
    with Prover(source, overrides=settings, work=tmp_path / "w", timeout=60) as prover:
        same = prover.prove("part", "(a-label)=\n\n# The ``part``\n\nText.\n")
        lost = prover.prove("part", "(a-label)=\n\n# The `part`\n\nText.\n")
    assert [] == [str(difference) for difference in same.differences]
    assert ["label"] == [difference.path for difference in lost.differences]


def test_a_page_that_is_gone_and_one_that_is_new_are_named(tmp_path: Path) -> None:
    source = site(tmp_path)
    baseline = build(source, work=tmp_path / "one", timeout=60)
    (source / "page.rst").rename(source / "renamed.rst")
    proof = compare_sites(baseline, build(source, work=tmp_path / "two", timeout=60))
    assert (Kind.MISSING, "page") == (
        proof.pages[1].differences[0].kind,
        proof.pages[1].differences[0].expected,
    )
    assert ("renamed",) == proof.added_pages
    assert not proof.proven


@pytest.mark.parametrize("name", ["index", "README", "only"])
def test_a_folder_without_conf_starts_at_its_likeliest_page(tmp_path: Path, name: str) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / f"{name}.rst").write_text("Title\n=====\n")
    found = build(tmp_path / "source", work=tmp_path / "work", timeout=60)
    assert [name] == [page.name for page in found.pages]
    assert () == found.warnings


def test_a_conf_elsewhere_counts(tmp_path: Path) -> None:
    source = site(tmp_path, conf=None, other="Other\n=====\n")
    (tmp_path / "settings").mkdir()
    (tmp_path / "settings" / "conf.py").write_text("exclude_patterns = ['other.rst']\n")
    found = build(source, conf=tmp_path / "settings" / "conf.py", work=tmp_path / "w", timeout=60)
    assert ["index", "page"] == [page.name for page in found.pages]


def test_extensions_are_added_to_those_of_the_project(tmp_path: Path) -> None:
    source = site(tmp_path, conf="extensions = ['sphinx.ext.todo']\n")
    (source / "page.md").write_text("# More\n\n```{todo}\nText.\n```\n")
    (source / "page.rst").unlink()
    found = build(
        source,
        overrides={"extensions": ["myst_parser"], "suppress_warnings": ["ref.ref"], **MYST},
        work=tmp_path / "work",
        timeout=60,
    )
    assert () == found.warnings


def test_a_single_extension_may_be_given_by_name(tmp_path: Path) -> None:
    source = site(tmp_path)
    (source / "more.md").write_text("# More\n")
    found = build(
        source, overrides={"extensions": "myst_parser"}, work=tmp_path / "work", timeout=60
    )
    assert ["index", "more", "page"] == [page.name for page in found.pages]


def test_what_other_projects_offer_is_fetched_once(tmp_path: Path) -> None:
    inventory = tmp_path / "objects.inv"
    listed = zlib.compress(b"there std:label 1 page.html#$ There\n")
    head = "# Sphinx inventory version 2\n# Project: Other\n# Version: 1\n"
    inventory.write_bytes(f"{head}# The remainder is zlib\n".encode() + listed)
    conf = f"""
extensions = ["sphinx.ext.intersphinx"]
intersphinx_mapping = {{"other": ("https://other.example/", {str(inventory)!r})}}
"""
    source = site(tmp_path, conf, page="Page\n====\n\n:ref:`there`\n")
    with Prover(source, work=tmp_path / "work", timeout=60) as prover:
        first, inventories = prover.site(), prover.inventories()
    inventory.unlink()
    second = build(source, work=tmp_path / "second", timeout=60, inventories=inventories)
    assert compare_sites(first, second).proven
    assert not compare_sites(first, build(source, work=tmp_path / "third", timeout=60)).proven


def test_a_theme_that_is_not_installed_is_no_hindrance(tmp_path: Path) -> None:
    source = site(tmp_path, conf="html_theme = 'no_such_theme'\nhtml_theme_options = {'a': 1}\n")
    found = build(source, work=tmp_path / "work", timeout=60)
    assert ["index", "page"] == [page.name for page in found.pages]
    assert () == found.warnings


def test_a_site_that_reads_markdown_as_notebooks_is_read_so(tmp_path: Path) -> None:
    conf = f"import sys\nsys.path.insert(0, '{tmp_path}/source')\nextensions = ['myst_nb']\n"
    source = site(tmp_path, conf=conf, other="Other\n=====\n\nSome *text*.\n")
    (source / "myst_nb.py").write_text(
        "from myst_parser.parsers.sphinx_ import MystParser\n"
        "from myst_parser.sphinx_ext.main import setup_sphinx\n"
        "class Parser(MystParser):\n"
        "    supported = ('myst-nb',)\n"
        "def setup(app):\n"
        "    setup_sphinx(app)\n"
        "    app.add_source_suffix('.md', 'myst-nb')\n"
        "    app.add_source_parser(Parser)\n"
    )
    with Prover(source, work=tmp_path / "work", timeout=60) as prover:
        assert prover.prove("other", "# Other\n\nSome *text*.\n").proven


def test_a_name_that_two_pages_give_is_warned_of_at_either() -> None:
    message = "duplicate label same, other instance in "
    at_first = Warned(page="first", line=3, message=f"{message}second")
    at_second = Warned(page="second", line=1, message=f"{message}first")
    another = Warned(page="second", line=1, message="duplicate label it, other instance in first")
    assert () == new_warnings((at_first,), (at_second,), {"first", "second"})
    assert (another,) == new_warnings((at_first,), (another,), {"first", "second"})
    assert (at_second,) == new_warnings((at_first,), (at_second, at_second), {"first", "second"})


def test_a_conf_that_fails_is_an_error_with_its_trace(tmp_path: Path) -> None:
    source = site(tmp_path, conf="nothing_known()\n")
    with pytest.raises(ProjectError, match="nothing_known") as raised:
        build(source, work=tmp_path / "work", timeout=60)
    assert "conf.py" in raised.value.trace


def test_a_conf_that_never_ends_is_killed_with_its_children(tmp_path: Path) -> None:
    conf = (
        "import os, subprocess, time\n"
        "child = subprocess.Popen(['sleep', '1000'])\n"
        f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))\n"
        "print('waiting for the moon', flush=True)\n"
        "time.sleep(1000)\n"
    )
    source = site(tmp_path, conf=conf)
    with pytest.raises(ProjectError, match="took over 4 seconds") as raised:
        build(source, work=tmp_path / "work", timeout=4)
    assert "waiting for the moon" in raised.value.trace
    child = int((tmp_path / "child").read_text())
    assert ended(child)


def ended(process: int) -> bool:
    """Say whether a process that is not ours has ended, giving it a while."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2][0]
        except FileNotFoundError:
            return True
        if state == "Z":
            return True
        time.sleep(0.05)
    return False


def test_a_conf_that_ends_the_process_is_an_error(tmp_path: Path) -> None:
    source = site(tmp_path, conf="import os\nos._exit(3)\n")
    with pytest.raises(ProjectError, match="ended"):
        build(source, work=tmp_path / "work", timeout=60)


def test_a_page_that_overruns_its_time_is_unreadable(tmp_path: Path) -> None:
    conf = (
        "def slow(app, name, source):\n"
        "    if 'slow' in source[0]:\n"
        "        import time\n"
        "        time.sleep(1000)\n"
        "def setup(app):\n"
        "    app.connect('source-read', slow)\n"
    )
    source = site(tmp_path, conf=conf)
    with Prover(source, work=tmp_path / "work", timeout=60, page_timeout=1) as prover:
        proof = prover.prove("page", "# slow\n")
        assert ["TimeoutError: over 1 seconds"] == [d.actual for d in proof.differences]
        assert prover.prove("page", PAGE, Syntax.RST).proven


def exit_hard(_workshop: Workshop) -> None:
    os._exit(1)


def test_a_prover_whose_process_is_gone_says_so(tmp_path: Path) -> None:
    with Prover(site(tmp_path), work=tmp_path / "work", timeout=60) as prover:
        with pytest.raises(ProjectError, match="ended"):
            prover.call(exit_hard, timeout=60)
        with pytest.raises(ProjectError, match="closed"):
            prover.prove("page", "# Page\n")


def exit_some(number: int) -> int:
    if number == 1:
        os._exit(1)
    if number == 2:
        raise ValueError(number)
    return number * 10


def forked(_workshop: Workshop) -> list[tuple[int, int | Raised]]:
    return sorted(in_forks(exit_some, [0, 1, 2, 3], jobs=2, timeout=60), key=lambda pair: pair[0])


def test_what_happens_in_a_fork_stays_there(prover: Prover) -> None:
    results = prover.call(forked, timeout=60)
    shown = [what.what if isinstance(what, Raised) else what for _, what in results]
    assert [0, "ChildProcessError: the process ended", "ValueError: 2", 30] == shown


def stop_early(_workshop: Workshop) -> int:
    for _number, result in in_forks(sleepy, [0, 1000], jobs=2, timeout=60):
        assert not isinstance(result, Raised)
        return result
    return -1


def sleepy(seconds: int) -> int:
    time.sleep(seconds)
    return seconds


def test_forks_that_nobody_waits_for_are_killed(prover: Prover) -> None:
    assert 0 == prover.call(stop_early, timeout=20)


def test_a_page_that_cannot_be_resolved_is_unreadable_and_others_are_not(tmp_path: Path) -> None:
    conf = (
        "def fail(app, doctree, name):\n"
        "    if name == 'page':\n"
        "        raise RuntimeError('cannot resolve ' + name)\n"
        "def setup(app):\n"
        "    app.connect('doctree-resolved', fail)\n"
    )
    found = build(site(tmp_path, conf=conf), work=tmp_path / "work", timeout=60)
    assert (("page", "RuntimeError: cannot resolve page"),) == found.unreadable
    assert [("index", True), ("page", False)] == [(p.name, bool(p.blocks)) for p in found.pages]


def test_what_a_page_leaves_behind_for_others_is_there_when_one_is_tried(tmp_path: Path) -> None:
    first = "First\n=====\n\n.. role:: left\n"
    second = "Second\n======\n\n:left:`behind`\n"
    source = site(tmp_path, conf="suppress_warnings = ['toc']\n", a=first, b=second)
    with Prover(source, work=tmp_path / "work", timeout=60) as prover:
        proof = prover.prove("b", "# Second\n\n{left}`behind`\n")
    assert ((), ()) == (proof.differences, proof.new_warnings)


def test_a_page_that_documents_sphinx_itself_is_read_as_ever(tmp_path: Path) -> None:
    page = "Page\n====\n\n.. automethod:: sphinx.environment.BuildEnvironment.relfn2path\n"
    conf = "extensions = ['sphinx.ext.autodoc']\n"
    with Prover(site(tmp_path, conf, page=page), work=tmp_path / "work", timeout=60) as prover:
        assert prover.prove("page", page, Syntax.RST).proven
