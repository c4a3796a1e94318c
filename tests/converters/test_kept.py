"""Blocks that stay RST: what a page gives them is written into them, and they render the same."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from converters.oracle import Prover
from converters.pen import Surroundings, UnwritableError
from converters.recorder import record
from converters.writer import write

HEAD = "Title\n=====\n\n"

SPANNED = """\
+------+-------+
| Both         |
+======+=======+
| {0:<4} | text  |
+------+-------+
"""

#: Titles, what stands around a table with spans, what is in it, and what is in it when kept.
PAGES = {
    "a link": ("", "`a`_", "\n.. _a: https://example.org\n", "`a <https://example.org>`__"),
    "a word": ("", "a_", "\n.. _a: https://example.org\n", "`a <https://example.org>`__"),
    "anonymous": ("", "`a`__", "\n__ https://example.org\n", "`a <https://example.org>`__"),
    "its own": ("", "`a <b>`__", "", "`a <b>`__"),
    "to a label": (".. _b:\n\nText.\n\n", ":ref:`x <b>`", "", ":ref:`x <b>`"),
    "replaced": ("", "|x|", "\n.. |x| replace:: some *words*\n", "some *words*"),
    "characters": ("", "|x|", "\n.. |x| unicode:: 0xA9 .. a remark\n", "©"),
    "the site's": ("", "|version|", "", "|version|"),
}


def page(name: str) -> str:
    before, inside, after, _ = PAGES[name]
    return f"{HEAD}{before}{table(inside)}{after}"


def table(inside: str) -> str:
    width = max(4, len(inside))
    lines = SPANNED.format(inside).splitlines(keepends=True)
    more = width - 4
    edge, both, head, _, _ = lines
    return "".join(
        (
            f"+{'-' * (more + 6)}{edge[7:]}",
            f"{both.rstrip()[:-1]}{' ' * more}|\n",
            f"+{'=' * (more + 6)}{head[7:]}",
            lines[3],
            f"+{'-' * (more + 6)}{edge[7:]}",
        )
    )


@pytest.fixture(scope="module")
def prover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prover]:
    folder = tmp_path_factory.mktemp("kept")
    source = folder / "site"
    source.mkdir()
    (source / "conf.py").write_text('project = "Kept"\nversion = "1.2"\n')
    (source / "index.rst").write_text("Start\n=====\n\n.. toctree::\n   :glob:\n\n   *\n")
    for name in PAGES:
        (source / f"{name}.rst").write_text(page(name))
    with Prover(source, work=folder / "work", timeout=120) as prover:
        yield prover


@pytest.mark.parametrize("name", PAGES)
def test_what_the_page_defines_is_written_into_a_kept_block(prover: Prover, name: str) -> None:
    written = write(record(page(name)))
    assert ["eval-rst"] == [m.way for m in written.marks if m.construct == "table"]
    assert f"| {PAGES[name][-1]} " in written.text
    proof = prover.prove(name, written.text)
    assert ((), ()) == (tuple(map(str, proof.differences)), proof.new_warnings)


GROWS = """\
+-----+------+---+
| a_  | rows | c |
+-----+      +---+
| |x| | more | d |
+-----+------+---+
| a wide cell    |
+-----+----------+
| b   | in a_    |
+-----+----------+

.. _a: https://x.org
.. |x| replace:: a long text
"""

GROWN = """\
# Title

```{eval-rst}
+-----------------------+------+-------------------+
| `a <https://x.org>`__ | rows | c                 |
+-----------------------+      +-------------------+
| a long text           | more | d                 |
+-----------------------+------+-------------------+
| a wide cell                                      |
+-----------------------+--------------------------+
| b                     | in `a <https://x.org>`__ |
+-----------------------+--------------------------+
```

[a]: https://x.org
"""


def test_a_grid_table_grows_where_a_text_in_it_does() -> None:
    assert write(record(f"{HEAD}{GROWS}")).text == GROWN


def test_a_role_that_the_page_makes_its_default_is_one_in_a_kept_block_too() -> None:
    text = f"{HEAD}.. default-role:: code\n\n{table('`x`')}"
    assert "```{eval-rst}\n.. default-role:: code\n\n+--" in write(record(text)).text


def test_a_substitution_by_a_picture_and_a_footnote_have_no_way_into_a_kept_block() -> None:
    image = f"{HEAD}{table('|x|')}\n.. |x| image:: x.png\n"
    note = f"{HEAD}{table('[#a]_')}\n.. [#a] Note.\n"
    for text, reason in ((image, "a substitution that is no text"), (note, "footnotes in it")):
        with pytest.raises(UnwritableError, match=reason):
            write(record(text))


def test_a_block_that_belongs_to_the_page_may_have_footnotes_of_the_page() -> None:
    text = f"{HEAD}{table('[#a]_')}\n.. [#a] Note.\n"
    written = write(record(text), Surroundings(page_rst=True))
    assert "```{page-rst}\n+--" in written.text
    assert "[^a]: Note.\n" in written.text
    assert (True, True) == (written.page_rst, written.footnotes)
    assert not write(record(HEAD), Surroundings(page_rst=True)).page_rst


def test_what_a_directive_for_docstrings_adds_to_them_gets_its_addresses() -> None:
    text = (
        f"{HEAD}.. autoclass:: x.Y\n\n   .. attribute:: z\n\n      In a_.\n\n.. _a: https://x.org\n"
    )
    assert "\n      In `a <https://x.org>`__.\n" in write(record(text)).text
