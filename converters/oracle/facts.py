"""What does a page tell the rest of its site, and other sites?"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from sphinx.environment import BuildEnvironment

from converters.oracle.tree import Element

#: Something that others can link to: (domain, type, name, shown name, anchor).
Object = tuple[str, str, str, str, str]

#: Metadata of which Sphinx asks only whether it is there.
FLAGS = ("orphan", "nosearch", "nocomments", "no-search")


def objects_of(env: BuildEnvironment) -> dict[str, list[Object]]:
    """Return what each page of the site describes."""
    found: dict[str, list[Object]] = defaultdict(list)
    for domain in env.domains.values():
        for name, shown, kind, page, anchor, _priority in domain.get_objects():
            found[page].append((domain.name, kind, str(name), str(shown), str(anchor)))
    return found


def facts_of(
    env: BuildEnvironment, name: str, objects: Sequence[Object], places: Mapping[str, str]
) -> tuple[Element, ...]:
    """Return the facts of the page ``name``, which describes ``objects``.

    ``places`` says what the page's counted ids stand at, and all ids of its sections.
    """
    return (
        _title(env.longtitles[name].astext()),
        *_metadata(env.metadata[name]),
        *_described(objects, places),
    )


def _title(text: str) -> Element:
    """Return what a browser's tab shows, which need not be the page's heading."""
    return Element(kind="title", attributes=(("text", " ".join(text.split())),))


def _metadata(metadata: Mapping[str, object]) -> Iterator[Element]:
    """Yield a page's settings for Sphinx, without those by MyST-Parser and for it."""
    for name, value in metadata.items():
        if not name.startswith("myst") and name != "wordcount":
            shown = "" if name in FLAGS else str(value)
            yield Element(kind="metadata", attributes=(("name", name), ("value", shown)))


def _described(objects: Sequence[Object], places: Mapping[str, str]) -> Iterator[Element]:
    for domain, kind, name, shown, anchor in objects:
        goal = f"({places[anchor]})" if anchor in places else anchor
        yield Element(
            kind="label" if kind == "label" else "object",
            attributes=(
                ("anchor", goal),
                ("name", name),
                ("shown", shown),
                ("type", f"{domain}:{kind}"),
            ),
        )
