"""What the writer knows of a page beyond its text: the site's settings, the ways of its blocks."""

from __future__ import annotations

from docutils.parsers.rst import states
from golden_cases import GOLDEN

from converters import recorder, trials
from converters.conf import Change
from converters.pen import EXTENSIONS, Surroundings
from converters.recorder import record
from converters.shapes import Argument, Body, Shape
from converters.writer import write


def test_code_in_a_heading_keeps_its_backticks_where_headings_are_labels() -> None:
    text = record("The ``code``\n============\n\nIts ``code``.\n")
    found = [write(text, Surroundings(heading_labels=labels)).text for labels in (False, True)]
    assert ["# The `code`\n\nIts `code`.\n", "# The ``code``\n\nIts `code`.\n"] == found


def test_a_footnote_that_is_to_stay_rst_is_written_all_the_same() -> None:
    text = record("Title\n=====\n\nText [#a]_.\n\n.. [#a] Note.\n")
    (mark,) = [mark for mark in write(text).marks if mark.construct == "footnote"]
    kept = write(text, choices={mark.key: 1})
    (again,) = [mark for mark in kept.marks if mark.construct == "footnote"]
    assert (write(text).text, "native") == (kept.text, again.way)
    assert again.choices - 1 == again.choice  # there is no further way


def test_a_directive_with_a_heading_in_it_stays_rst_at_once() -> None:
    described = Shape(argument=Argument.SIGNATURES, body=Body.PROSE)
    text = "Title\n=====\n\n.. confval:: x\n\n   Text.\n\n   More\n   ----\n\n   Text.\n"
    written = write(record(text, registry={"confval": described}))
    assert [("directive confval", "eval-rst", 1)] == [
        (mark.construct, mark.way, mark.choices) for mark in written.marks if len(mark.key) == 2
    ]
    assert "More\n   ----" in written.text


def test_the_code_of_a_code_role_has_no_escapes() -> None:
    assert write(record(r"As :code:`a\\b`, :math:`\alpha`.")).text == (
        "As {code}`a\\b`, {math}`\\alpha`.\n"
    )


def test_a_page_is_tried_with_every_extension_that_pages_may_need() -> None:
    used = frozenset[str]().union(*(write(record(case.rst)).extensions for case in GOLDEN))
    assert used == EXTENSIONS
    assert sorted(EXTENSIONS) == trials.for_trials(Change()).settings()["myst_enable_extensions"]


def test_the_nested_recorder_runs_as_nested_with_every_docutils() -> None:
    # Before 0.22 docutils' nested state machine was no kind of the one for documents.
    mine = [kind for kind in recorder._Machine.__mro__ if kind is states.RSTStateMachine]
    assert [] == mine
