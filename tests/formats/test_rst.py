"""What `dispatching` promises to those that parse RST with directives and roles of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from docutils import nodes
from docutils.core import publish_doctree
from docutils.parsers.rst import Directive, directives, roles

from doctest_nix.errors import DocumentError
from doctest_nix.formats import rst
from doctest_nix.formats.rst import dispatching


class Mark(Directive):
    """Stands for a directive that nobody registered."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        return [nodes.paragraph("", f"directive {self.name}")]


def role(name: str, rawtext: str, text: str, *others: Any) -> tuple[list[Any], list[Any]]:
    return [nodes.strong(rawtext, f"role {name} {text}")], []


def text_of(source: str) -> str:
    return publish_doctree(source, settings_overrides={"report_level": 5}).astext()


def test_names_are_answered_by_the_functions_given() -> None:
    with dispatching(lambda name: Mark, lambda name: role):
        shown = text_of(".. Own:: x\n\nA :any:`b` and `c`.\n")
    assert "directive Own\n\nA role any b and role  c." == shown


def test_a_name_without_an_answer_is_left_to_docutils() -> None:
    with dispatching(lambda name: None, lambda name: None):
        shown = text_of(".. topic:: A\n\n   :strong:`b`\n")
    assert "A\n\nb" == shown


def test_what_was_there_before_comes_back_after_an_error() -> None:
    before = (directives.directive, roles.role)
    with pytest.raises(ZeroDivisionError), dispatching(lambda name: Mark, lambda name: role):
        raise ZeroDivisionError
    assert before == (directives.directive, roles.role)


def test_contexts_nest() -> None:
    with dispatching(lambda name: Mark, lambda name: role):
        with dispatching(lambda name: None, lambda name: None):
            inner = text_of(".. own::\n")
        outer = text_of(".. own::\n")
    assert ("directive own", "directive own") == (inner, outer)


def test_a_defect_of_docutils_is_a_document_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def defect(*_: object) -> None:
        raise IndexError("list index out of range")

    monkeypatch.setattr("docutils.parsers.rst.Parser.parse", defect)
    with pytest.raises(DocumentError) as caught:
        rst.parse("a", Path("page.rst"))
    assert str(caught.value) == (
        "page.rst:1: docutils cannot read this document: IndexError: list index out of range "
        "[doctest-nix.rst-syntax]\nBuild the page with Sphinx or `docutils` to see the place."
    )


def test_nesting_beyond_reason_is_a_document_error() -> None:
    with pytest.raises(DocumentError) as caught:
        rst.parse("- " * 500 + "a", Path("page.rst"))
    assert str(caught.value) == (
        "page.rst:1: lists, quotes or directives are nested too deep for docutils "
        "[doctest-nix.rst-syntax]\nNest less, or close what should have ended."
    )


def test_a_line_of_any_length_is_read() -> None:
    document = rst.parse(f"{'x' * 20_000}::\n\n  a\n", Path("page.rst"))
    assert ["a"] == [block.text for block in document.blocks]


def test_a_parse_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    rst.parse("Title\n==\n\n`a`_ *b\n\n.. note:: :x:`y`\n  a\n b\n", Path("page.rst"))
    assert ("", "") == capfd.readouterr()
