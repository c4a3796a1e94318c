"""What of a project's settings and registry does the writer need?  Asked in the site's process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

from docutils import nodes
from docutils.parsers.rst import directives as rst_directives
from sphinx.directives import ObjectDescription

from converters.oracle import Workshop
from converters.shapes import Argument, Body, Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A project as its own conf.py and extensions make it.

    ``pages`` maps docnames to paths relative to the source directory.  ``included`` are the files
    that pages read beside their own source, absolute.  ``myst`` is true where MyST-Parser is on
    by conf.py itself, ``extensions`` are the MyST extensions that it turns on.
    """

    pages: Mapping[str, str]
    default_role: str
    prolog: str
    epilog: str
    source_suffix: tuple[str, ...]
    myst: bool
    extensions: frozenset[str]
    substitutions: frozenset[str]
    footnote_sort: bool
    url_schemes: frozenset[str]
    registry: Mapping[str, Shape] = field(repr=False)


def settings_of(workshop: Workshop, own_extensions: frozenset[str]) -> Settings:
    """Return the settings of the site that ``workshop`` has read.

    ``own_extensions`` are Sphinx extensions that the project did not ask for itself.
    """
    config: Any = workshop.app.config
    return Settings(
        pages={
            name: str(workshop.env.doc2path(name, base=False)) for name in sorted(workshop.names)
        },
        default_role=config.default_role or "",
        prolog=config.rst_prolog or "",
        epilog=config.rst_epilog or "",
        source_suffix=tuple(config.source_suffix),
        myst="myst_parser" not in own_extensions,
        extensions=frozenset(config.myst_enable_extensions),
        substitutions=frozenset(config.myst_substitutions),
        footnote_sort=bool(config.myst_footnote_sort),
        url_schemes=frozenset(config.myst_url_schemes),
        registry=dict(_shapes(workshop)),
    )


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
    return Shape(
        argument=Argument.LITERAL if takes else Argument.NONE,
        body=body if directive.has_content else Body.NONE,
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
