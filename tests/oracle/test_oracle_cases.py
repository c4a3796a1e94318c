"""Does the oracle call equal what renders the same, and name every edit?"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from oracle_cases import EDITS, HARMLESS, PAIRS, SLIPS, Case

from converters.oracle import (
    RULES,
    Page,
    PageProof,
    Prover,
    Rule,
    Syntax,
    Workshop,
    compare_pages,
)
from converters.separate import Raised, in_fork


def shown(proof: PageProof) -> tuple[str, ...]:
    return tuple(
        f"{d.kind} | {d.path} | {d.expected} | {d.actual}".replace("\n", "\\n")
        for d in proof.differences
    )


@pytest.mark.parametrize("case", PAIRS, ids=str)
def test_a_page_and_its_honest_myst_are_equal(prover: Prover, case: Case) -> None:
    proof = prover.prove(case.page, case.candidate)
    assert ((), ()) == (shown(proof), proof.new_warnings)


@pytest.mark.parametrize("case", HARMLESS, ids=str)
def test_a_page_typed_otherwise_is_equal(prover: Prover, case: Case) -> None:
    assert () == shown(prover.prove(case.page, case.candidate, Syntax.RST))


@pytest.mark.parametrize("case", PAIRS, ids=str)
def test_a_page_read_again_is_equal(prover: Prover, case: Case) -> None:
    assert () == shown(prover.prove(case.page, case.baseline, Syntax.RST))


@pytest.mark.parametrize("case", EDITS, ids=str)
def test_an_edit_is_noticed(prover: Prover, case: Case) -> None:
    assert case.differences == shown(prover.prove(case.page, case.candidate, Syntax.RST))


@pytest.mark.parametrize("case", SLIPS, ids=str)
def test_a_slip_in_the_myst_is_noticed(prover: Prover, case: Case) -> None:
    assert case.differences == shown(prover.prove(case.page, case.candidate))


#: Cases that need a rule; others of `HARMLESS` name theirs.
NEEDED_BY = {
    "bookkeeping": "footnote-marks: a label where there was none",
    "absent-options": "A formula between dollars",
    "html-comments": "Comments and transitions",
    "link-wrappers": "References to pages and labels",
    "plain-wrappers": "Links",
    "code-defaults": "Code blocks",
    "doctest-blocks": "Doctest blocks",
    "math": "A formula between dollars",
    "mathjax-classes": "Inline markup",
    "list-classes": "Definition lists in one piece",
}


def without(workshop: Workshop, rule: str, case: Case, syntax: Syntax) -> PageProof | Raised:
    """Compare both sides of a case as they are where ``rule`` is left out."""
    rules = [other for other in RULES if other.name != rule]
    sides = ((case.baseline, Syntax.RST), (case.candidate, syntax))
    ours, theirs = (
        in_fork(_read, workshop, case.page, text, kind, rules, timeout=60.0) for text, kind in sides
    )
    assert isinstance(ours, Page)
    assert isinstance(theirs, Page)
    return compare_pages(ours, theirs)


def _read(
    workshop: Workshop, name: str, text: str, syntax: Syntax, rules: Sequence[Rule]
) -> Page | Raised:
    attempt = workshop.attempts({name: text}, syntax, rules)[name]
    return attempt if isinstance(attempt, Raised) else attempt.page


@pytest.mark.parametrize("rule", [rule.name for rule in RULES])
def test_every_rule_is_needed_by_a_case(prover: Prover, rule: str) -> None:
    cases = [(case, Syntax.MYST) for case in PAIRS] + [(case, Syntax.RST) for case in HARMLESS]
    needing = [
        (case, syntax)
        for case, syntax in cases
        if case.title == NEEDED_BY.get(rule) or case.title.startswith(f"{rule}:")
    ]
    proofs = [prover.call(without, rule, case, syntax, timeout=120) for case, syntax in needing]
    assert any(not proof.proven for proof in proofs)
