"""The oracle from outside: conf.py is code, so sites are read in another process.

A site that is only built is one call of `build`; to try page after page, keep a `Prover`.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar, TypeVarTuple

from converters.oracle.compare import PageProof, compare_pages, new_warnings, unreadable
from converters.oracle.tree import Site
from converters.oracle.workshop import Project, Syntax, Workshop
from converters.separate import ProjectError, Raised, SeparateProcess, in_forks

Result = TypeVar("Result")
Arguments = TypeVarTuple("Arguments")


def build(
    source: Path,
    *,
    conf: Path | None = None,
    overrides: Mapping[str, object] | None = None,
    work: Path,
    timeout: float,
    jobs: int = 2,
    inventories: bytes | None = None,
) -> Site:
    """Read the site ``source`` and return it, ready to be compared; ``source`` is not written to.

    ``conf`` and ``overrides`` are those of `Project`, and ``overrides["extensions"]`` are added to
    the project's; all of them must be picklable.  ``work``
    is a directory for Sphinx's own files, made where it is missing.  Reading and resolving may
    take ``timeout`` seconds each; ``jobs`` processes resolve.  ``inventories`` are those of a
    `Prover`; otherwise they are fetched.  Pages on which Sphinx fails are ``unreadable`` in the
    result.  Raises ProjectError.
    """
    project = replace(Project.of(source, conf, overrides or {}, work), inventories=inventories)
    with _open(project, jobs, timeout) as process:
        return process.call(Workshop.readings, timeout, timeout=timeout).site()


#: How many groups of pages each job proves; a few more than one, for they take unlike times.
_GROUPS = 4


class Prover:
    """A site that was read once, against which new sources of its pages are proven.

    Use it in a ``with`` statement, or close it.  MyST-Parser is always on, with the ``myst_…``
    settings that ``overrides`` give.
    """

    def __init__(
        self,
        source: Path,
        *,
        conf: Path | None = None,
        overrides: Mapping[str, object] | None = None,
        work: Path,
        timeout: float,
        page_timeout: float = 60.0,
        jobs: int = 2,
    ) -> None:
        """Read the site as `build` does, ``timeout`` seconds at most; raises ProjectError.

        ``page_timeout`` is what one page may take later.
        """
        project = Project.of(source, conf, overrides or {}, work, "myst_parser")
        self._page_timeout = page_timeout
        self._timeout = timeout
        self._jobs = jobs
        self._process = _open(project, jobs, timeout)

    def site(self) -> Site:
        """Return the baseline."""
        readings = self._process.call(Workshop.readings, self._timeout, timeout=self._timeout)
        return readings.site()

    def inventories(self) -> bytes:
        """Return what other projects offered to link to when the baseline was read."""
        return self._process.call(_inventories, timeout=self._timeout)

    def prove(self, page: str, text: str, syntax: Syntax = Syntax.MYST) -> PageProof:
        """Compare the baseline's ``page`` to what ``text`` renders to in its place.

        A text that cannot be read is unequal: one difference of the kind UNREADABLE.  Raises
        ProjectError where the baseline has no such page or its process is gone.
        """
        limit = self._page_timeout
        return self._process.call(prove, page, text, syntax, limit, timeout=limit * 2)

    def prove_all(
        self,
        texts: Mapping[str, str],
        syntax: Syntax = Syntax.MYST,
        *,
        page_timeout: float | None = None,
    ) -> dict[str, PageProof]:
        """Compare many pages as `prove` does, as many at a time as there are jobs.

        Each may take ``page_timeout``, of which the prover's own is the default.
        """
        limit = page_timeout or self._page_timeout
        whole = limit * (len(texts) + 1)
        groups = [{page: text} for page, text in texts.items()]
        return self._process.call(prove_all, groups, syntax, self._jobs, limit, timeout=whole)

    def prove_together(
        self, texts: Mapping[str, str], weights: Mapping[str, int], syntax: Syntax = Syntax.MYST
    ) -> list[dict[str, PageProof]]:
        """Compare many pages in a few groups of like weights, in which new pages see each other.

        Much cheaper for a whole site than `prove_all`, and a first look: what differs may be for
        another page's sake, where a page is not alone.  Each group may take as long as reading
        the site.
        """
        groups = balanced(texts, weights, self._jobs * _GROUPS)
        limit = self._timeout
        whole = limit * (len(groups) + 1)
        sources = [{page: texts[page] for page in group} for group in groups]
        proofs = self._process.call(prove_all, sources, syntax, self._jobs, limit, timeout=whole)
        return [{page: proofs[page] for page in group} for group in groups]

    def call(
        self,
        function: Callable[[Workshop, *Arguments], Result],
        *arguments: *Arguments,
        timeout: float,
    ) -> Result:
        """Return ``function(workshop, *arguments)`` from the site's process, as `SeparateProcess`.

        It may do in a fork (`in_fork`, `in_forks`) what changes the workshop.
        """
        return self._process.call(function, *arguments, timeout=timeout)

    def close(self) -> None:
        """End the site's process.  Idempotent; never raises."""
        self._process.close()

    def __enter__(self) -> Self:
        """Return the prover itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close it."""
        self.close()


def balanced(pages: Iterable[str], weights: Mapping[str, int], count: int) -> list[list[str]]:
    """Return at most ``count`` groups of pages, heaviest first: each page to the lightest group.

    Within a group pages are in the order of their names, in which Sphinx reads them.
    """
    groups: list[tuple[int, int, list[str]]] = [(0, number, []) for number in range(count)]
    for page in sorted(pages, key=lambda page: (-weights[page], page)):
        weight, number, group = groups[0]
        heapq.heapreplace(groups, (weight + weights[page] + 1, number, [*group, page]))
    groups.sort(key=lambda found: (-found[0], found[1]))
    return [sorted(group) for _, _, group in groups if group]


def _inventories(workshop: Workshop) -> bytes:
    return workshop.inventories


def prove(workshop: Workshop, page: str, text: str, syntax: Syntax, timeout: float) -> PageProof:
    """Compare a page to what ``text`` renders to in its place; the workshop stays as it is."""
    return prove_all(workshop, [{page: text}], syntax, 1, timeout)[page]


def prove_all(
    workshop: Workshop,
    groups: Sequence[Mapping[str, str]],
    syntax: Syntax,
    jobs: int,
    timeout: float,
) -> dict[str, PageProof]:
    """Compare groups of pages to their texts, the pages that are not in the group as they are.

    ``jobs`` groups are read at a time, each with ``timeout`` seconds.
    """
    for group in groups:
        if len(group) == 1:  # the page may be tried again: what is kept, every fork knows
            workshop.page(*group)
    found: dict[str, PageProof] = {}
    for group, proofs in in_forks(
        lambda group: _proofs(workshop, group, syntax), groups, jobs=jobs, timeout=timeout
    ):
        for page in group:
            proof = proofs if isinstance(proofs, Raised) else proofs[page]
            if isinstance(proof, Raised):
                blocks = len(workshop.page(page).page.blocks)
                proof = unreadable(page, proof.what, blocks=blocks)
            found[page] = proof
    return found


def _proofs(
    workshop: Workshop, texts: Mapping[str, str], syntax: Syntax
) -> dict[str, PageProof | Raised]:
    """Compare in the fork too: a proof is small, and pages that differ all over take long."""
    baselines = {page: workshop.page(page) for page in texts}
    pages = frozenset(workshop.env.all_docs)
    found: dict[str, PageProof | Raised] = {}
    for page, attempt in workshop.attempts(texts, syntax).items():
        if isinstance(attempt, Raised):
            found[page] = attempt
            continue
        known = (*workshop.warnings, *baselines[page].warnings)
        fresh = new_warnings(known, attempt.warnings, pages)
        proof = compare_pages(baselines[page].page, attempt.page)
        found[page] = replace(proof, new_warnings=fresh)
    return found


def _open(project: Project, jobs: int, timeout: float) -> SeparateProcess[Workshop]:
    log = project.work / "sphinx.log"
    try:
        return SeparateProcess(Workshop, project, jobs, log=log, timeout=timeout)
    except ProjectError as error:
        if error.raised != "ThemeError":
            raise
    # The theme is not installed here.  Nothing is drawn with it: any other one does.
    plain = {**project.overrides, "html_theme": "basic", "html_theme_options": {}}
    project = replace(project, overrides=plain)
    return SeparateProcess(Workshop, project, jobs, log=log, timeout=timeout)
