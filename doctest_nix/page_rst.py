"""A Sphinx extension for pages in MyST: blocks of RST that belong to the page around them.

MyST-Parser reads an ``eval-rst`` block as a document of its own: what it names is not found, and
footnotes of the page cannot be cited in it.  A ``page-rst`` block is read into the page itself, so
that its labels, links, footnotes and citations are the page's, as on a page of RST.
"""

from __future__ import annotations

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, roles
from docutils.parsers.rst import Parser as RstParser
from sphinx.application import Sphinx


class PageRst(Directive):
    """Reads its content as RST into the page's own document."""

    has_content: ClassVar[bool] = True

    def run(self) -> list[nodes.Node]:
        """Return what the content says; problems in it are reported with their lines."""
        document: nodes.document = self.state.document
        before = len(document.children)
        registered = vars(roles)["_roles"]
        default = {"": registered[""]} if "" in registered else {}
        above = "\n" * (self.lineno + self.content_offset)  # lines count from the page's top
        RstParser().parse(above + "\n".join(self.content), document)
        registered |= default  # which the parser forgets when it is done
        parsed = document.children[before:]
        del document[before:]
        return parsed


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the directive to Sphinx."""
    app.add_directive("page-rst", PageRst)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
