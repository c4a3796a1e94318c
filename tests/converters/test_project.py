"""A whole site: what its pages share, include, offer and name moves with them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from converters.migration import Migration
from converters.project import plan
from converters.settle import RECLAIMED

SITE = {
    "conf.py": '''\
extensions = ["sphinx.ext.extlinks"]
default_role = "any"
rst_prolog = """
.. |tool| replace:: the *Tool*
.. role:: red
"""
rst_epilog = ".. _home: https://example.org/\\n"
extlinks = {"bug": ("https://example.org/%s", "bug %s")}
''',
    "index.rst": """\
Start
=====

Use |tool| from home_, mind :red:`this` and :bug:`1`; see `the part`.

.. toctree::
   :caption: Pages
   :hidden:

   Guide <guide.rst>
   deep/*
   parts/shared

.. toctree::
   :glob:

   m*
""",
    "guide.rst": """\
Guide
=====

.. include:: parts/shared.rst

Get :download:`it <deep/data.txt>` and read :doc:`deep/page`.

.. literalinclude:: deep/kept.rst
   :language: rst
""",
    "parts/shared.rst": "Shared\n------\n\nBoth show it.\n",
    "deep/page.rst": (
        "Deep\n====\n\n.. image:: ../picture.png\n\nA `link <../guide.html>`_ and a note [1]_.\n\n"
        ".. [1] The note.\n"
    ),
    "deep/kept.rst": ":orphan:\n\nKept\n====\n\nIt is shown as it is.\n",
    "deep/data.txt": "data\n",
    "more.rst": ".. _the part:\n\nMore\n====\n\n.. raw:: html\n\n   <b>more</b>\n",
    "itself.rst": (
        ":orphan:\n\nItself\n======\n\n.. begin\n\nSaid *twice*.\n\n.. end\n\n"
        ".. include:: itself.rst\n   :start-after: begin\n   :end-before: end\n"
    ),
    "picture.png": "",
}


@pytest.fixture(scope="module")
def migration(tmp_path_factory: pytest.TempPathFactory) -> Migration:
    return planned(tmp_path_factory.mktemp("project"), SITE)


def planned(folder: Path, site: Mapping[str, str], *, page_rst: bool = False) -> Migration:
    for name, text in site.items():
        path = folder / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "work").mkdir()
    return plan(
        folder / "site",
        folder / "work",
        timeout=120,
        jobs=2,
        progress=lambda what, n, of: None,
        page_rst=page_rst,
    )


def written(migration: Migration, path: str) -> str:
    (page,) = [page for page in migration.converted if page.path == path]
    return page.text


def test_pages_are_proven_or_left_with_the_reason(migration: Migration) -> None:
    assert {
        "deep/kept.rst": "a page that stays RST reads this file, or one reads it as it is",
    } == {page.path: page.reason for page in migration.left}
    assert migration.proof is not None
    assert migration.proof.proven


def test_what_the_prolog_and_the_epilog_define_is_shared(migration: Migration) -> None:
    start, _, rest = written(migration, "index.rst").partition("# Start\n\n")
    assert "```{role} red\n```\n\n" == start
    assert rest.startswith(
        "Use {{ tool }} from [home](https://example.org/), mind {red}`this` and {bug}`1`;"
        " see {any}`the part`.\n"
    )


def test_lists_of_pages_name_the_new_files(migration: Migration) -> None:
    assert "Guide <guide.md>\ndeep/*\nparts/shared\n" in written(migration, "index.rst")


def test_a_page_is_included_as_markdown_and_shown_as_it_is_where_it_is_literal(
    migration: Migration,
) -> None:
    guide = written(migration, "guide.rst")
    assert "```{include} parts/shared.md\n:heading-offset: 1\n```\n" in guide
    assert "```{literalinclude} deep/kept.rst\n:language: rst\n```\n" in guide


def test_a_part_of_a_page_is_included_as_markdown_on_the_page_itself_too(
    migration: Migration,
) -> None:
    fence = "```{include} itself.md\n:start-after: begin\n:end-before: end\n```\n"
    assert written(migration, "itself.rst").endswith(
        f"# Itself\n\n% begin\n\nSaid *twice*.\n\n% end\n\n{fence}"
    )


def test_paths_of_files_stay(migration: Migration) -> None:
    assert "Get {download}`it <deep/data.txt>` and" in written(migration, "guide.rst")
    assert "![](../picture.png)" in written(migration, "deep/page.rst") or (
        "```{image} ../picture.png\n```" in written(migration, "deep/page.rst")
    )


def test_the_settings_get_what_the_pages_use(migration: Migration) -> None:
    assert migration.conf is not None
    added = migration.conf[1].replace(SITE["conf.py"], "")
    assert 'extensions = ["sphinx.ext.extlinks", "myst_parser"]' in added
    assert "myst_footnote_sort = False" in added
    assert 'myst_substitutions = {\n    "tool": "the *Tool*",\n}' in added


APART = {
    "conf.py": """\
from docutils import nodes
from docutils.parsers.rst import Directive
from docutils.statemachine import StringList


class Makes(Directive):
    def run(self):
        made = nodes.container()
        lines = [".. program:: p", "", ".. option:: --all", "", "   All."]
        self.state.nested_parse(StringList(lines, ""), 0, made)
        return [made]


class Shows(Directive):
    def run(self):
        return [nodes.paragraph("", "shown")]


def setup(app):
    app.add_directive("makes", Makes)
    app.add_directive("shows", Shows)
""",
    "index.rst": "Start\n=====\n\n.. toctree::\n\n   options\n",
    "options.rst": "Options\n=======\n\n.. makes::\n",
    "user.rst": (
        ":orphan:\n\nUser\n====\n\nTry :option:`p --all`.\n\n" + ".. shows::\n\n" * (RECLAIMED + 1)
    ),
}


def test_a_page_that_only_waits_for_another_keeps_its_best_ways(tmp_path: Path) -> None:
    found = planned(tmp_path, APART)
    assert () == found.left
    assert "```{eval-rst}\n.. makes::\n```\n" in written(found, "options.rst")
    assert "eval-rst" not in written(found, "user.rst")


def test_what_others_include_has_its_ways_before_them(tmp_path: Path) -> None:
    conf = """\
from docutils import nodes
from docutils.parsers.rst import Directive


class Usage(Directive):
    has_content = True

    def run(self):
        text = "\\n".join(self.content)
        return [nodes.literal_block(text, text)]


def setup(app):
    app.add_directive("usage", Usage)
"""
    site = {
        "conf.py": conf,
        "index.rst": "Start\n=====\n\n.. include:: tool.rst\n   :start-after: begin\n",
        "tool.rst": ":orphan:\n\nTool\n====\n\n.. begin\n\n.. usage::\n\n   tool\n      [-a]\n",
    }
    found = planned(tmp_path, site)
    assert () == found.left
    assert "```{include} tool.md\n:start-after: begin\n" in written(found, "index.rst")
    assert "```{usage}\ntool\n   [-a]\n```\n" in written(found, "tool.rst")


def test_a_page_that_sphinx_cannot_read_twice_waits_for_the_whole_site(tmp_path: Path) -> None:
    conf = """\
from docutils import nodes
from docutils.parsers.rst import Directive
from sphinx.util import logging

declared = set()


class Declares(Directive):
    required_arguments = 1

    def run(self):
        name = self.arguments[0]
        if name in declared:
            logging.getLogger(__name__).warning("%s is declared twice", name, location="page")
        declared.add(name)
        return [nodes.paragraph("", name)]


def setup(app):
    app.add_directive("declares", Declares)
"""
    index = "Start\n=====\n\n.. declares:: it\n"
    found = planned(tmp_path / "one", {"conf.py": conf, "index.rst": index})
    assert () == found.left
    assert "```{declares} it\n```\n" in written(found, "index.rst")
    site = {
        "conf.py": conf,
        "index.rst": f"{index}\n.. include:: part.inc\n",
        "part.inc": "It names itself_.\n\n.. _itself: https://x.org\n",
    }
    assert ["index.rst"] == [page.path for page in planned(tmp_path / "two", site).left]
    found = planned(tmp_path / "three", site, page_rst=True)
    assert () == found.left
    assert "```{page-rst}\n.. include:: part.inc\n```\n" in written(found, "index.rst")


def test_a_file_that_only_defines_names_is_not_included_any_more(tmp_path: Path) -> None:
    site = {
        "conf.py": "",
        "index.rst": (
            ".. include:: names.inc\n.. include:: <isonum.txt>\n\nStart\n=====\n\n"
            "The |tool| of home_ |copy|, start_.\n\nterm : kind\n   The |tool|.\n"
        ),
        "names.inc": (
            ".. A comment.\n.. highlight:: bash\n.. |version-of| replace:: 1.0\n"
            ".. |tool| replace:: Tool |version-of|\n"
            ".. _home: https://example.org/\n.. _start: https://example.org/start\n"
        ),
    }
    found = planned(tmp_path, site)
    assert () == found.left
    assert (
        '---\nmyst:\n  substitutions:\n    tool: "Tool 1.0"\n    copy: "©"\n---\n\n'
        "```{highlight} bash\n```\n\n# Start\n\n"
        "The {{ tool }} of [home](https://example.org/) {{ copy }},"
        " [start](https://example.org/start).\n\n"
        "```{eval-rst}\nterm : kind\n   The Tool 1.0.\n```\n"
    ) in written(found, "index.rst")


NAMES = {
    "conf.py": 'extensions = ["sphinx.ext.autodoc"]\n',
    "index.rst": "Start\n=====\n\n.. toctree::\n   :glob:\n\n   *\n",
    "spans.rst": """\
Spans
=====

+------+----------+
| Both            |
+======+==========+
| text | it [#n]_ |
+------+----------+

.. [#n] The note.
""",
    "takes.rst": "Takes\n=====\n\n.. include:: part.inc\n",
    "part.inc": "It names itself_, `Takes`_ [#]_.\n\n.. _itself: https://x.org\n\n.. [#] Note.\n",
    "plain.rst": "Plain\n=====\n\n+------+-------+\n| Both         |\n+======+=======+\n"
    "| text | |tm|  |\n+------+-------+\n\n.. |tm| unicode:: U+2122\n",
}


def test_what_eval_rst_cannot_hold_is_the_page_s_own_rst_where_that_is_asked_for(
    tmp_path: Path,
) -> None:
    without, found = (
        planned(tmp_path / name, NAMES, page_rst=asked)
        for name, asked in (("no", False), ("yes", True))
    )
    assert ["spans.rst", "takes.rst"] == [page.path for page in without.left if page.unsaid]
    assert "doctest_nix" not in (without.conf or (None, ""))[1]
    assert () == found.left
    assert "```{page-rst}\n+------+" in written(found, "spans.rst")
    assert "```{page-rst}\n.. include:: part.inc\n```\n" in written(found, "takes.rst")
    assert "```{eval-rst}\n+------+" in written(found, "plain.rst")
    assert found.conf is not None
    assert found.conf[1] == (
        'extensions = ["sphinx.ext.autodoc", "myst_parser", "doctest_nix.page_rst"]\n'
        "\nmyst_footnote_sort = False\n"
    )
    assert found.proof is not None
    assert found.proof.proven


def test_headings_that_only_the_whole_site_has_twice_are_no_labels_where_that_is_asked_for(
    tmp_path: Path,
) -> None:
    conf = """\
from docutils import nodes
from docutils.parsers.rst import Directive


class Holds(Directive):
    has_content = True

    def run(self):
        made = nodes.section()
        self.state.nested_parse(self.content, self.content_offset, made, match_titles=True)
        return made.children


def setup(app):
    app.add_directive("holds", Holds)
"""
    held = "=====\n\n.. holds::\n\n   Errors\n   ------\n\n   Text.\n"
    site = {
        "conf.py": conf,
        "index.rst": "Start\n=====\n\n.. toctree::\n\n   one\n   other\n",
        "one.rst": f"Tools\n{held}",
        "other.rst": f"Parts\n{held}",
    }
    left = planned(tmp_path / "without", site).left
    assert ["duplicate label errors"] == [
        " ".join(page.reason.split(": ")[2].split()[:3]).strip(",") for page in left
    ]
    found = planned(tmp_path / "with", site, page_rst=True)
    assert () == found.left
    assert "```{page-rst}\n.. holds::\n" in written(found, "other.rst")


def test_pages_whose_files_the_project_s_code_wants_stay(tmp_path: Path) -> None:
    conf = (
        "import os\n"
        "for name in ('a', 'b'):\n"
        "    if not os.path.exists(f'parts/{name}.rst'):\n"
        "        raise RuntimeError(f'There is no parts/{name}.rst')\n"
    )
    page = ":orphan:\n\nPage\n====\n\nText.\n"
    site = {"conf.py": conf, "index.rst": page, "parts/a.rst": page, "parts/b.rst": page}
    found = planned(tmp_path, site)
    why = (
        "the site is not built without this file: The site cannot be read: "
        f"{tmp_path}/site/conf.py:4: RuntimeError: There is no parts/a.rst"
    )
    assert {"parts/a.rst": why, "parts/b.rst": why} == {p.path: p.reason for p in found.left}
    assert ["index.rst"] == [page.path for page in found.converted]
