"""Which way a block is written in follows from what the proof of the page says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from converters.oracle import PageProof, Prover
from converters.pen import EVAL_RST, PAGE_RST, Surroundings
from converters.recorder import record
from converters.settle import ProveAll, Settled, settle, settle_all
from converters.surroundings import settings_of

CONF = """
from docutils import nodes
from docutils.parsers.rst import Directive, directives
from docutils.statemachine import StringList
from sphinx.domains import Domain
from sphinx.roles import XRefRole


class Marked(Directive):
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"remark": directives.unchanged}

    def run(self):
        paragraph = nodes.paragraph()
        for text in (self.arguments[0], self.options["remark"]):
            found, _ = self.state.inline_text(text, self.lineno)
            paragraph += found
        return [paragraph]


class Fails(Directive):
    has_content = True

    def run(self):
        if type(self.state).__name__ == "MockState":
            raise RuntimeError("there is no Markdown here")
        return [nodes.paragraph("", "fine")]


class Tells(Directive):
    has_content = True

    def run(self):
        paragraph = nodes.paragraph("", type(self.state).__name__)
        paragraph.line = self.lineno
        return [paragraph]


class Generates(Directive):
    required_arguments = 1
    final_argument_whitespace = True

    def run(self):
        paragraph = nodes.container()
        self.state.nested_parse(StringList([*self.arguments[0].split(";")], ""), 0, paragraph)
        return [paragraph]


class Taints(Directive):
    has_content = True

    def run(self):
        name = type(self.state).__name__
        self.state.document.tainted = getattr(self.state.document, "tainted", "") + name
        return [nodes.paragraph("", str("Mock" in name))]


class Tainted(Directive):
    has_content = True

    def run(self):
        return [nodes.paragraph("", str("Mock" in getattr(self.state.document, "tainted", "")))]


class Shows(Directive):
    def run(self):
        return [nodes.paragraph("", "shown")]


class Release(Directive):
    has_content = True

    def run(self):
        made = nodes.container()
        fields = [line for line in self.content if line.strip().startswith(":")]
        made += nodes.paragraph("", " ".join(line.strip() for line in fields))
        self.state.nested_parse(self.content[len(fields):], self.content_offset, made)
        return [made]


class Strict(Domain):
    name = "strict"
    roles = {"it": XRefRole()}

    def resolve_xref(self, env, fromdocname, builder, typ, target, node, contnode):
        first, second = target.split(".")


def setup(app):
    app.add_domain(Strict)
    app.add_directive("release", Release)
    app.add_directive("generates", Generates)
    app.add_directive("shows", Shows)
    app.add_directive("taints", Taints)
    app.add_directive("tainted", Tainted)
    app.add_directive("marked", Marked)
    app.add_directive("fails", Fails)
    app.add_directive("tells", Tells)
"""

PAGES = {
    "quotes": 'Title\n=====\n\nAn odd "\nquote" that ends a line, *it* isn\'t.\n',
    "escaped": (
        "Title\n=====\n\n"
        r"""It\'s a \"word\", *it\'s* \--long\..., -\-x and c:\\.cache\_x, \.y."""
        "\n"
    ),
    "blank": 'Title\n=====\n\nThe ``code``\\ \'s and "it *is*\\ " all.\n',
    "markup": "Title\n=====\n\n.. marked:: a :sub:`word`\n   :remark: and *another*\n",
    "includes": "Title\n=====\n\nText.\n\nPart\n----\n\nMore.\n\n.. include:: part.inc\n",
    "takes": "Title\n=====\n\nText.\n\nPart\n----\n\n.. include:: named.inc\n",
    "takes both": (
        "Title\n=====\n\nPart\n----\n\nText.\n\n.. include:: named.inc\n\nNext\n----\n\n"
        ".. include:: below.inc\n\nLast\n----\n\nText.\n"
    ),
    "note": "Title\n=====\n\n.. marked:: a [#n]_\n   :remark: b\n\n.. [#n] Note.\n",
    "generates": "Title\n=====\n\n.. generates:: A::;;   code\n\n.. shows::\n\nText.\n",
    "names": "Title\n=====\n\n.. generates:: To `a`_;;.. _a: https://example.org\n\nText.\n",
    "tells": "Title\n=====\n\n" + "".join(f".. tells::\n\n   {n}\n\nText.\n\n" for n in "abc"),
    "glossary": (
        "Title\n=====\n\n.. glossary::\n   :sorted:\n\n   term\n      One.\n\n      Two.\n\n"
        "      `Three <https://\u00fc.example>`_.\n"
    ),
    "release": (
        "Title\n=====\n\n.. release::\n   :version: 1.0_b\n   :date:\n\n   *New*: ``a``.\n\n"
        "   .. release::\n       :version: 2\n\n     Text.\n"
    ),
    "headings": "Title\n=====\n\nSee `a part`_.\n\nA part\n------\n\nText.\n",
    "tainted": "Title\n=====\n\n" + 2 * ".. taints::\n\n   a\n\n.. tainted::\n\n   b\n\n",
    "fails": "Title\n=====\n\nText.\n\n.. fails::\n\n   Body.\n\nMore *text*.\n",
}


@pytest.fixture(scope="module")
def prover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prover]:
    folder = tmp_path_factory.mktemp("settle")
    source = folder / "site"
    source.mkdir()
    (source / "conf.py").write_text(CONF)
    (source / "index.rst").write_text("Start\n=====\n\n.. toctree::\n   :glob:\n\n   *\n")
    for name, text in PAGES.items():
        (source / f"{name}.rst").write_text(text)
    settings = {
        "extensions": [PAGE_RST],
        "myst_enable_extensions": ["colon_fence"],
        "myst_footnote_sort": False,
    }
    (source / "named.inc").write_text("Other\n-----\n\nIt names a_.\n\n.. _a: https://x.org\n")
    (source / "below.inc").write_text("Deep\n~~~~\n\nNames b_.\n\n.. _b: https://y.org\n")
    (source / "part.inc").write_text("Another\n=======\n\nIts text.\n")
    with Prover(source, overrides=settings, work=folder / "work", timeout=120) as prover:
        yield prover


def settled(
    prover: Prover, name: str, prove: ProveAll | None = None, *, page_rst: bool = False
) -> Settled:
    settings = prover.call(settings_of, timeout=60)
    surroundings = Surroundings(
        registry=settings.registry, quotes=settings.quotes, page_rst=page_rst
    )
    recorded = record(PAGES[name], registry=settings.registry)
    ((_, found),) = settle_all({name: settle(recorded, surroundings)}, prove or prover.prove_all)
    assert isinstance(found, Settled)
    return found


def test_a_quote_that_sphinx_would_take_for_the_other_one_is_written_as_it_is_shown(
    prover: Prover,
) -> None:
    found = settled(prover, "quotes")
    expected = "# Title\n\nAn odd ”\nquote” that ends a line, *it* isn’t.\n"
    assert (True, expected) == (found.proven, found.written.text)


def test_what_an_author_keeps_from_becoming_typographic_stays_as_it_is(prover: Prover) -> None:
    found = settled(prover, "escaped")
    text = r"""It\\'s a \\"word\\", *it\\'s* \\--long\\..., -\\-x and c:\\\\.cache_x, .y."""
    expected = f"# Title\n\n{text}\n"
    assert (True, expected, {}) == (found.proven, found.written.text, found.choices)


def test_a_quote_beside_an_escaped_blank_is_written_as_it_is_shown_at_once(prover: Prover) -> None:
    found = settled(prover, "blank")
    expected = "# Title\n\nThe `code`‘s and “it *is*“ all.\n"
    assert (True, expected, {}) == (found.proven, found.written.text, found.choices)


def test_markup_in_an_unknown_directives_words_is_converted(prover: Prover) -> None:
    found = settled(prover, "markup")
    expected = "# Title\n\n:::{marked} a {sub}`word`\n:remark: and *another*\n:::\n"
    assert (True, expected) == (found.proven, found.written.text)


def test_a_footnotes_mark_in_an_unknown_directives_words_is_converted(prover: Prover) -> None:
    found = settled(prover, "note")
    expected = "# Title\n\n:::{marked} a [^n]\n:remark: b\n:::\n\n[^n]: Note.\n"
    assert (True, expected) == (found.proven, found.written.text.replace("```", ":::"))


def test_a_directive_that_makes_rst_of_its_own_stays_rst_and_others_do_not(prover: Prover) -> None:
    found = settled(prover, "generates")
    kept = "```{eval-rst}\n.. generates:: A::;;   code\n```"
    expected = f"# Title\n\n{kept}\n\n```{{shows}}\n```\n\nText.\n"
    assert (True, expected) == (found.proven, found.written.text)


def test_blocks_that_need_rst_are_not_tried_one_by_one_again(prover: Prover) -> None:
    tried: list[str] = []

    def prove(texts: Mapping[str, str]) -> Mapping[str, PageProof]:
        tried.extend(texts.values())
        return prover.prove_all(texts)

    found = settled(prover, "tells", prove)
    kept = [mark.construct for mark in found.written.marks if mark.way == EVAL_RST]
    assert (True, ["directive tells"] * 3) == (found.proven, kept)
    assert [False, True] == ["eval-rst" in text for text in tried]


def test_what_differs_only_after_another_block_does_not_stay_rst_with_it(prover: Prover) -> None:
    found = settled(prover, "tainted")
    kept = [mark.construct for mark in found.written.marks if mark.way == EVAL_RST]
    assert (True, ["directive taints"] * 2) == (found.proven, kept)


def test_in_a_glossary_the_paragraph_alone_stays_rst(prover: Prover) -> None:
    found = settled(prover, "glossary")
    kept = [mark.construct for mark in found.written.marks if mark.way == EVAL_RST]
    assert (True, ["paragraph"]) == (found.proven, kept)


def test_a_page_that_cannot_be_proven_says_what_is_new_and_is_not_taken_whole(
    prover: Prover,
) -> None:
    found = settled(prover, "names")
    assert not found.proven
    assert found.reason.endswith('Unknown target name: "a".')
    assert "# Title\n" in found.written.text


def test_an_included_file_that_goes_up_a_level_takes_its_section_with_it(prover: Prover) -> None:
    found = settled(prover, "includes")
    expected = f"```{{eval-rst}}\n{PAGES['includes']}```\n"
    assert (True, expected) == (found.proven, found.written.text)


def test_a_file_with_names_that_goes_up_a_level_may_belong_to_the_page(prover: Prover) -> None:
    assert not settled(prover, "takes").proven
    found = settled(prover, "takes", page_rst=True)
    expected = "## Part\n\n```{page-rst}\n:level: 2\n\n.. include:: named.inc\n```\n"
    assert found.proven
    assert expected in found.written.text


def test_of_two_included_files_the_one_that_goes_up_a_level_does(prover: Prover) -> None:
    found = settled(prover, "takes both", page_rst=True)
    assert found.proven
    assert "```{page-rst}\n:level: 2\n\n.. include:: named.inc\n```\n" in found.written.text
    assert "```{page-rst}\n.. include:: below.inc\n```\n" in found.written.text


def test_a_directive_on_which_sphinx_fails_stays_rst(prover: Prover) -> None:
    found = settled(prover, "fails")
    expected = "# Title\n\nText.\n\n```{eval-rst}\n.. fails::\n\n   Body.\n```\n\nMore *text*.\n"
    assert (True, expected) == (found.proven, found.written.text)


def test_fields_that_a_directive_reads_itself_are_kept_to_the_letter(prover: Prover) -> None:
    found = settled(prover, "release")
    assert found.proven
    assert (
        "````{release}\n\n:version: 1.0_b\n:date:\n\n*New*: `a`.\n\n"
        "```{release}\n\n:version: 2\n\nText.\n```\n````\n"
    ) in found.written.text


def test_a_heading_gets_a_label_where_the_project_fails_to_look_for_it(prover: Prover) -> None:
    found = settled(prover, "headings")
    assert found.proven
    assert "See [a part](#a-part).\n\n(a-part)=\n## A part\n" in found.written.text


def test_the_builds_of_a_site_go_on_after_a_page_that_fails(tmp_path: Path) -> None:
    from converters.oracle import build, compare_sites

    source = tmp_path / "site"
    source.mkdir()
    (source / "conf.py").write_text(CONF + '\n    app.setup_extension("myst_parser")\n')
    (source / "index.rst").write_text("Start\n=====\n\n.. toctree::\n\n   page\n")
    (source / "page.rst").write_text(PAGES["fails"])
    before = build(source, work=tmp_path / "before", timeout=60)
    (source / "page.rst").unlink()
    (source / "page.md").write_text("# Title\n\nText.\n\n```{fails}\nBody.\n```\n")
    proof = compare_sites(before, build(source, work=tmp_path / "after", timeout=60))
    assert {
        "index": [],
        "page": ["page: unreadable at page: '' became 'RuntimeError: there is no Markdown here'"],
    } == {page.page: [str(found) for found in page.differences] for page in proof.pages}
