"""Which formats documents have, and how one is loaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from doctest_nix.document import Block, Document
from doctest_nix.errors import DocumentError, Slug

# ruff: noqa: PLC0415
# A parser takes 0.03 s to import: only a run that has documents of its format pays.

#: A format: a pure function of text and path, which raises DocumentError and nothing else.
Parse = Callable[[str, Path], Document]


def _myst(text: str, path: Path) -> Document:
    from doctest_nix.formats.myst import parse

    return parse(text, path)


def _rst(text: str, path: Path) -> Document:
    from doctest_nix.formats.rst import parse

    return parse(text, path)


#: The formats by suffix.  To add one, write its module beside these and its line here.
FORMATS: dict[str, Parse] = {
    ".md": _myst,
    ".markdown": _myst,
    ".rst": _rst,
}


def load(path: Path, *, root: Path) -> Document:
    """Read the document at ``path``, what its blocks include and what it offers, below ``root``.

    Raises DocumentError: UNREADABLE for what is no UTF-8 text file of a known format, or a link
    out of ``root``, and all that the format's ``parse`` raises.  An included file that cannot be
    had is no error: its block says so in ``fault``, and the other blocks are as good as ever.
    """
    from doctest_nix.formats.download import offered
    from doctest_nix.formats.include import resolve

    parse = FORMATS.get(path.suffix.lower())
    if parse is None:
        remedy = f"Documents end in {', '.join(FORMATS)}."
        raise _unreadable(path, 1, f"no format has the suffix {path.suffix!r}", remedy)
    if _leads_out(path, root):
        remedy = "Put the page itself there, or give pytest the folder that has both: --rootdir."
        raise _unreadable(path, 1, f"this is a link that leads out of {root}", remedy)
    document = parse(_read(path), path)
    elements = tuple(
        resolve(element, root=root) if isinstance(element, Block) else element
        for element in document.elements
    )
    document = replace(document, elements=elements, root=root)
    return replace(document, downloads=offered(document, root=root))


def _leads_out(path: Path, root: Path) -> bool:
    """Tell whether ``path`` is below ``root`` by its name and not in fact."""
    return path.absolute().is_relative_to(root.absolute()) and not path.resolve().is_relative_to(
        root.resolve()
    )


def _read(path: Path) -> str:
    if path.exists() and not path.is_file():
        raise _unreadable(path, 1, "this is no regular file", "Name a file, or collect the folder.")
    try:
        data = path.read_bytes()
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror}"
        raise _unreadable(path, 1, problem, "Check its name and its permissions.") from None
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        problem = f"byte 0x{data[error.start]:02x} is no UTF-8"
        remedy = f"Save it as UTF-8, for example: iconv -f latin1 -t utf-8 {path.name}"
        raise _unreadable(path, line, problem, remedy) from None


def _unreadable(path: Path, line: int, problem: str, remedy: str) -> DocumentError:
    return DocumentError(path, line, Slug.UNREADABLE, problem, remedy=remedy)
