"""What is compared of a site: pages of blocks, free of docutils, small enough to send about."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """A node of a normalised doctree.

    ``kind`` is the docutils class, ``attributes`` are sorted by name and hold only what a reader
    or another page can tell.  ``line`` is a line of the page's own source, 1-based, None where
    docutils did not keep it; it is no part of equality.  ``digest`` is equal for equal trees.
    """

    kind: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Element | str, ...] = ()
    line: int | None = field(default=None, compare=False)
    digest: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Digest the children's digests, so that a whole tree is digested once."""
        parts = [_framed(self.kind)]
        for name, value in self.attributes:
            parts += (_framed(name), _framed(value))
        for child in self.children:
            parts.append(_framed(child) if isinstance(child, str) else b"\0" + child.digest)
        digest = hashlib.blake2b(b"".join(parts), digest_size=16).digest()
        object.__setattr__(self, "digest", digest)

    def __reduce__(self) -> tuple[object, ...]:
        """Pickle the digest too; a dataclass's own way is three times as slow."""
        return _element, (self.kind, self.attributes, self.children, self.line, self.digest)

    def attribute(self, name: str) -> str | None:
        """Return the attribute ``name``, None where it is absent."""
        return dict(self.attributes).get(name)

    def text(self) -> str:
        """Return what the tree below reads, children joined without more."""
        return "".join(c if isinstance(c, str) else c.text() for c in self.children)

    def walk(self) -> Iterator[Element]:
        """Yield the element and all below it, in document order."""
        yield self
        for child in self.children:
            if isinstance(child, Element):
                yield from child.walk()


def _element(*values: object) -> Element:
    """Return the element of the values of `Element.__reduce__`, which is frozen to others."""
    made = object.__new__(Element)
    for set_value, value in zip(_SETTERS, values, strict=True):
        set_value(made, value)
    return made


_SETTERS = tuple(getattr(Element, slot.name).__set__ for slot in fields(Element))


def _framed(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return b"\1%d:%s" % (len(data), data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A child of a section, or a section's heading: the unit in which pages are compared.

    ``section`` holds the titles around it, outermost first.
    """

    section: tuple[str, ...]
    element: Element


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Anchor:
    """A fragment that a link from elsewhere may name: ``page.html#fragment``.

    ``of`` says what it stands at: ``section 'Install'``.  ``counted`` is true of one that nobody
    chose, such as ``id3``, which means the third of something.
    """

    fragment: str
    of: str
    counted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page, ready to be compared.

    ``facts`` are the things that a page tells the rest of its site and other sites, in no order:
    its metadata, its labels, the objects that it describes.  ``anchors`` are sorted.
    """

    name: str
    blocks: tuple[Block, ...]
    facts: tuple[Element, ...] = ()
    anchors: tuple[Anchor, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Warned:
    """A warning of a build: ``page`` is a docname or another source, ``""`` where none is named.

    ``slug`` is Sphinx's ``type.subtype``, ``""`` where it gave none.
    """

    page: str
    line: int | None
    message: str
    slug: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A whole site as read by one build; pages in the order of their names.

    ``unreadable`` are the pages on which Sphinx or an extension failed, with what was raised: in
    ``pages`` they are empty.
    """

    pages: tuple[Page, ...]
    warnings: tuple[Warned, ...] = ()
    unreadable: tuple[tuple[str, str], ...] = ()
    seconds: float = 0.0

    def page(self, name: str) -> Page | None:
        """Return the page ``name``, None where the site has none."""
        return next((page for page in self.pages if page.name == name), None)
