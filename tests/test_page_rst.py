"""RST that belongs to a page of MyST: it finds what the page has, and the page what it has."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import docutils_namespace

PAGE = """\
# Title

Cited [^note] before; see {ref}`here`.

```{page-rst}
+--------+--------------------+
| Both                        |
+========+====================+
| a note | [#note]_, `Next`_  |
+--------+--------------------+

.. _here:

.. rubric:: Named

A name_ and a cited [CIT2020]_.

.. _name: https://example.org
```

- In a list:

  ```{page-rst}
  .. [CIT2020] Another name_.
  ```

[^note]: The note.

## Next

Quoted {any}`here`.
"""


def read(folder: Path, text: str, **settings: object) -> tuple[nodes.document, str]:
    """Return the page ``text`` as Sphinx reads and resolves it, and what it warns of."""
    (folder / "index.md").write_text(text)
    warnings = io.StringIO()
    overrides = {
        "extensions": ["myst_parser", "doctest_nix.page_rst"],
        "myst_footnote_sort": False,
        **settings,
    }
    out = folder / "out"
    with docutils_namespace():
        app = Sphinx(
            folder, None, out, out, "html", overrides, status=None, warning=warnings, freshenv=True
        )
        app.builder.read()
        doctree = app.env.get_and_resolve_doctree("index", app.builder, tags=app.tags)
    return doctree, warnings.getvalue()


def test_names_footnotes_and_citations_are_the_page_s(tmp_path: Path) -> None:
    doctree, warnings = read(tmp_path, PAGE)
    assert "" == warnings
    (footnote,) = doctree.findall(nodes.footnote)
    assert 2 == len(footnote["backrefs"])
    (citation,) = doctree.findall(nodes.citation)
    assert 1 == len(citation["backrefs"])
    links = [(node.astext(), node.get("refuri") or node["refid"]) for node in
             doctree.findall(nodes.reference)]  # fmt: skip
    assert [
        ("Named", "here"),
        ("Next", "next"),
        ("name", "https://example.org"),
        ("[CIT2020]", "cit2020"),
        ("name", "https://example.org"),
        ("Named", "here"),
    ] == [(text, goal.removeprefix("#")) for text, goal in links]


@pytest.mark.parametrize("role", [None, "any"])
def test_single_backticks_mean_in_it_and_after_it_what_they_meant(
    tmp_path: Path, role: str | None
) -> None:
    page = "# Title\n\n```{page-rst}\nOf `Title`.\n```\n\n```{eval-rst}\nOf `Title`.\n```\n"
    doctree, _ = read(tmp_path, page, default_role=role)
    one, other = doctree.findall(nodes.paragraph)
    assert one.children[1].pformat() == other.children[1].pformat()


@pytest.mark.parametrize(
    ("option", "levels"),
    [("", [1, 2, 3, 4, 2]), (":level: 3\n\n", [1, 2, 3, 4, 2]), (":level: 2\n\n", [1, 2, 2, 3, 2])],
)  # fmt: skip
def test_its_headings_are_below_those_around_it_or_where_it_says(
    tmp_path: Path, option: str, levels: list[int]
) -> None:
    rst = f"{option}Text.\n\nIts own\n-------\n\nOne below\n~~~~~~~~~\n\nMore.\n"
    page = f"# Title\n\n## Part\n\n```{{page-rst}}\n{rst}```\n\n## Next\n"
    doctree, warnings = read(tmp_path, page)
    assert "" == warnings
    depths = []
    for section in doctree.findall(nodes.section):
        depths.append(0)
        node: nodes.Element | None = section
        while node is not None:
            depths[-1] += isinstance(node, nodes.section)
            node = node.parent
    assert levels == depths


def test_a_problem_is_reported_with_its_line(tmp_path: Path) -> None:
    page = "# Title\n\nText.\n\n> ```{page-rst}\n> Fine.\n>\n> Not found_.\n> ```\n"
    _, warnings = read(tmp_path, page)
    assert warnings.count("index.md:8: ERROR: Unknown target name") == 1
