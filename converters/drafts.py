"""The pages of a site on their way: read, recorded, written, or left as they are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from converters import rst_to_myst
from converters.conf import Change
from converters.definitions import definitions_of
from converters.migration import PageFate, PageOutcome
from converters.oracle import Prover
from converters.page import Link, survey
from converters.pen import PAGE_RST, Surroundings, UnwritableError, included_page, named_page
from converters.recorder import DirectiveRecord, Record, path_of, record
from converters.scope import Scope
from converters.surroundings import Settings, links_of
from converters.writer import Written, write

#: Told how far a migration is: what is done now, how many of how many.
Progress = Callable[[str, int, int], None]


@dataclass(slots=True, kw_only=True)
class Draft:
    """A page on its way: its record and the newest text.

    ``settled`` is true where it had its other ways, ``waits`` where it is equal as long as the
    others are as they were.
    """

    name: str
    path: str
    record: Record
    surroundings: Surroundings
    written: Written | None = None
    reason: str = ""
    line: int = 0
    construct: str = ""
    settled: bool = False
    waits: bool = False

    @property
    def text(self) -> str:
        """The newest text, ``""`` where none is written yet."""
        return self.written.text if self.written is not None else ""


@dataclass(slots=True, kw_only=True)
class Drafts:
    """Everything that one migration holds while it is made.

    ``page_rst`` is true where pages may use `PAGE_RST` rather than be left.
    """

    scope: Scope
    directory: Path
    timeout: float
    jobs: int
    progress: Progress
    page_rst: bool = False
    drafts: dict[str, Draft] = field(default_factory=dict)
    left: dict[str, PageOutcome] = field(default_factory=dict)
    users: dict[str, frozenset[str]] = field(default_factory=dict)

    def copy(self, name: str) -> Path:
        """Return where the mirror ``name`` of the project is: it has the project's own name."""
        return self.directory / name / self.scope.root.name


def record_all(
    state: Drafts, prover: Prover, settings: Settings, unreadable: Mapping[str, str]
) -> None:
    """Record every page that was asked for; those that cannot be converted are left at once.

    ``unreadable`` are the pages on which Sphinx itself fails, with what it raised.
    """
    source = state.scope.source
    asked = {
        name: path
        for name, path in settings.pages.items()
        if Path(path).suffix in settings.rst_suffixes and state.scope.covers(source / path)
    }
    common = _common(settings)
    texts: dict[str, str] = {}
    for name, path in asked.items():
        text, reason = _text(source, path, settings)
        if text is not None and name in unreadable:
            text, reason = None, f"Sphinx fails on it: {unreadable[name]}"
        if text is None:
            leave(state, name, path, reason)
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
        page = record(text, registry=settings.registry, source=asked[name])
        state.drafts[name] = Draft(
            name=name,
            path=asked[name],
            record=page,
            surroundings=replace(
                common,
                included=definitions_of(page, (source / asked[name]).parent, source),
                links=links.get(name, {}),
                converted=frozenset(texts),
                directory=posixpath.dirname(name),
            ),
        )
    for name in state.drafts:
        if _includes(state, name, name):  # which Sphinx does not count
            users[name] |= {name}
    state.users.update({name: pages for name, pages in users.items() if pages})
    check_fragments(state)
    _know_fragments(state)


def check_fragments(state: Drafts) -> list[str]:
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
            leave(state, name, state.drafts[name].path, reason)


def _includes(state: Drafts, page: str, name: str) -> bool:
    """Tell whether the draft ``page`` takes in the page ``name`` by plain includes alone."""
    draft = state.drafts.get(page)
    if draft is None:
        return False
    files = [
        node
        for node in draft.record.document.findall(DirectiveRecord)
        if node["name"].lower() in {"include", "literalinclude"}
        and named_page(path_of(node), draft.surroundings) == name
    ]
    return bool(files) and all(included_page(n, draft.surroundings) == name for n in files)


def _know_fragments(state: Drafts) -> None:
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
    for suffix in sorted(settings.rst_suffixes - {file.suffix}):
        if (twin := file.with_suffix(suffix)).exists():
            return None, f"{twin.name} would become {target.name} too"
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
        quotes=settings.quotes,
        heading_labels=settings.heading_labels,
        rst_suffixes=settings.rst_suffixes,
    )


def leave(
    state: Drafts,
    name: str,
    path: str,
    reason: str,
    *,
    line: int = 0,
    construct: str = "",
    unsaid: bool = False,
) -> None:
    """Let a page stay RST: ``reason`` says why, the others are those of `PageOutcome`."""
    state.drafts.pop(name, None)
    state.left[name] = PageOutcome(
        name=name,
        path=path,
        target=target_of(path),
        fate=PageFate.LEFT,
        reason=reason,
        line=line,
        construct=construct,
        unsaid=unsaid,
    )


def target_of(path: str) -> str:
    """Return the path that a page has as Markdown."""
    return f"{posixpath.splitext(path)[0]}.md"


def write_all(state: Drafts) -> None:
    """Write every draft in the best ways; those that cannot be written are left."""
    for number, draft in enumerate(list(state.drafts.values())):
        state.progress("writing", number, len(state.drafts))
        write_draft(state, draft)


def write_draft(state: Drafts, draft: Draft) -> None:
    """Write a draft in the best ways, or leave it."""
    try:
        draft.written = write(draft.record, draft.surroundings)
    except UnwritableError as error:
        if state.page_rst and not draft.surroundings.page_rst:
            draft.surroundings = replace(draft.surroundings, page_rst=True)
            write_draft(state, draft)
        else:
            leave_unwritable(state, draft, error)


def leave_unwritable(state: Drafts, draft: Draft, error: UnwritableError) -> None:
    """Leave a page that has no way of writing it."""
    leave(state, draft.name, draft.path, f"MyST cannot say it: {error}", unsaid=True)


def write_foreign(state: Drafts, settings: Settings) -> None:
    """Let rst-to-myst write every draft; its pages have no other ways to be tried."""
    state.progress("writing with rst-to-myst", 0, 1)
    texts = {draft.path: "\n".join(draft.record.lines) + "\n" for draft in state.drafts.values()}
    found = rst_to_myst.convert(texts, default_role=settings.default_role)
    for draft in list(state.drafts.values()):
        converted = found.get(draft.path)
        if converted is None:
            leave(state, draft.name, draft.path, "rst-to-myst fails on it")
            continue
        draft.settled = True
        draft.written = Written(
            text=converted.text,
            marks=tuple(rst_to_myst.kept(converted.text)),
            extensions=converted.extensions,
            footnotes="[^" in converted.text,
        )


def needed(state: Drafts, settings: Settings, change: Change) -> Change:
    """Return what the settings need for the pages as they are written now."""
    pages = [draft.written for draft in state.drafts.values() if draft.written is not None]
    used = frozenset[str]().union(*(page.extensions for page in pages))
    shared = {name: value for page in pages for name, value in page.shared.items()}
    extensions = [name for name in change.extensions if name != PAGE_RST]
    if any(page.page_rst for page in pages) and not settings.page_rst:
        extensions.append(PAGE_RST)
    return replace(
        change,
        extensions=tuple(extensions),
        myst=tuple(sorted(used - settings.extensions)),
        keep_footnotes=settings.footnote_sort and any(page.footnotes for page in pages),
        substitutions={
            name: value
            for name, value in sorted(shared.items())
            if name not in settings.substitutions
        },
    )


def rewrite_without(state: Drafts, fragments: Sequence[str]) -> None:
    """Write the pages anew that included what stays RST now."""
    if not fragments:
        return
    _know_fragments(state)
    users = frozenset[str]().union(*(state.users[name] for name in fragments))
    for name in sorted(users & state.drafts.keys()):
        draft = state.drafts[name]
        draft.settled = False
        write_draft(state, draft)
