"""How is a site read, and how does one page of it look with another source?

Runs the project's conf.py: import it where that may be, use it through `converters.separate`.
"""

from __future__ import annotations

import contextlib
import pickle
import posixpath
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import IO, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.build_phase import BuildPhase
from sphinx.util.docutils import LoggingReporter, patch_docutils

from converters.oracle.facts import Object, facts_of, objects_of
from converters.oracle.inventories import Inventories
from converters.oracle.normalise import Places, counted, normalise
from converters.oracle.rewriting import Goal
from converters.oracle.rules import RULES, Rule
from converters.oracle.tree import Page, Site, Warned
from converters.oracle.warned import WarningStream
from converters.separate import Raised, in_forks

#: Names that a site's first page has where no conf.py says it, likeliest first.
_ROOTS = ("index", "contents", "README", "readme")


class Syntax(StrEnum):
    """What a page's source is written in, by Sphinx's name for it."""

    RST = "restructuredtext"
    MYST = "markdown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A documentation project: its sources, its settings, and a directory for Sphinx's files.

    ``conf`` is its conf.py; None takes the one in ``source``, or neutral settings where there is
    none.  ``overrides`` replace settings of the same name; ``extensions`` are added to the
    project's own.  ``inventories`` are those that another `Workshop` started with.
    """

    source: Path
    work: Path
    conf: Path | None
    overrides: Mapping[str, object]
    extensions: tuple[str, ...]
    inventories: bytes | None = None

    @classmethod
    def of(
        cls,
        source: Path,
        conf: Path | None,
        overrides: Mapping[str, object],
        work: Path,
        *further: str,
    ) -> Project:
        """Take the ``extensions`` out of ``overrides`` and add ``further`` ones."""
        settings = dict(overrides)
        named = settings.pop("extensions", ())
        extensions = tuple(map(str, named)) if isinstance(named, list | tuple) else (str(named),)
        return cls(
            source=source,
            work=work,
            conf=conf,
            overrides=settings,
            extensions=(*extensions, *further),
        )

    @property
    def settings(self) -> Path | None:
        """The directory of the conf.py that counts, None for neutral settings."""
        if self.conf is not None:
            return self.conf.parent
        return self.source if (self.source / "conf.py").is_file() else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A page read from another source, and what Sphinx warned of on the way."""

    page: Page
    warnings: tuple[Warned, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """A site as its process sends it: ``pages`` are pickled one by one where they were looked at.

    They come through the site's process as they are, which would take as long again.
    """

    pages: Mapping[str, bytes]
    warnings: tuple[Warned, ...]
    unreadable: Mapping[str, str]
    seconds: float

    def site(self) -> Site:
        """Return the site."""
        found: list[Attempt] = []
        failed = dict(self.unreadable)
        for name, data in self.pages.items():
            look = pickle.loads(data)  # noqa: S301 - written by the site's process, as all it says
            if isinstance(look, Raised):
                failed[name] = look.what
                found.append(Attempt(page=Page(name=name, blocks=()), warnings=()))
            else:
                found.append(look)
        warnings = [*self.warnings, *(warned for page in found for warned in page.warnings)]
        return Site(
            pages=tuple(sorted((look.page for look in found), key=lambda page: page.name)),
            warnings=tuple(sorted(warnings, key=lambda w: (w.page, w.line or 0, w.message))),
            unreadable=tuple(sorted(failed.items())),
            seconds=self.seconds,
        )


class Workshop:
    """A site that Sphinx has read, whose pages can be looked at, and read from other sources."""

    def __init__(self, project: Project, jobs: int) -> None:
        """Read all pages, and resolve with ``jobs`` processes later; raises what Sphinx raises.

        A page on which Sphinx or an extension fails is taken for an empty one.  Pages are read one
        after the other, as ``sphinx-build`` does by default: what a page leaves behind for others
        (a role, say) is then there on every run, and for `attempts`.
        """
        start = time.monotonic()
        self._jobs = jobs
        self.unreadable: dict[str, str] = {}
        self._stream = WarningStream(project.source.resolve())
        # Entered and never left: the process is this site's own.
        self._patches = patch_docutils(project.settings or project.source)
        self._patches.__enter__()
        self.app = _application(project, self._stream)
        self.env: BuildEnvironment = self.app.env
        builder = self.app.builder
        builder.phase = BuildPhase.READING
        with self._forgiving(builder), logging.pending_warnings():
            _number(self.app, set(builder.read()))
        builder.phase = BuildPhase.CONSISTENCY_CHECK
        self.env.check_consistency()
        builder.phase = BuildPhase.RESOLVING
        self.warnings: tuple[Warned, ...] = self._stream.take()
        self._addresses = {builder.get_target_uri(name): name for name in self.names}
        self._automatic: dict[str, Mapping[str, str]] = {}
        self._pages: dict[str, Attempt] = {}
        self._pickled: dict[str, bytes] = {}
        self._objects = objects_of(self.env)
        self.seconds = time.monotonic() - start

    @property
    def inventories(self) -> bytes:
        """What other projects offered to link to when the site was read, for `Project`."""
        return self.app.inventories.taken

    @property
    def names(self) -> list[str]:
        """The names of all pages, sorted."""
        return sorted(self.env.all_docs)

    def page(self, name: str) -> Attempt:
        """Return the page ``name`` as the site has it, and the warnings of resolving its links."""
        if name not in self._pages:
            look = pickle.loads(self._pickled[name]) if name in self._pickled else None  # noqa: S301
            if not isinstance(look, Attempt):
                doctree = self.env.get_doctree(name)
                look = self._look(name, doctree, self._objects[name], RULES)
            self._pages[name] = look
        return self._pages[name]

    def _seen(self, name: str) -> Attempt | Raised:
        """Return the page ``name`` as `page` does, or what its links made Sphinx raise."""
        try:
            return self.page(name)
        except Exception:
            return Raised.now()

    def readings(self, timeout: float) -> Readings:
        """Return the whole site; resolving it may take ``timeout`` seconds.

        A page on which Sphinx fails is taken for an empty one here too.
        """
        start = time.monotonic()
        names = self.names
        count = min(len(names), self._jobs * 4)
        for chunk, looks in in_forks(
            lambda chunk: {name: pickle.dumps(self._seen(name)) for name in chunk},
            [names[first::count] for first in range(count)],
            jobs=self._jobs,
            timeout=timeout,
        ):
            if isinstance(looks, Raised):
                raise ExtensionError(f"{looks.what} (in one of {', '.join(chunk)})\n{looks.trace}")
            self._pickled |= looks
        return Readings(
            pages=self._pickled,
            warnings=self.warnings,
            unreadable=dict(self.unreadable),
            seconds=self.seconds + time.monotonic() - start,
        )

    @contextlib.contextmanager
    def _forgiving(self, builder: Builder) -> Iterator[None]:
        """Let a page on which Sphinx fails be empty, and note it, so that the others are read."""
        read = builder.read_doc

        def empty(_app: Sphinx, docname: str, source: list[str]) -> None:
            if docname in self.unreadable:
                source[0] = ""

        def read_doc(docname: str, **options: Any) -> None:
            try:
                read(docname, **options)
            except Exception:
                self.unreadable[docname] = Raised.now().what
                self.env.clear_doc(docname)
                encoding = self.env.settings["input_encoding"]
                self.env.settings["input_encoding"] = "latin-1"  # which any bytes are
                try:
                    read(docname, **options)
                finally:
                    self.env.settings["input_encoding"] = encoding

        listener = self.app.connect("source-read", empty, priority=1_000_000)
        setattr(builder, "read_doc", read_doc)  # noqa: B010 - not by assignment: mypy
        try:
            yield
        finally:
            delattr(builder, "read_doc")
            self.app.disconnect(listener)

    def attempts(
        self, texts: Mapping[str, str], syntax: Syntax, rules: Sequence[Rule] = RULES
    ) -> dict[str, Attempt | Raised]:
        """Return each page read from its text, all pages without one being as they are.

        What Sphinx raises on a page stands in its place.  The site remembers the new pages from
        then on: call it in a fork.  A link to another page by the name that it would have as
        Markdown finds it.
        """
        read = self._read(texts, syntax)
        objects = objects_of(self.env)
        found: dict[str, Attempt | Raised] = {}
        for name, (data, warnings) in read.items():
            if name in self.unreadable:
                found[name] = Raised(what=self.unreadable[name], trace="")
                continue
            try:
                look = self._look(name, _unpickled(data, self.env, name), objects[name], rules)
            except Exception:
                found[name] = Raised.now()
            else:
                found[name] = replace(look, warnings=(*warnings, *look.warnings))
        return found

    def _read(
        self, texts: Mapping[str, str], syntax: Syntax
    ) -> dict[str, tuple[bytes, tuple[Warned, ...]]]:
        """Read pages from other texts; return their doctrees, pickled, and Sphinx's warnings."""
        app, env, builder = self.app, self.env, self.app.builder

        def swap(_app: Sphinx, docname: str, source: list[str]) -> None:
            if docname in texts:
                source[0] = texts[docname]

        # Pages keep their paths, so that what they include is found: suffixes mean ``syntax``.
        suffixes, directory = app.config.source_suffix, builder.doctreedir
        notebooks = syntax is Syntax.MYST and "myst_nb" in app.extensions
        kind = "myst-nb" if notebooks else syntax.value
        app.config.source_suffix = dict.fromkeys(suffixes, kind)
        listener = app.connect("source-read", swap, priority=-1_000_000)
        read: dict[str, tuple[bytes, tuple[Warned, ...]]] = {}
        try:
            with (
                tempfile.TemporaryDirectory(prefix="attempt-", dir=app.outdir) as private,
                self._forgiving(builder),
            ):
                env.__class__ = _Trying
                builder.doctreedir = type(directory)(private)
                builder.phase = BuildPhase.READING
                for name in texts:
                    self.unreadable.pop(name, None)
                    self._stream.take()
                    app.emit("env-purge-doc", env, name)
                    env.clear_doc(name)
                    builder.read_doc(name)
                    data = Path(private, f"{name}.doctree").read_bytes()
                    read[name] = (data, self._stream.take())
        finally:
            env.__class__ = BuildEnvironment
            app.disconnect(listener)
            app.config.source_suffix = suffixes
            builder.doctreedir = directory
            builder.phase = BuildPhase.RESOLVING
        with _numbering({name: data for name, (data, _) in read.items()}):
            _number(app, set(read))
        return read

    def _look(
        self,
        name: str,
        doctree: nodes.document,
        objects: Sequence[Object],
        rules: Sequence[Rule],
    ) -> Attempt:
        self._stream.take()
        _keep_goals(doctree)
        _keep_conditions(doctree)
        self.env.apply_post_transforms(doctree, name)
        places = Places.of(doctree)
        page = normalise(doctree, name=name, goal=self._goal(name), rules=rules, places=places)
        facts = facts_of(self.env, name, objects, {**places.automatic, **places.sections})
        return Attempt(
            page=replace(page, facts=(*page.facts, *facts)), warnings=self._stream.take()
        )

    def _goal(self, name: str) -> Goal:
        here = posixpath.dirname(self.app.builder.get_target_uri(name))

        def goal(address: str, fragment: str) -> str | None:
            page = self._addresses.get(posixpath.normpath(posixpath.join(here, address)))
            if page is None or not counted(fragment):
                return None
            if page not in self._automatic:
                self._automatic[page] = Places.of(self.env.get_doctree(page)).automatic
            return self._automatic[page].get(fragment)

        return goal


class _Application(Sphinx):
    """Sphinx with further extensions, loaded after those of conf.py and before its ``setup``."""

    inventories: Inventories

    def __init__(self, project: Project, *arguments: Any, **options: Any) -> None:
        self._project = project
        super().__init__(*arguments, **options)

    def preload_builder(self, name: str) -> None:
        self.inventories = Inventories(self, self._project.inventories)
        for extension in self._project.extensions:
            if extension != "myst_parser" or "myst_nb" not in self.extensions:  # which has it
                self.setup_extension(extension)
        super().preload_builder(name)


def _application(project: Project, warnings: IO[str]) -> _Application:
    overrides = {"nitpicky": False, **project.overrides}
    settings = project.settings
    if settings is None:
        overrides.setdefault("root_doc", _root(project.source))
    app = _Application(
        project,
        project.source,
        settings,
        project.work / "out",
        project.work / "doctrees",
        "html",  # links are resolved to addresses, and conditions on formats mean the web
        overrides,
        status=None,
        warning=warnings,
        freshenv=True,
    )
    app.connect("doctree-read", _own_nodes, priority=0)
    return app


def _own_nodes(_app: Sphinx, doctree: nodes.document) -> None:
    """Let all nodes of a doctree belong to it.

    Those that MyST-Parser read as RST belong to a document of their own, and with that document
    Sphinx would pickle the settings and the whole environment beside the page.
    """
    for node in doctree.findall():
        node.document = doctree


def _root(source: Path) -> str:
    """Return the name of the page that a site without settings starts at."""
    pages = sorted(path for path in source.rglob("*") if path.suffix in {".rst", ".md"})
    names = [path.relative_to(source).with_suffix("").as_posix() for path in pages]
    return next((root for root in _ROOTS if root in names), names[0] if names else _ROOTS[0])


@contextlib.contextmanager
def _numbering(doctrees: Mapping[str, bytes]) -> Iterator[None]:
    """Let Sphinx have the doctrees of these pages from here, not from their files."""
    others = BuildEnvironment.get_doctree

    def get_doctree(env: BuildEnvironment, docname: str) -> nodes.document:
        if docname in doctrees:
            return _unpickled(doctrees[docname], env, docname)
        return others(env, docname)

    setattr(BuildEnvironment, "get_doctree", get_doctree)  # noqa: B010 - not by assignment: mypy
    try:
        yield
    finally:
        setattr(BuildEnvironment, "get_doctree", others)  # noqa: B010 - as above


def _number(app: Sphinx, read: set[str]) -> None:
    """Number sections and figures, as they are after the pages ``read``."""
    list(app.env.check_dependents(app, read))  # a generator: the work is done on the way


class _Trying(BuildEnvironment):
    """The environment while a page is tried: finds a page that is still RST as Markdown.

    A class of its own: what a page's nodes lead to is pickled with them, so that no method may
    stand in the instance, and a project may document Sphinx's own class.
    """

    def relfn2path(self, filename: str | Path, docname: str | None = None) -> tuple[str, str]:
        relative, absolute = super().relfn2path(filename, docname)
        planned, suffix = posixpath.splitext(relative)
        if suffix == ".md" and planned in self.all_docs and not Path(absolute).exists():
            return str(self.doc2path(planned, base=False)), str(self.doc2path(planned))
        return relative, absolute


def _unpickled(data: bytes, env: BuildEnvironment, name: str) -> nodes.document:
    """Do what Sphinx does to a doctree that it reads from disk."""
    doctree: nodes.document = pickle.loads(data)  # noqa: S301 - written by this process
    doctree.settings.env = env
    doctree.reporter = LoggingReporter(str(env.doc2path(name)))
    return doctree


def _keep_goals(doctree: nodes.document) -> None:
    """Note on the text of each reference what it names: one that is not found shows no more."""
    for node in doctree.findall(addnodes.pending_xref):
        content = node.children[0] if node.children else None
        if isinstance(content, nodes.Element) and node.get("reftype") != "myst":
            names = (node.get(key) or "" for key in ("refdomain", "reftype", "reftarget"))
            content["unresolved"] = ":".join(str(name) for name in names)


def _keep_conditions(doctree: nodes.document) -> None:
    """Keep what ``only`` would drop for this builder, under its condition."""
    for node in list(doctree.findall(addnodes.only)):
        kept = nodes.container("", *node.children, only=node["expr"])
        kept.line, kept.source = node.line, node.source
        node.parent.replace(node, kept)
