"""What is there to say about a migration: a line, a page of Markdown, or JSON?

All three are the same bytes for the same sources: they hold no time and no path of the machine.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict

from converters.migration import Kept, Migration, PageFate, PageOutcome
from converters.oracle import Anchor

#: Grows when a reader of the JSON must change; new keys alone do not.
VERSION = 1


def summary(migration: Migration) -> str:
    """Return one line: pages and blocks counted by fate, and what links and warnings came to."""
    counts = totals(migration)
    kept = _counted(counts["kept_blocks"], "block")
    autodoc = f", {counts['autodoc_blocks']} of them autodoc" if counts["autodoc_blocks"] else ""
    return (
        f"{_counted(counts['pages'], 'page')}: {counts['proven']} proven, "
        f"{counts['proven_with_rst']} proven with RST in them, {counts['left']} left; "
        f"{kept} of {counts['blocks']} kept as RST{autodoc}; "
        f"{_counted(counts['lost_anchors'], 'anchor')} lost, "
        f"{_counted(counts['new_warnings'], 'new warning')}"
    )


def totals(migration: Migration) -> dict[str, int]:
    """Return the counts of a migration by name; ``kept_blocks`` include ``autodoc_blocks``."""
    kept = [kept for page in migration.converted for kept in page.kept]
    proof = migration.proof
    return {
        "pages": len(migration.pages),
        "proven": sum(not page.kept for page in migration.converted),
        "proven_with_rst": sum(bool(page.kept) for page in migration.converted),
        "left": len(migration.left),
        "blocks": sum(page.blocks for page in migration.pages),
        "kept_blocks": sum(k.blocks for k in kept),
        "autodoc_blocks": sum(k.blocks for k in kept if k.autodoc),
        "lost_anchors": len(proof.lost_anchors) if proof is not None else 0,
        "moved_anchors": len(proof.moved_anchors) if proof is not None else 0,
        "new_warnings": len(proof.new_warnings) if proof is not None else 0,
    }


def dumps(migration: Migration) -> str:
    """Return the migration as JSON; paths are relative to the site, or to the project for others.

    ``{"version", "pages": [{"path", "target", "fate", "blocks", "kept": [{"line", "construct",
    "blocks", "autodoc"}], "line", "construct", "reason"}], "conf", "edits", "mentions": [{"path",
    "line", "text"}], "lost_anchors": [{"page", "fragment", "of"}], "moved_anchors": …,
    "new_warnings": [{"page", "line", "message", "slug"}], "totals"}``.  ``fate`` is ``proven`` or
    ``left``; ``reason`` is ``""`` unless it is ``left``, and ``line`` 0 where it is nowhere in
    particular.  ``conf`` is ``""`` where conf.py stays as it is.
    """
    proof = migration.proof
    return json.dumps(
        {
            "version": VERSION,
            "pages": [_page(page) for page in migration.pages],
            "conf": _conf(migration),
            "edits": sorted(migration.edits),
            "mentions": [asdict(mention) for mention in migration.mentions],
            "lost_anchors": _anchors(proof.lost_anchors if proof is not None else ()),
            "moved_anchors": _anchors(proof.moved_anchors if proof is not None else ()),
            "new_warnings": [asdict(w) for w in proof.new_warnings] if proof is not None else [],
            "totals": totals(migration),
        },
        indent=2,
        ensure_ascii=False,
    )


def _page(page: PageOutcome) -> dict[str, object]:
    return {
        "path": page.path,
        "target": page.target if page.fate is PageFate.PROVEN else "",
        "fate": page.fate.value,
        "blocks": page.blocks,
        "kept": [asdict(kept) for kept in page.kept],
        "line": page.line,
        "construct": page.construct,
        "reason": page.reason,
    }


def _conf(migration: Migration) -> str:
    if migration.conf is None:
        return ""
    path, _text = migration.conf
    return (
        path.relative_to(migration.root).as_posix()
        if path.is_relative_to(migration.root)
        else path.name
    )


def _anchors(anchors: Iterable[tuple[str, Anchor]]) -> list[dict[str, str]]:
    return [{"page": page, "fragment": a.fragment, "of": a.of} for page, a in anchors]


def markdown(migration: Migration) -> str:
    """Return the migration as a page of Markdown, to be read and kept with the change."""
    parts = [["# Migration from RST to MyST"], [f"{summary(migration)}."]]
    parts += _section("Pages that are left", _left(migration.left))
    parts += _section("Pages that keep RST", _with_rst(migration.converted))
    parts += _section("Pages that are proven", _proven(migration.converted))
    parts += _section("Other files that change", _changed(migration))
    parts += _section("Lines that name a page by its old name", _mentions(migration))
    if (proof := migration.proof) is not None:
        parts += _section("Anchors that are lost", _listed(proof.lost_anchors))
        parts += _section(
            "Counted anchors that stand elsewhere",
            _listed(proof.moved_anchors),
            "Nobody chose these, but a link that was copied from a heading may name one.",
        )
        warnings = (
            f"- {w.page or 'the site'}{f':{w.line}' if w.line else ''}: {_code(w.message)}"
            for w in proof.new_warnings
        )
        parts += _section("New warnings", warnings)
    return "\n\n".join("\n".join(part) for part in parts) + "\n"


def _section(title: str, lines: Iterable[str], introduction: str = "") -> list[list[str]]:
    """Return a section's paragraphs, none where it has no lines."""
    listed = list(lines)
    if not listed:
        return []
    return [[f"## {title}"], *([[introduction]] if introduction else []), listed]


def _left(pages: Sequence[PageOutcome]) -> Iterator[str]:
    for page in pages:
        place = f"{page.path}:{page.line}" if page.line else page.path
        construct = f" ({page.construct})" if page.construct else ""
        yield f"- `{place}`{construct}: {_code(page.reason)}"


def _with_rst(pages: Sequence[PageOutcome]) -> Iterator[str]:
    for page in pages:
        if page.kept:
            yield f"- `{page.path}`: {_counted(sum(k.blocks for k in page.kept), 'block')} as RST"
            yield from (f"  - {text}" for text in _constructs(page.kept))


def _constructs(kept: Sequence[Kept]) -> Iterator[str]:
    """Yield each construct once with its lines, the most frequent first."""
    counted = Counter(k.construct for k in kept)
    for construct, _number in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        lines = [str(k.line) for k in kept if k.construct == construct]
        yield f"{construct}: line{'s' if len(lines) > 1 else ''} {', '.join(lines)}"


def _proven(pages: Sequence[PageOutcome]) -> Iterator[str]:
    return (f"- `{page.path}` → `{page.target}`" for page in pages if not page.kept)


def _changed(migration: Migration) -> Iterator[str]:
    if conf := _conf(migration):
        yield f"- `{conf}`"
    yield from (f"- `{path}`" for path in sorted(migration.edits))


def _mentions(migration: Migration) -> Iterator[str]:
    return (f"- `{m.path}:{m.line}`: {_code(m.text)}" for m in migration.mentions)


def _listed(anchors: Iterable[tuple[str, Anchor]]) -> Iterator[str]:
    return (f"- `{page}#{anchor.fragment}` at {_line(anchor.of)}" for page, anchor in anchors)


def _line(text: str) -> str:
    return " ".join(text.split())


def _code(text: str) -> str:
    """Return ``text`` as inline code, whatever marks are in it."""
    line = _line(text)
    fence = "`"
    while fence in line:
        fence += "`"
    padding = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{padding}{line}{padding}{fence}"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
