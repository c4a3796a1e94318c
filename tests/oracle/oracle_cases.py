"""The oracle's cases: files of paragraphs, each a title and parts that end with a line of a dot."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
SITE = HERE / "site"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A page of the site, a candidate for it, and (for edits) the differences, one a line."""

    title: str
    baseline: str
    candidate: str
    differences: tuple[str, ...] = ()

    @property
    def page(self) -> str:
        """The name that the case's page has in the site."""
        return "case-" + re.sub(r"\W+", "-", self.title.lower()).strip("-")

    def __str__(self) -> str:
        """Name the case for pytest."""
        return self.page.removeprefix("case-")


def read(name: str, parts: int) -> list[Case]:
    """Return the cases of a file: two parts each, and a third with the differences of edits."""
    cases = [_case(*found) for found in _split((HERE / name).read_text(), parts)]
    pages = [case.page for case in cases]
    assert sorted(set(pages)) == sorted(pages), "two cases have one title"
    return cases


def _split(text: str, parts: int) -> Iterator[list[str]]:
    pieces = re.split(r"^\.\n", text, flags=re.MULTILINE)
    assert pieces[-1].strip() == "", f"the last case is not closed: {pieces[-1]!r}"
    for first in range(0, len(pieces) - 1, parts + 1):
        title, *rest = pieces[first : first + parts + 1]
        assert len(rest) == parts, f"the case {title.strip()!r} has {len(rest)} parts"
        yield [title.strip(), *rest]


def _case(title: str, baseline: str, candidate: str, differences: str = "") -> Case:
    return Case(
        title=title,
        baseline=baseline,
        candidate=candidate,
        differences=tuple(differences.splitlines()),
    )


#: Pages in RST and what renders the same in MyST.
PAIRS = read("pairs.txt", 2)

#: Pages in RST and the same page typed otherwise.
HARMLESS = read("harmless.txt", 2)

#: Pages in RST, one edit, and how the oracle reports it.
EDITS = read("edits.txt", 3)

#: Pages in RST, a slip in their MyST, and how the oracle reports it.
SLIPS = read("slips.txt", 3)

#: What MyST-Parser is told for the candidates.
MYST = {
    "myst_enable_extensions": [
        "amsmath",
        "attrs_block",
        "attrs_inline",
        "colon_fence",
        "deflist",
        "dollarmath",
        "fieldlist",
        "substitution",
    ],
    "myst_footnote_sort": False,
    "myst_footnote_transition": False,
    "myst_dmath_double_inline": True,
}


def write_site(folder: Path, pages: dict[str, str]) -> Path:
    """Write the site with ``pages`` (file name to text) into ``folder``, and return it."""
    shutil.copytree(SITE, folder)
    for name, text in pages.items():
        (folder / name).write_text(text)
    listed = "\n".join(f"   {Path(name).stem}" for name in sorted(pages))
    (folder / "index.rst").write_text(
        f"Index\n=====\n\n.. toctree::\n\n   other\n   third\n{listed}\n"
    )
    return folder
