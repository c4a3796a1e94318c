"""Which file a block is, as the page names it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

from doctest_nix.document import Block, Prose
from doctest_nix.steps import Context
from doctest_nix.steps.transcript import SESSION_LANGUAGES

#: Endings of files that tutorials have their readers write; `pkgs.hello` is no file.
_ENDINGS = (
    "nix lock json jsonc toml yaml yml py sh bash zsh fish c h cc cpp hpp rs go js mjs ts jsx"
    " tsx hs cabal ml rb pl lua java kt scala php txt md rst cfg conf ini env html css scss"
    " xml svg csv sql patch diff service socket timer target rules tf hcl el vim tex bib mk"
    " cmake gradle el key pub pem crt envrc gitignore"
).split()
_KNOWN = re.compile(
    rf"(?:~?/)?(?:[\w@+.-]+/)*(?:[\w@+.-]*\.(?:{'|'.join(_ENDINGS)})"
    r"|Makefile|Dockerfile|Containerfile|Procfile|Gemfile|Vagrantfile)"
)
_ANY = re.compile(r"(?:~?/)?(?:[\w@+.-]+/)*[\w@+-]*\.?[\w@+.-]*\w")
_COMMENT = re.compile(r"^\s*(?:#|//|--|;|%|/\*|<!--)\s*(?P<name>\S+?)\s*(?:\*/|-->)?\s*$")

#: The languages of endings that are told apart; a diff may be of any file.
_LANGUAGES = {
    "nix": {"nix"},
    "json": {"json", "jsonc"},
    "toml": {"toml"},
    "yaml": {"yaml", "yml"},
    "yml": {"yaml", "yml"},
    "py": {"python", "python3", "py"},
}
_TOLD_APART = frozenset().union(*_LANGUAGES.values())
_SHELLS = SESSION_LANGUAGES | {"bash", "sh", "shell", "zsh", "fish"}

#: Words by which a sentence says that a file is written, or what stands in it.
_WRITES = re.compile(
    r"\b(?:creat\w+|sav\w+|writ\w+|put|plac\w+|stor\w+|mak\w+|add\w*|append\w*|past\w+|copy|copied"
    r"|replac\w+|chang\w+|edit\w*|updat\w+|modif\w+|contents?|called|named|contain\w*|extend\w*"
    r"|new file|following|fill|given|have an?)\b",
    re.IGNORECASE,
)
_APPENDS = re.compile(r"\bappend(?:ed|ing|s)?\b|\badd\b[^.]*\bto the end\b", re.IGNORECASE)
_SAVES_AFTER = re.compile(r"\s*(?:now\s+)?(?:save|write|put|store|copy|paste)\b", re.IGNORECASE)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`*_\[(])")


#: How a sentence speaks of what stands before it as of something to save.
_SAVES_IT = re.compile(
    r"\b(?:write|save|put|store|copy|paste)\s+(?:it|this|that|the\s+\w+)\s+(?:in|to|into|as)\b"
    r"[^.`]{0,40}(?:\(?e\.g\.\s+)?`{1,2}([^`]+)`{1,2}",
    re.IGNORECASE,
)


class Source(StrEnum):
    """Where a name stands; an annotation is obeyed, the block itself believed, prose is tried."""

    ANNOTATED = "annotated"
    STATED = "stated"
    PROSE = "prose"


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A file name as the page gives it, and whether the block goes to the file's end."""

    name: str
    source: Source
    appends: bool = False
    insert_after: str | None = None


def file_named(block: Block, context: Context) -> Named | None:
    """Return the file that a block is, None where the page names none.

    What an annotation says is so.  Else the caption is believed first, then a word of the info
    string, then a comment that is the whole first line, then the last file named as code in the
    sentence before, then one in a sentence "Save this as `x`" after, before the next block.
    """
    annotations = context.annotations
    if annotations.file is not None:
        return Named(
            name=annotations.file,
            source=Source.ANNOTATED,
            appends=annotations.appends,
            insert_after=annotations.insert_after,
        )
    stated = stated_name(block)
    before = context.before
    said = _sentence_before(before)
    if stated is not None:
        return Named(name=stated, source=Source.STATED, appends=_APPENDS.search(said) is not None)
    if isinstance(before, Prose) and (_WRITES.search(said) or _is_only_a_name(before)):
        spoken = [word for word in before.code if word in said and _may_be(block, word)]
        if spoken:
            appends = _APPENDS.search(said) is not None
            return Named(name=_plain(spoken[-1]), source=Source.PROSE, appends=appends)
    for distance, prose in enumerate(_prose_after(context), 1):
        if _SAVES_AFTER.match(prose.text) and (distance == 1 or _SAVES_IT.search(prose.text)):
            first = _SENTENCE_END.split(prose.text)[0]
            spoken = [word for word in prose.code if word in first and _may_be(block, word)]
            if spoken:
                return Named(name=_plain(spoken[0]), source=Source.PROSE)
    return None


def is_inside(name: str) -> bool:
    """Tell whether a name stays in the working directory."""
    path = PurePosixPath(name)
    return not path.is_absolute() and ".." not in path.parts and path.parts[:1] != ("~",)


def saved_as(element: object) -> str | None:
    """Return the file that a paragraph says to write what stands before it to, None for none."""
    found = _SAVES_IT.search(element.text) if isinstance(element, Prose) else None
    return _plain(found[1]) if found and _is_known(found[1]) else None


def stated_name(block: Block) -> str | None:
    """Return the file name that a block itself gives: its caption, info string or first comment."""
    caption = (block.caption or "").strip().strip("`")
    is_script = block.text.startswith("#!")
    if _ANY.fullmatch(caption) and ("." in caption or is_script or _is_known(caption)):
        return _plain(caption)
    for word in block.info.split():
        name = re.sub(r"^\{?(?:file(?:name)?|title)=|\}$", "", word).strip("\"'")
        if _is_known(name):
            return _plain(name)
    found = _COMMENT.match(block.text.partition("\n")[0])
    if found and _is_known(found["name"].rstrip(":")):
        return _plain(found["name"].rstrip(":"))
    return None


def _prose_after(context: Context) -> Iterator[Prose]:
    """Yield the paragraphs after a block, up to the next block or heading."""
    for distance in itertools.count(1):
        match context.at(distance):
            case Prose() as prose:
                yield prose
            case _:
                return


def _sentence_before(element: object) -> str:
    return _SENTENCE_END.split(element.text.strip())[-1] if isinstance(element, Prose) else ""


def _is_only_a_name(prose: Prose) -> bool:
    """Tell whether a paragraph is a name in code and nothing else: a title of the block."""
    return len(prose.code) == 1 and prose.text.strip(" `*_:") == prose.code[0]


def _may_be(block: Block, name: str) -> bool:
    """Tell whether a name in prose can be the block's: it is a file's, and one in its language.

    What a shell reads is no file but a script.
    """
    if not _is_known(name):
        return False
    language = block.language.lower()
    ending = name.rpartition(".")[2]
    if language in _SHELLS:
        return ending in _SHELLS or block.text.startswith("#!")
    meant = _LANGUAGES.get(ending)
    return meant is None or language in meant or language not in _TOLD_APART


def _is_known(name: str) -> bool:
    return _KNOWN.fullmatch(name.removeprefix("./")) is not None


def _plain(name: str) -> str:
    return name.removeprefix("./")
