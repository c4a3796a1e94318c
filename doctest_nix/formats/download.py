"""Which files a page offers for download, and what is in them.

Source of the rule: Sphinx's role ``download``, whose path is relative to the document, or to the
root of the sources with a slash before it.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from doctest_nix.document import Document, Download, Prose

_ROLE = re.compile(r"(?:\{download\}|:download:)`(?:[^`<]*<([^`<>]+)>|([^`<>]+))`")

#: Bytes; a larger file is no part of a tutorial.
_LARGEST = 1024**2


def offered(document: Document, *, root: Path) -> tuple[Download, ...]:
    """Return the files that the prose offers and that a block names, each once.

    Only regular files inside ``root`` are read.  What cannot be had is left out: a block that
    needs it says so by itself.
    """
    found: dict[str, Download] = {}
    for element in document.elements:
        if not isinstance(element, Prose):
            continue
        for titled, plain in _ROLE.findall(element.text):
            target = (titled or plain).strip()
            name = PurePosixPath(target).name
            if name not in found and _is_named(name, document):
                folder = root if target.startswith("/") else document.path.parent
                download = _read(name, folder / target.lstrip("/"), root)
                if download is not None:
                    found[name] = download
    return tuple(found.values())


def _is_named(name: str, document: Document) -> bool:
    word = re.compile(rf"(?<![\w.-]){re.escape(name)}(?![\w-])")
    return any(word.search(block.text) for block in document.blocks)


def _read(name: str, path: Path, root: Path) -> Download | None:
    try:
        path = path.resolve()
        if not path.is_relative_to(root.resolve()) or not path.is_file():
            return None
        status = path.stat()
        if status.st_size > _LARGEST:
            return None
        return Download(name=name, data=path.read_bytes(), executable=bool(status.st_mode & 0o100))
    except (OSError, ValueError):
        return None
