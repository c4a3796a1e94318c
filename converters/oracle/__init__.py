"""The oracle: do two versions of a Sphinx site render the same?

``tree`` holds what is compared, ``normalise`` makes it of a doctree, ``workshop`` reads a site,
``compare`` says where two differ, ``prover`` keeps the project's own code in another process.
"""

from __future__ import annotations

from converters.oracle.compare import (
    Difference,
    Kind,
    PageProof,
    SiteProof,
    compare_pages,
    compare_sites,
)
from converters.oracle.normalise import normalise
from converters.oracle.prover import Prover, build
from converters.oracle.rules import INHERENT, RULES, Rule
from converters.oracle.tree import Anchor, Block, Element, Page, Site, Warned
from converters.oracle.workshop import Syntax, Workshop

__all__ = [
    "INHERENT",
    "RULES",
    "Anchor",
    "Block",
    "Difference",
    "Element",
    "Kind",
    "Page",
    "PageProof",
    "Prover",
    "Rule",
    "Site",
    "SiteProof",
    "Syntax",
    "Warned",
    "Workshop",
    "build",
    "compare_pages",
    "compare_sites",
    "normalise",
]
