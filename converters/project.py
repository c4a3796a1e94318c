"""How does a whole site move to MyST?  Reads it, writes each page, proves all, changes nothing."""

from __future__ import annotations

import glob
import posixpath
import re
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from converters import conf as conf_py
from converters import rst_to_myst
from converters.collector import seldom_collected
from converters.conf import Change
from converters.drafts import (
    Drafts,
    Progress,
    check_fragments,
    leave,
    needed,
    record_all,
    rewrite_without,
    target_of,
    write_all,
    write_foreign,
)
from converters.mentions import mentions
from converters.migration import Migration, Timing
from converters.mirror import mirror, remove, replace_files
from converters.oracle import Kind, PageProof, Prover, Site, SiteProof, build, compare_sites
from converters.outcomes import outcomes
from converters.pen import PAGE_RST
from converters.scope import scope_of
from converters.separate import ProjectError
from converters.settle import equal
from converters.surroundings import Settings, settings_of
from converters.trials import leave_unequal, prepare, settle_unequal, try_all

#: After how many builds of the whole site pages get other ways; after each further one those that
#: differ are left.
_TRIES = 2


@seldom_collected()
def plan(
    path: Path,
    work: Path,
    *,
    timeout: float,
    jobs: int,
    progress: Progress,
    engine: str = "own",
    page_rst: bool = False,
) -> Migration:
    """Return the proven migration of the site or page at ``path``; changes nothing there.

    ``work`` is an empty directory for mirrors and Sphinx's files.  ``timeout`` bounds each
    reading of the site, in seconds.  ``page_rst`` lets pages use `PAGE_RST` rather than be left.
    Raises ProjectError where the site cannot be read.
    """
    state = Drafts(
        scope=scope_of(path),
        directory=work,
        timeout=timeout,
        jobs=jobs,
        progress=progress,
        page_rst=page_rst,
    )
    foreign = engine == rst_to_myst.NAME
    started = time.monotonic()
    try:
        prover, settings, change = opened(state)
    except ProjectError as error:
        raise error.of(state.copy("before"), state.scope.root) from None
    with prover:
        baseline = prover.site()
        read = time.monotonic()
        record_all(state, prover, settings, dict(baseline.unreadable))
        if foreign:
            write_foreign(state, settings)
        else:
            write_all(state)
        written = time.monotonic()
        change = needed(state, settings, change)
        proof, final, settling = _prove_all(state, prover, settings, baseline, change)
    conf = state.scope.conf
    text = conf_py.read(conf) if conf is not None else ""
    new = conf_py.edited(text, final) if conf is not None and state.drafts else text
    return Migration(
        source=state.scope.source,
        root=state.scope.root,
        pages=outcomes(state),
        conf=(conf, new) if conf is not None and new != text else None,
        wanted=conf_py.edited("", final) if conf is None and state.drafts else "",
        mentions=tuple(mentions(state.scope, _converted(state))),
        proof=proof,
        timing=Timing(
            baseline=read - started,
            writing=written - read,
            settling=settling,
            proof=time.monotonic() - written - settling,
        ),
    )


def _converted(state: Drafts) -> dict[str, tuple[str, str]]:
    return {
        draft.path: (target_of(draft.path), draft.written.text)
        for draft in state.drafts.values()
        if draft.written is not None
    }


# Reading


def opened(state: Drafts) -> tuple[Prover, Settings, Change]:
    """Read the site as it is; Markdown files that are no pages yet are kept from becoming some."""
    state.progress("reading the site", 0, 1)
    change = Change()
    copy = _mirrored(state, "before")
    prover = _prover(state, copy, {})
    try:
        settings = prover.call(settings_of, timeout=state.timeout)
        if not settings.myst:
            stray = sorted(_stray(state, settings))
            change = Change(extensions=("myst_parser",), exclude=tuple(stray))
            if stray:
                prover.close()
                excluded = [*settings.excluded, *stray]
                prover = _prover(state, copy, {"exclude_patterns": excluded})
                settings = prover.call(settings_of, timeout=state.timeout)
    except BaseException:
        prover.close()
        raise
    state.progress("reading the site", 1, 1)
    return prover, settings, change


def _stray(state: Drafts, settings: Settings) -> set[str]:
    """Return the Markdown files that are no pages, but would be once Markdown is read.

    Without a conf.py nobody has said that they are none.
    """
    if state.scope.conf is None:
        return set()
    named = {target_of(path) for path in settings.pages.values()}
    return {name for name in named if (state.scope.source / name).exists()}


def _prover(state: Drafts, copy: Path, overrides: Mapping[str, object]) -> Prover:
    return Prover(
        copy,
        overrides={**_neutral(state), **overrides, "extensions": [PAGE_RST]},
        work=state.directory / "baseline",
        timeout=state.timeout,
        jobs=state.jobs,
    )


def _neutral(state: Drafts) -> dict[str, object]:
    """Return the settings of a page that is converted alone: the site is that page."""
    scope = state.scope
    if scope.conf is not None or scope.within.is_dir():
        return {}
    page = scope.within.relative_to(scope.source).with_suffix("").as_posix()
    return {
        "root_doc": page,
        "include_patterns": [f"{glob.escape(page)}.*"],
        "primary_domain": None,  # `class` is docutils' own where no Sphinx site is
    }


def _mirrored(state: Drafts, name: str) -> Path:
    scope = state.scope
    target = state.copy(name)
    remove(target)
    only = frozenset({scope.within}) if scope.conf is None and scope.within.is_file() else None
    return mirror(scope.root, scope.source, target, only=only, left_out=[state.directory])


# Proving


def _prove_all(
    state: Drafts, prover: Prover, settings: Settings, baseline: Site, change: Change
) -> tuple[SiteProof | None, Change, float]:
    """Build the whole site until it is equal; pages that cannot be made equal are left.

    Returns the last build's proof, what it changed in the settings, and the seconds spent on
    pages one by one.
    """
    inventories = prover.inventories()
    settling = try_all(state, prover, baseline, change)
    number = 0
    while True:
        rewrite_without(state, check_fragments(state))
        change = needed(state, settings, change)
        if not state.drafts:
            return None, Change(), settling
        state.progress("building the new site", number, _TRIES + 1)
        try:
            proof = _built(state, baseline, change, inventories)
        except ProjectError as error:  # does not count: each time there are fewer drafts
            prepare(state, prover, change)
            if not (_leave_unreadable(state, prover) or _leave_wanted(state, error)):
                raise error.of(state.copy("after"), state.scope.root) from None
            continue
        unequal = _unequal(state, proof)
        if not unequal:
            return proof, change, settling
        started = time.monotonic()
        settle_unequal(state, prover, change, unequal, last=number >= _TRIES)
        settling += time.monotonic() - started
        number += 1


def _leave_unreadable(state: Drafts, prover: Prover) -> bool:
    """Leave the pages on which Sphinx itself fails; return whether there were any."""
    found = False
    for draft in list(state.drafts.values()):
        proof = prover.prove(draft.name, draft.text)
        if any(difference.kind is Kind.UNREADABLE for difference in proof.differences):
            leave_unequal(state, draft, proof)
            found = True
    return found


def _leave_wanted(state: Drafts, error: ProjectError) -> bool:
    """Leave the pages whose RST files the project's code wants; return whether there were any.

    It names the first one that it misses, and most likely goes through a folder.
    """
    folders = {
        posixpath.dirname(draft.path)
        for draft in state.drafts.values()
        if re.search(rf"(?<![\w.-]){re.escape(draft.path)}(?![\w.-])", error.problem)
    }
    wanted = [d for d in state.drafts.values() if posixpath.dirname(d.path) in folders]
    what = error.of(state.copy("after"), state.scope.root).problem.split("; ")[0]
    for draft in wanted:
        leave(state, draft.name, draft.path, f"the site is not built without this file: {what}")
    return bool(wanted)


def _built(state: Drafts, baseline: Site, change: Change, inventories: bytes) -> SiteProof:
    """Build the site with all drafts in place of their pages and the settings changed."""
    copy = _mirrored(state, "after")
    drafts = state.drafts.values()
    files = {target_of(draft.path): draft.written.text for draft in drafts if draft.written}
    replace_files(copy, [draft.path for draft in drafts], files)
    overrides: dict[str, object] = {}
    conf = state.scope.conf
    if conf is None:
        overrides = {**_neutral(state), "extensions": list(change.extensions), **change.settings()}
        if change.exclude:
            overrides["exclude_patterns"] = list(change.exclude)
    else:
        edited = conf_py.edited(conf_py.read(conf), change)
        replace_files(copy, [], {"conf.py": edited})
    site = build(
        copy,
        overrides=overrides,
        work=state.directory / "candidate",
        timeout=state.timeout,
        jobs=state.jobs,
        inventories=inventories,
    )
    before = str(state.directory / "before")
    after = str(state.directory / "after")
    return compare_sites(baseline, moved(site, after, before))


def moved(site: Site, after: str, before: str) -> Site:
    """Let a site's warnings speak of the place that the baseline was read at."""
    return replace(
        site,
        warnings=tuple(
            replace(w, page=w.page.replace(after, before), message=w.message.replace(after, before))
            for w in site.warnings
        ),
    )


def _unequal(state: Drafts, proof: SiteProof) -> dict[str, PageProof]:
    """Return the drafts that are not equal yet; what no draft did is the site's own trouble."""
    found: dict[str, PageProof] = {}
    lost = {page for page, _ in proof.lost_anchors}
    for page in proof.pages:
        warnings = tuple(w for w in proof.new_warnings if w.page == page.page)
        whole = replace(page, new_warnings=warnings)
        if page.page in state.drafts and (not equal(whole) or page.page in lost):
            found[page.page] = whole
    return found
