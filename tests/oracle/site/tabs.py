"""A small extension, as projects have them: tabs, and wrappers around some tables."""

from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective


class Tab(SphinxDirective):
    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar = {"selected": directives.flag}

    def run(self):
        if self.arguments[0] == "broken":
            raise RuntimeError("an extension fails")
        tab = nodes.container(classes=["tab"])
        tab += nodes.rubric("", self.arguments[0])
        tab["selected"] = "selected" in self.options
        self.state.nested_parse(self.content, self.content_offset, tab)
        return [tab]


class Wrapper(SphinxPostTransform):
    """Wrap tables that ask for it, with their classes, as themes do."""

    default_priority = 500

    def run(self):
        for table in list(self.document.findall(nodes.table)):
            if "wrapped" in table["classes"]:
                wrapper = nodes.container(classes=["table-wrapper", *table["classes"]])
                table.replace_self(wrapper)
                wrapper.append(table)


def setup(app):
    app.add_post_transform(Wrapper)
    app.add_directive("tab", Tab)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
