"""Which pages need other ways for their blocks?  Tries pages in the site as it was."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeGuard

from converters.conf import Change
from converters.drafts import Draft, Drafts, leave, leave_unwritable, target_of, write_draft
from converters.mirror import replace_files
from converters.oracle import PageProof, Prover, Site, Syntax
from converters.pen import EXTENSIONS, Mark, UnwritableError
from converters.separate import ProjectError
from converters.settle import Settled, Settling, equal, reason_of, settle, settle_all
from converters.surroundings import configure

#: What was found for a page: its best ways, that it cannot be written, or that none can be tried.
_Found = Settled | UnwritableError | ProjectError


def prepare(state: Drafts, prover: Prover, change: Change) -> None:
    """Let pages be tried with what is included as MyST, and any MyST extension."""
    _show_fragments(state)
    prover.call(configure, for_trials(change).settings(), timeout=state.timeout)


def _show_fragments(state: Drafts) -> None:
    """Put what is included as MyST, as it is written now, where pages are tried."""
    source = state.scope.source.relative_to(state.scope.root)
    fragments = {
        target_of(draft.path): draft.text
        for name, draft in state.drafts.items()
        if name in state.users and draft.written is not None
    }
    replace_files(state.copy("before") / source, [], fragments)


def for_trials(change: Change) -> Change:
    """Return the settings with which pages are tried: a block's next way may need any extension."""
    return replace(change, myst=sorted(EXTENSIONS), keep_footnotes=True)


def try_all(state: Drafts, prover: Prover, baseline: Site, change: Change) -> float:
    """Find other ways for the pages that are not equal while others are as they were.

    A whole build tells of more, and takes twice as long.  Returns the seconds that were spent on
    pages one by one.
    """
    texts = {name: draft.text for name, draft in state.drafts.items() if not draft.settled}
    if not texts:
        return 0.0
    state.progress("trying the pages", 0, 1)
    prepare(state, prover, change)
    weights = {page.name: len(page.blocks) for page in baseline.pages}
    groups = prover.prove_together(texts, weights)
    started = time.monotonic()
    waiting: dict[str, Settling] = {}
    including = frozenset[str]().union(*state.users.values())
    for proofs in groups:
        for name in (name for name, proof in proofs.items() if not equal(proof)):
            draft = state.drafts[name]
            alone = len(proofs) == 1 and name not in including
            known = {draft.text: proofs[name]} if alone else {}
            waiting[name] = settle(draft.record, draft.surroundings, known=known)
    for draft, found in _found(state, prover, waiting):
        if _took(draft, found):
            continue
        if isinstance(found, ProjectError) or _repeats(prover, draft):
            _leave_without(state, draft, found)
    return time.monotonic() - started


def settle_unequal(
    state: Drafts, prover: Prover, change: Change, unequal: Mapping[str, PageProof], *, last: bool
) -> None:
    """Find other ways for pages that are not equal in the whole site.

    Those that had theirs, and all before the ``last`` build, are left.
    """
    prepare(state, prover, change)
    waiting: dict[str, Settling] = {}
    for name, page in unequal.items():
        draft = state.drafts[name]
        if draft.written is None or last:
            leave_unequal(state, draft, page)
        elif _wrote_with_page_rst(state, prover, draft):
            continue
        elif draft.settled:
            leave_unequal(state, draft, page)
        else:
            waiting[name] = settle(draft.record, draft.surroundings, first=(draft.written, page))
    for draft, found in _found(state, prover, waiting):
        if not _took(draft, found):
            _leave_without(state, draft, found)
        draft.waits = not draft.settled


def _wrote_with_page_rst(state: Drafts, prover: Prover, draft: Draft) -> bool:
    """Write a draft that no trial tells anything of with `PAGE_RST`, for the next build to tell."""
    if not state.page_rst or draft.surroundings.page_rst:
        return False
    if not draft.waits and not (draft.settled and not _repeats(prover, draft)):
        return False
    draft.surroundings = replace(draft.surroundings, page_rst=True)
    draft.settled, draft.waits = True, False
    write_draft(state, draft)
    return True


def _found(
    state: Drafts, prover: Prover, waiting: Mapping[str, Settling]
) -> Iterator[tuple[Draft, _Found]]:
    """Yield each page that waits with what was found for it, with `PAGE_RST` where that may be.

    Those that others include come first, and are shown to them as the caller takes them over.
    """
    fragments = waiting.keys() & state.users.keys()
    for part in (fragments, waiting.keys() - fragments):
        found = _settled(state, prover, {n: w for n, w in waiting.items() if n in part})
        if state.page_rst:
            found |= _with_page_rst(state, prover, found)
        for name, result in found.items():
            yield state.drafts[name], result
        if fragments:
            _show_fragments(state)


def _with_page_rst(state: Drafts, prover: Prover, found: Mapping[str, _Found]) -> dict[str, _Found]:
    """Return what is found with `PAGE_RST` for the pages that are not equal without."""
    anew = {
        name: replace(state.drafts[name].surroundings, page_rst=True)
        for name, result in found.items()
        if not _good(result) and not state.drafts[name].surroundings.page_rst
    }
    again = {name: settle(state.drafts[name].record, there) for name, there in anew.items()}
    good: dict[str, _Found] = {
        name: result for name, result in _settled(state, prover, again).items() if _good(result)
    }
    for name in good:
        state.drafts[name].surroundings = anew[name]
    return good


def _settled(state: Drafts, prover: Prover, waiting: Mapping[str, Settling]) -> dict[str, _Found]:
    """Return what was found for each page that waits."""
    found: dict[str, _Found] = {}
    try:
        for name, settled in settle_all(waiting, prover.prove_all):
            state.progress("finding other ways", len(found), len(waiting))
            found[name] = settled
    except ProjectError as error:
        found = {**dict.fromkeys(waiting, error), **found}
    return found


def _good(found: _Found) -> TypeGuard[Settled]:
    return isinstance(found, Settled) and found.proven


def _took(draft: Draft, found: _Found) -> bool:
    """Take over what was found for a draft, if it is good."""
    draft.settled = True
    if not _good(found):
        return False
    # One that is equal as it is waits for the pages that it links to.
    draft.settled = found.written.text != draft.text
    draft.written = found.written
    return True


def _repeats(prover: Prover, draft: Draft) -> bool:
    """Tell whether a page's own source, read again, is equal to the page.

    Where it is not, as where an extension does not forget what the page declared, no trial tells
    anything: the page waits for the whole site.
    """
    source = "\n".join(draft.record.lines) + "\n"
    return equal(prover.prove(draft.name, source, Syntax.RST))


def _leave_without(state: Drafts, draft: Draft, found: _Found) -> None:
    match found:
        case ProjectError():
            leave(state, draft.name, draft.path, f"it cannot be tried: {found.problem}")
        case UnwritableError():
            leave_unwritable(state, draft, found)
        case Settled():
            leave_unequal(state, draft, found.proof, found.written.marks)


def leave_unequal(
    state: Drafts, draft: Draft, proof: PageProof, marks: Sequence[Mark] = ()
) -> None:
    """Leave a page, with the first place that cannot be made equal."""
    line = next((d.line for d in proof.differences if d.line is not None), 0) or 0
    around = [mark for mark in marks if mark.source_line <= line <= mark.source_end]
    construct = max(around, key=lambda mark: len(mark.key)).construct if around else ""
    reason = reason_of(proof) or "a label that others may link to is gone"
    leave(state, draft.name, draft.path, reason, line=line, construct=construct, unsaid=True)
