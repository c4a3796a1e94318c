"""How does a whole site move to MyST?  Reads it, writes each page, proves all, changes nothing."""

from __future__ import annotations

import os
import posixpath
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from docutils import nodes

from converters import conf as conf_py
from converters import rst_to_myst
from converters.conf import Change
from converters.migration import (
    Kept,
    Mention,
    Migration,
    PageFate,
    PageOutcome,
    Timing,
)
from converters.mirror import mirror, remove, replace_files, root_of
from converters.oracle import PageProof, Prover, Site, SiteProof, build, compare_sites
from converters.page import Link, survey
from converters.pen import Mark, Surroundings, UnwritableError, named_page
from converters.recorder import DirectiveRecord, Record, record
from converters.separate import ProjectError
from converters.settle import equal, reason_of, settle
from converters.shapes import AUTODOC
from converters.surroundings import Settings, configure, links_of, settings_of
from converters.writer import EVAL_RST, Written, includes_page, write

#: Told how far a migration is: what is done now, how many of how many.
Progress = Callable[[str, int, int], None]

#: How often the whole site is built: pages that differ are settled or left in between.
_BUILDS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What is to be converted: a site's directory, its conf.py, and which of its pages.

    ``conf`` is None where there is none: the site is read with neutral settings.  ``within`` is
    the directory or file that was asked for.
    """

    root: Path
    source: Path
    conf: Path | None
    within: Path

    def covers(self, path: Path) -> bool:
        """Tell whether the page at ``path`` was asked for."""
        return path == self.within or self.within in path.parents


#: Where a project keeps its conf.py, seen from the directory that one would name.
_PLACES = ("", "source", "docs", "doc", "docs/source", "doc/source", "doc/en")


def scope_of(path: Path) -> Scope:
    """Find the site of ``path``: the conf.py in it, in a usual place below it, or above it."""
    within = path.resolve()
    start = within if within.is_dir() else within.parent
    root = root_of(start)
    places = [start / place for place in _PLACES] if within.is_dir() else []
    above = [start, *start.parents][: len(start.parts) - len(root.parts) + 1]
    for directory in (*places, *above):
        if (directory / "conf.py").is_file():
            inside = within if directory in (within, *within.parents) else directory
            return Scope(root=root, source=directory, conf=directory / "conf.py", within=inside)
    return Scope(root=root, source=start, conf=None, within=within)


@dataclass(slots=True, kw_only=True)
class _Draft:
    """A page on its way: its record, the newest text and whether that is proven."""

    name: str
    path: str
    record: Record
    surroundings: Surroundings
    written: Written | None = None
    reason: str = ""
    line: int = 0
    construct: str = ""
    settled: bool = False


@dataclass(slots=True, kw_only=True)
class _Work:
    """Everything that one migration holds while it is made."""

    scope: Scope
    directory: Path
    timeout: float
    jobs: int
    progress: Progress
    drafts: dict[str, _Draft] = field(default_factory=dict)
    left: dict[str, PageOutcome] = field(default_factory=dict)
    users: dict[str, frozenset[str]] = field(default_factory=dict)


def plan(
    path: Path,
    work: Path,
    *,
    timeout: float,
    jobs: int,
    progress: Progress,
    engine: str = "own",
) -> Migration:
    """Return the proven migration of the site or page at ``path``; changes nothing there.

    ``work`` is an empty directory for mirrors and Sphinx's files.  ``timeout`` bounds each
    reading of the site, in seconds.  Raises ProjectError where the site cannot be read.
    """
    state = _Work(
        scope=scope_of(path), directory=work, timeout=timeout, jobs=jobs, progress=progress
    )
    foreign = engine == rst_to_myst.NAME
    started = time.monotonic()
    prover, settings, change = _opened(state)
    with prover:
        baseline = prover.site()
        read = time.monotonic()
        _record_all(state, prover, settings)
        if foreign:
            _write_foreign(state, settings)
        else:
            _write_all(state)
        written = time.monotonic()
        change = _needed(state, settings, change)
        proof, final, settling = _prove_all(state, prover, settings, baseline, change)
    conf = state.scope.conf
    text = conf.read_text("utf-8") if conf is not None else ""
    new = conf_py.edited(text, final) if conf is not None and state.drafts else text
    return Migration(
        source=state.scope.source,
        root=state.scope.root,
        pages=_outcomes(state),
        conf=(conf, new) if conf is not None and new != text else None,
        mentions=tuple(_mentions(state)),
        proof=proof,
        timing=Timing(
            baseline=read - started,
            writing=written - read,
            settling=settling,
            proof=time.monotonic() - written - settling,
        ),
    )


# Reading


def _opened(state: _Work) -> tuple[Prover, Settings, Change]:
    """Read the site as it is; Markdown files that are no pages yet are kept from becoming some."""
    state.progress("reading the site", 0, 1)
    change = Change()
    copy = _mirrored(state, "before")
    prover = _prover(state, copy, {})
    try:
        settings = prover.call(settings_of, timeout=state.timeout)
        if not settings.myst:
            stray = sorted(p for p in settings.pages.values() if p.endswith(".md"))
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


def _prover(state: _Work, copy: Path, overrides: Mapping[str, object]) -> Prover:
    return Prover(
        copy,
        overrides=overrides,
        work=state.directory / "baseline",
        timeout=state.timeout,
        jobs=state.jobs,
    )


def _mirrored(state: _Work, name: str) -> Path:
    scope = state.scope
    target = state.directory / name / scope.root.name
    remove(target)
    only = frozenset({scope.within}) if scope.conf is None and scope.within.is_file() else None
    return mirror(scope.root, scope.source, target, only=only, left_out=[state.directory])


def _record_all(state: _Work, prover: Prover, settings: Settings) -> None:
    """Record every page that was asked for; those that cannot be converted are left at once."""
    source = state.scope.source
    asked = {
        name: path
        for name, path in settings.pages.items()
        if Path(path).suffix in settings.rst_suffixes and state.scope.covers(source / path)
    }
    common = _common(settings)
    texts: dict[str, str] = {}
    targets = Counter(_target(path) for path in asked.values())
    for name, path in asked.items():
        text, reason = _text(source, path, settings)
        if targets[_target(path)] > 1:
            text, reason = None, f"another page would become {Path(_target(path)).name} too"
        if text is None:
            _leave(state, name, path, reason)
        else:
            texts[name] = text
    users = {
        name: settings.depended.get(str((source / asked[name]).resolve()), frozenset())
        for name in texts
    }
    uses_others = [
        name for name, text in texts.items() if ".. include::" in text or settings.epilog
    ]
    links = prover.call(links_of, uses_others, timeout=state.timeout) if uses_others else {}
    for name, text in texts.items():
        state.drafts[name] = _Draft(
            name=name,
            path=asked[name],
            record=record(text, registry=settings.registry, source=asked[name]),
            surroundings=replace(
                common,
                links=links.get(name, {}),
                converted=frozenset(texts),
                directory=posixpath.dirname(name),
            ),
        )
    state.users.update({name: pages for name, pages in users.items() if pages})
    _check_fragments(state)
    _know_fragments(state)


def _check_fragments(state: _Work) -> list[str]:
    """Leave the pages whose file others read, unless all of those include it as MyST; name them."""
    left: list[str] = []
    while True:
        stuck = [
            name
            for name, pages in state.users.items()
            if name in state.drafts and not all(_includes(state, page, name) for page in pages)
        ]
        if not stuck:
            return left
        for name in stuck:
            left.append(name)
            reason = "a page that stays RST reads this file, or one reads it as it is"
            _leave(state, name, state.drafts[name].path, reason)


def _includes(state: _Work, page: str, name: str) -> bool:
    """Tell whether the draft ``page`` takes in the page ``name`` by plain includes alone."""
    draft = state.drafts.get(page)
    if draft is None:
        return False
    files = [
        node
        for node in draft.record.document.findall(DirectiveRecord)
        if node["name"].lower() in {"include", "literalinclude"}
        and named_page("".join((node["argument"] or "").split()), draft.surroundings) == name
    ]
    return bool(files) and all(includes_page(n, draft.surroundings) == name for n in files)


def _know_fragments(state: _Work) -> None:
    """Tell every draft which pages are included as MyST."""
    fragments = frozenset(state.users.keys() & state.drafts.keys())
    for draft in state.drafts.values():
        draft.surroundings = replace(draft.surroundings, fragments=fragments)


def _text(source: Path, path: str, settings: Settings) -> tuple[str | None, str]:
    """Return a page's text, or None and why it cannot be converted."""
    file = source / path
    target = file.with_suffix(".md")
    resolved = file.resolve()
    if not resolved.is_relative_to(source.resolve()):
        return None, "it is a link that leaves the site"
    if target.exists() or target.is_symlink():
        return None, f"{target.name} is there already"
    try:
        return file.read_text("utf-8-sig"), ""
    except (UnicodeDecodeError, OSError) as error:
        return None, f"it cannot be read: {error}"


def _common(settings: Settings) -> Surroundings:
    """Return what all pages share: the prolog's and the epilog's definitions among it."""
    around = record(f"{settings.prolog}\n\n{settings.epilog}\n", registry=settings.registry)
    names = survey(around)
    roles: dict[str, tuple[str, ...]] = {}
    default_role = settings.default_role
    for node in around.document.findall(DirectiveRecord):
        if node["name"] == "role" and node["content"]:
            roles[re.split(r"\W", node["content"][0], maxsplit=1)[0]] = node["content"]
        elif node["name"] == "default-role":
            default_role = node["argument"] or ""
    return Surroundings(
        default_role=default_role,
        extensions=settings.extensions,
        links={n: goal.uri for n, goal in names.goals.items() if isinstance(goal, Link)},
        substitutions=names.substitutions,
        roles=roles,
        registry=settings.registry,
        url_schemes=settings.url_schemes,
        rst_suffixes=settings.rst_suffixes,
    )


def _leave(
    state: _Work, name: str, path: str, reason: str, *, line: int = 0, construct: str = ""
) -> None:
    state.drafts.pop(name, None)
    state.left[name] = PageOutcome(
        name=name,
        path=path,
        target=_target(path),
        fate=PageFate.LEFT,
        reason=reason,
        line=line,
        construct=construct,
    )


def _target(path: str) -> str:
    return f"{posixpath.splitext(path)[0]}.md"


# Writing


def _write_all(state: _Work) -> None:
    """Write every draft in the best ways; those that cannot be written are left."""
    for number, draft in enumerate(list(state.drafts.values())):
        state.progress("writing", number, len(state.drafts))
        try:
            draft.written = write(draft.record, draft.surroundings)
        except UnwritableError as error:
            _leave(state, draft.name, draft.path, f"MyST cannot say it: {error}")


def _write_foreign(state: _Work, settings: Settings) -> None:
    """Let rst-to-myst write every draft; its pages have no other ways to be tried."""
    state.progress("writing with rst-to-myst", 0, 1)
    texts = {draft.path: "\n".join(draft.record.lines) + "\n" for draft in state.drafts.values()}
    found = rst_to_myst.convert(texts, default_role=settings.default_role)
    for draft in list(state.drafts.values()):
        converted = found.get(draft.path)
        if converted is None:
            _leave(state, draft.name, draft.path, "rst-to-myst fails on it")
            continue
        draft.settled = True
        draft.written = Written(
            text=converted.text,
            marks=tuple(rst_to_myst.kept(converted.text)),
            extensions=converted.extensions,
            footnotes="[^" in converted.text,
        )


def _needed(state: _Work, settings: Settings, change: Change) -> Change:
    """Return what the settings need for the pages as they are written now."""
    pages = [draft.written for draft in state.drafts.values() if draft.written is not None]
    used = frozenset[str]().union(*(page.extensions for page in pages))
    shared = {name: value for page in pages for name, value in page.shared.items()}
    return replace(
        change,
        myst=tuple(sorted(used - settings.extensions)),
        keep_footnotes=settings.footnote_sort and any(page.footnotes for page in pages),
        substitutions={
            name: value
            for name, value in sorted(shared.items())
            if name not in settings.substitutions
        },
    )


# Proving


def _prove_all(
    state: _Work, prover: Prover, settings: Settings, baseline: Site, change: Change
) -> tuple[SiteProof | None, Change, float]:
    """Build the whole site until it is equal; pages that cannot be made equal are left.

    Returns the last build's proof, what it changed in the settings, and the seconds spent on
    pages one by one.
    """
    settling = 0.0
    proof: SiteProof | None = None
    for number in range(_BUILDS):
        if not state.drafts:
            return None, Change(), settling
        state.progress("building the new site", number, _BUILDS)
        proof = _built(state, baseline, change)
        unequal = _unequal(state, proof)
        if not unequal:
            break
        started = time.monotonic()
        _show_fragments(state)
        prover.call(configure, _known_extensions(change).settings(), timeout=state.timeout)
        for done, (name, page) in enumerate(unequal.items()):
            state.progress("finding other ways", done, len(unequal))
            _settle(state, prover, name, page, last=number == _BUILDS - 2)
        _rewrite_without(state, _check_fragments(state))
        change = _needed(state, settings, change)
        settling += time.monotonic() - started
    return proof, change, settling


def _rewrite_without(state: _Work, fragments: Sequence[str]) -> None:
    """Write the pages anew that included what stays RST now."""
    if not fragments:
        return
    _know_fragments(state)
    users = frozenset[str]().union(*(state.users[name] for name in fragments))
    for name in sorted(users & state.drafts.keys()):
        draft = state.drafts[name]
        draft.settled = False
        try:
            draft.written = write(draft.record, draft.surroundings)
        except UnwritableError as error:
            _leave(state, name, draft.path, f"MyST cannot say it: {error}")


def _show_fragments(state: _Work) -> None:
    """Put what is included as MyST beside the baseline's sources, where pages are tried."""
    scope = state.scope
    copy = state.directory / "before" / scope.root.name / scope.source.relative_to(scope.root)
    texts = {
        _target(draft.path): draft.written.text
        for name, draft in state.drafts.items()
        if name in state.users and draft.written is not None
    }
    replace_files(copy, [], texts)


def _known_extensions(change: Change) -> Change:
    return replace(change, keep_footnotes=True)


def _built(state: _Work, baseline: Site, change: Change) -> SiteProof:
    """Build the site with all drafts in place of their pages and the settings changed."""
    copy = _mirrored(state, "after")
    drafts = state.drafts.values()
    files = {_target(draft.path): draft.written.text for draft in drafts if draft.written}
    replace_files(copy, [draft.path for draft in drafts], files)
    overrides: dict[str, object] = {}
    conf = state.scope.conf
    if conf is None:
        overrides = {"extensions": list(change.extensions), **change.settings()}
        if change.exclude:
            overrides["exclude_patterns"] = list(change.exclude)
    else:
        edited = conf_py.edited(conf.read_text("utf-8"), change)
        replace_files(copy, [], {"conf.py": edited})
    site = build(
        copy,
        overrides=overrides,
        work=state.directory / "candidate",
        timeout=state.timeout,
        jobs=state.jobs,
    )
    before = str(state.directory / "before")
    after = str(state.directory / "after")
    return compare_sites(baseline, _moved(site, after, before))


def _moved(site: Site, after: str, before: str) -> Site:
    """Let a site's warnings speak of the place that the baseline was read at."""
    return replace(
        site,
        warnings=tuple(
            replace(w, page=w.page.replace(after, before), message=w.message.replace(after, before))
            for w in site.warnings
        ),
    )


def _unequal(state: _Work, proof: SiteProof) -> dict[str, PageProof]:
    """Return the drafts that are not equal yet; what no draft did is the site's own trouble."""
    found: dict[str, PageProof] = {}
    lost = {page for page, _ in proof.lost_anchors}
    for page in proof.pages:
        warnings = tuple(w for w in proof.new_warnings if w.page == page.page)
        whole = replace(page, new_warnings=warnings)
        if page.page in state.drafts and (not equal(whole) or page.page in lost):
            found[page.page] = whole
    return found


def _settle(state: _Work, prover: Prover, name: str, page: PageProof, *, last: bool) -> None:
    draft = state.drafts[name]
    if draft.settled or last or draft.written is None:
        _leave_unequal(state, draft, page)
        return
    draft.settled = True
    try:
        settled = settle(
            draft.record,
            draft.surroundings,
            lambda text: prover.prove(name, text),
            first=(draft.written, page),
        )
    except UnwritableError as error:
        _leave(state, name, draft.path, f"MyST cannot say it: {error}")
        return
    except ProjectError as error:
        _leave(state, name, draft.path, f"it cannot be tried: {error.problem}")
        return
    if settled.proven:
        draft.written = settled.written
    else:
        _leave_unequal(state, draft, settled.proof, settled.written.marks)


def _leave_unequal(
    state: _Work, draft: _Draft, proof: PageProof, marks: Sequence[Mark] = ()
) -> None:
    """Leave a page, with the first place that cannot be made equal."""
    line = next((d.line for d in proof.differences if d.line is not None), 0) or 0
    around = [mark for mark in marks if mark.source_line <= line <= mark.source_end]
    construct = max(around, key=lambda mark: len(mark.key)).construct if around else ""
    reason = reason_of(proof) or "a label that others may link to is gone"
    _leave(state, draft.name, draft.path, reason, line=line, construct=construct)


# Results


def _outcomes(state: _Work) -> tuple[PageOutcome, ...]:
    found = dict(state.left)
    for draft in state.drafts.values():
        if draft.written is not None:
            found[draft.name] = PageOutcome(
                name=draft.name,
                path=draft.path,
                target=_target(draft.path),
                fate=PageFate.PROVEN,
                text=draft.written.text,
                kept=tuple(_kept(draft.record, draft.written.marks)),
                blocks=_count(draft.record.document),
            )
    return tuple(found[name] for name in sorted(found))


def _kept(source: Record, marks: Sequence[Mark]) -> Iterator[Kept]:
    for mark in marks:
        if mark.way == EVAL_RST:
            node: nodes.Node = source.document
            for index in mark.key:
                node = node.children[index]
            yield Kept(
                line=mark.source_line,
                construct=mark.construct,
                blocks=(_count(node) or 1) if mark.key else 1,
                autodoc=mark.construct.removeprefix("directive ") in AUTODOC,
            )


def _count(node: nodes.Node) -> int:
    """Return how many blocks there are in and below ``node``, what leaves no trace apart."""
    unseen = (nodes.comment, nodes.target, nodes.substitution_definition, nodes.system_message)
    block = (
        nodes.paragraph, nodes.literal_block, nodes.doctest_block, nodes.bullet_list,
        nodes.enumerated_list, nodes.definition_list, nodes.field_list, nodes.option_list,
        nodes.block_quote, nodes.line_block, nodes.table, nodes.footnote, nodes.citation,
        nodes.transition, nodes.title, DirectiveRecord,
    )  # fmt: skip
    return sum(1 for found in node.findall(nodes.Element) if isinstance(found, block)
               and not isinstance(found, unseen))  # fmt: skip


#: Files that cannot name a page usefully, or that are too large to be written by hand.
_LARGEST = 1_000_000


def _mentions(state: _Work) -> Iterator[Mention]:
    """Yield lines of the project's other files that name a converted page by its old name."""
    root, source = state.scope.root, state.scope.source
    old = {(source / draft.path).resolve(): draft.path for draft in state.drafts.values()}
    names = {path.name for path in old}
    if not names:
        return
    pattern = re.compile(r"[\w./-]*?(?:" + "|".join(map(re.escape, sorted(names))) + r")\b")
    for file in _text_files(root):
        if file in old or file == state.scope.conf:
            continue
        try:
            text = file.read_text("utf-8")
        except (UnicodeDecodeError, OSError):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            if any(_names(found[0], file, source, root, old) for found in pattern.finditer(line)):
                yield Mention(
                    path=file.relative_to(root).as_posix(), line=number, text=line.strip()[:200]
                )


def _names(word: str, file: Path, source: Path, root: Path, old: Mapping[Path, str]) -> bool:
    places = (file.parent, source, root)
    return any((place / word.lstrip("/")).resolve() in old for place in places)


def _text_files(root: Path) -> Iterator[Path]:
    skipped = {".git", "node_modules", "__pycache__", ".tox", ".venv", "_build", "build"}
    for directory, folders, files in os.walk(root):
        folders[:] = sorted(folder for folder in folders if folder not in skipped)
        for name in sorted(files):
            path = Path(directory, name)
            if not path.is_symlink() and path.stat().st_size < _LARGEST:
                yield path
