"""The rules of comparison, a case each for what passes and what only comes near."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from doctest_nix.expectation import RULES, Bindings, Comparison, Level, compare

CASES = Path(__file__).parent / "cases"

WORDS = {
    "A": "a1b2c3d4f5g6h7i8j9k0l1m2n3p4q5r6",
    "B": "zy9xw8vs7rq6pn5ml4kj3ih2gf1dc0b2",
    "C": "0s1h2n3i4x5p6q7v8w9yzabcd0123456",
    "D": "v85bsg4r1nz7mqk2c9xj3hd6pw0ly8fa",
    "E": "\x1b",
    "R": "3d2d8f281a27d466fa54b469b5993f7dde198375",
    "S": "a3a3dda3bacf61e8a39258a0ed9c924eeca8e293",
    "H": "sha256-1kJjhtlsAkpNB7f6tZEs+dbKd8z7KoNHyDHEJ0tmhnc=",
    "I": "sha256-mOpuTyFvL7S2n/+bOkSELDhobKaF8/VdxIxdP7EQe+Q=",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    page: str
    printed: str
    level: Level
    rules: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    name: str
    command: str
    pinned: bool
    pairs: tuple[Pair, ...]


def read(path: Path) -> list[Case]:
    text = re.sub(r"\{([A-Z])\}", lambda found: WORDS[found[1]], path.read_text("utf-8"))
    return [read_case(part) for part in re.split(r"^=== ", text, flags=re.MULTILINE)[1:]]


def read_case(text: str) -> Case:
    head, *parts = re.split(r"^--- ", text, flags=re.MULTILINE)
    name, *settings = head.strip().split("\n")
    options = dict(setting.split(": ", 1) for setting in settings)
    pairs = []
    for page, printed, expected in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        assert page.startswith("page\n"), page
        assert printed.startswith("printed\n"), printed
        level, _, names = expected.strip().partition(" ")
        pairs.append(
            Pair(
                page=page.removeprefix("page\n"),
                printed=printed.removeprefix("printed\n"),
                level=Level(level),
                rules=frozenset(filter(None, (n.strip() for n in names.split(",")))),
            )
        )
    return Case(
        name=name,
        command=options.get("command", ""),
        pinned=options.get("pinned") == "yes",
        pairs=tuple(pairs),
    )


ALL = [case for path in sorted(CASES.glob("*.txt")) for case in read(path)]


def outcomes(case: Case) -> list[Comparison]:
    bindings = Bindings()
    found = []
    for pair in case.pairs:
        comparison, bindings = compare(
            pair.page,
            pair.printed,
            bindings=bindings,
            home="/home/user",
            directory="/home/user/tutorial",
            pinned=case.pinned,
            command=case.command,
        )
        found.append(comparison)
    return found


def needed(comparison: Comparison) -> frozenset[str]:
    names = {rule.name for rule in RULES}
    return frozenset(name for mask in comparison.masks if (name := mask.split(": ")[0]) in names)


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_comparison_has_its_level_by_the_rules_that_are_needed(case: Case) -> None:
    expected = [
        (pair.level, frozenset() if pair.level is Level.MISMATCH else pair.rules)
        for pair in case.pairs
    ]
    found = outcomes(case)
    assert expected == [(c.level, needed(c)) for c in found], found


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_a_match_has_no_diff_and_everything_else_has_one_and_a_reason(case: Case) -> None:
    for comparison in outcomes(case):
        matches = comparison.level is Level.MATCH
        assert (matches, matches) == (comparison.diff == (), comparison.reason == "")
        assert all(line[:2] in ("- ", "+ ", "  ") for line in comparison.diff)
        assert comparison.reason == "" or re.fullmatch(r"[^\n]+\.", comparison.reason)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_has_a_case_that_needs_it_and_one_that_it_must_not_save(rule: object) -> None:
    name = getattr(rule, "name", "")
    pairs = [pair for case in ALL for pair in case.pairs]
    assert any(name in pair.rules for pair in pairs if pair.level is not Level.MISMATCH)
    assert any(name in pair.rules for pair in pairs if pair.level is Level.MISMATCH)


def test_names_of_rules_are_unique_and_known_in_the_cases() -> None:
    names = [rule.name for rule in RULES]
    assert len(names) == len(set(names))
    assert {n for case in ALL for pair in case.pairs for n in pair.rules} == set(names)
