"""A Sphinx extension for pages in MyST: blocks of RST that belong to the page around them.

MyST-Parser reads an ``eval-rst`` block as a document of its own: what it names is not found, and
footnotes of the page cannot be cited in it.  A ``page-rst`` block is read into the page itself, so
that its labels, links, footnotes and citations are the page's, as on a page of RST.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import Directive, directives, roles
from docutils.parsers.rst import Parser as RstParser
from sphinx.application import Sphinx


class PageRst(Directive):
    """Reads its content as RST into the page's own document.

    Headings in it are below those around it.  With the option ``level`` its first heading has that
    level, 2 for one straight below the page's title, and ends the sections that reach to it.
    """

    has_content: ClassVar[bool] = True
    option_spec: ClassVar[dict[str, Callable[[str], Any]] | None] = {
        "level": directives.positive_int
    }

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
        if "level" not in self.options:
            return parsed
        around = _sections(self.state_machine.node)[: self.options["level"] - 1]
        parent = around[-1] if around else document
        parent.extend(node for node in parsed if isinstance(node, nodes.section))
        return [node for node in parsed if not isinstance(node, nodes.section)]


def _sections(node: nodes.Element | None) -> list[nodes.Element]:
    """Return the sections that ``node`` is in, itself among them, outermost first."""
    found: list[nodes.Element] = []
    while node is not None:
        if isinstance(node, nodes.section):
            found.insert(0, node)
        node = node.parent
    return found


def setup(app: Sphinx) -> dict[str, bool]:
    """Offer the directive to Sphinx."""
    app.add_directive("page-rst", PageRst)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
