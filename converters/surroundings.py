"""What of a project's settings and registry does the writer need?  Asked in the site's process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FunctionType
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives as rst_directives
from sphinx.directives import ObjectDescription
from sphinx.environment import BuildEnvironment
from sphinx.ext.autodoc.directive import AutodocDirective

from converters.oracle import Workshop
from converters.pen import PAGE_RST
from converters.shapes import Argument, Body, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A project as its own conf.py and extensions make it.

    ``pages`` maps docnames to paths relative to the source directory.  ``depended`` maps the
    files that pages read beside their own source, absolute, links followed, to those pages;
    ``""`` stands for a page that offers the file to be downloaded.  ``rst_suffixes`` are those
    of files that are read as RST, ``excluded`` the ``exclude_patterns``.  ``myst`` is true where
    the project turns MyST-Parser on itself, ``extensions`` are the MyST extensions that it
    enables.  ``quotes`` is the language in which quotes are made typographic, ``""`` for not at
    all.  ``heading_labels`` is true where headings are labels, by their source.  ``page_rst`` is
    true where the project turns `PAGE_RST` on itself.
    """

    pages: Mapping[str, str]
    depended: Mapping[str, frozenset[str]]
    rst_suffixes: frozenset[str]
    excluded: tuple[str, ...]
    default_role: str
    prolog: str
    epilog: str
    myst: bool
    extensions: frozenset[str]
    substitutions: frozenset[str]
    footnote_sort: bool
    url_schemes: frozenset[str]
    quotes: str
    heading_labels: bool
    page_rst: bool
    registry: Mapping[str, Shape] = field(repr=False)


def settings_of(workshop: Workshop) -> Settings:
    """Return the settings of the site that ``workshop`` has read."""
    config: Any = workshop.app.config
    env = workshop.env
    return Settings(
        pages={
            name: str(workshop.env.doc2path(name, base=False)) for name in sorted(workshop.names)
        },
        depended=_depended(env),
        rst_suffixes=frozenset(
            suffix for suffix, kind in config.source_suffix.items() if kind == "restructuredtext"
        ),
        excluded=tuple(config.exclude_patterns),
        default_role=config.default_role or "",
        prolog=config.rst_prolog or "",
        epilog=config.rst_epilog or "",
        myst=bool({"myst_parser", "myst_nb"} & set(config.extensions)),
        extensions=frozenset(config.myst_enable_extensions),
        substitutions=frozenset(config.myst_substitutions),
        footnote_sort=bool(config.myst_footnote_sort),
        url_schemes=frozenset(config.myst_url_schemes),
        quotes=_quotes(config),
        heading_labels="sphinx.ext.autosectionlabel" in workshop.app.extensions,
        page_rst=PAGE_RST in config.extensions,
        registry=dict(_shapes(workshop)),
    )


def _quotes(config: Any) -> str:
    language = config.language or "en"
    excluded = config.smartquotes_excludes.get("languages", ())
    made = config.smartquotes and "q" in config.smartquotes_action and language not in excluded
    return str(language) if made else ""


def _depended(env: BuildEnvironment) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for page, files in env.dependencies.items():
        own = Path(str(env.doc2path(page))).resolve()
        for name in files:
            file = Path(str(env.srcdir), name).resolve()
            if file != own:
                found[str(file)].add(page)
    for offered in env.dlfiles:
        found[str(Path(str(env.srcdir), str(offered)).resolve())].add("")
    return {path: frozenset(pages) for path, pages in found.items()}


def configure(workshop: Workshop, settings: Mapping[str, object]) -> None:
    """Let pages be tried with further ``myst_…`` settings from now on."""
    env: Any = workshop.env
    changes = {name.removeprefix("myst_"): value for name, value in settings.items()}
    if "enable_extensions" in changes:
        own = set(env.myst_config.enable_extensions)
        changes["enable_extensions"] = own | set(settings["myst_enable_extensions"])  # type: ignore[call-overload]
    if "substitutions" in changes:
        changes["substitutions"] = {**env.myst_config.substitutions, **changes["substitutions"]}  # type: ignore[dict-item]
    env.myst_config = env.myst_config.copy(**changes)


def _shapes(workshop: Workshop) -> Iterator[tuple[str, Shape]]:
    for name, directive in getattr(rst_directives, "_directives", {}).items():
        yield name, _shape(directive)
    default = workshop.app.config.primary_domain
    for domain in workshop.env.domains.values():
        for name in domain.directives:
            directive = domain.directive(name)
            if directive is not None:
                yield f"{domain.name}:{name}", _shape(directive)
                if domain.name in {default, "std"}:
                    yield name, _shape(directive)


def _shape(directive: Any) -> Shape:
    if isinstance(directive, FunctionType):
        return Shape(argument=Argument.LITERAL, body=Body.UNKNOWN)
    takes = directive.required_arguments or directive.optional_arguments
    described = isinstance(directive, type) and issubclass(directive, ObjectDescription)
    body = Body.PROSE if described else Body.UNKNOWN
    spec = directive.option_spec
    known = spec is not None and type(spec) is dict
    argument = Argument.SIGNATURES if described else Argument.LITERAL
    return Shape(
        argument=argument if takes else Argument.NONE,
        body=body if directive.has_content else Body.NONE,
        docstrings=isinstance(directive, type) and issubclass(directive, AutodocDirective),
        options=frozenset() if not spec else (frozenset(spec) if known else None),
    )


def links_of(workshop: Workshop, pages: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the addresses that each of ``pages`` has a name for, wherever that was defined.

    Included files, prologs and docstrings define names too.
    """
    found: dict[str, dict[str, str]] = {}
    for page in pages:
        doctree = workshop.env.get_doctree(page)
        found[page] = {
            name: str(target["refuri"])
            for target in doctree.findall(nodes.target)
            if "refuri" in target
            for name in target["names"]
        }
    return found
