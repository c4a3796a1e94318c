"""A small extension, as projects have them: tabs, and a role that marks keys."""

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective


class Tab(SphinxDirective):
    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec = {"selected": directives.flag}

    def run(self):
        if self.arguments[0] == "broken":
            raise RuntimeError("an extension fails")
        tab = nodes.container(classes=["tab"], label=self.arguments[0])
        tab["selected"] = "selected" in self.options
        self.state.nested_parse(self.content, self.content_offset, tab)
        return [tab]


def setup(app):
    app.add_directive("tab", Tab)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
