"""What does a migration tell its reader?  A diff, a report in Markdown, and the same as JSON."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator

from converters import conf as conf_py
from converters.migration import Kept, Migration, PageFate, PageOutcome

#: The version of the JSON report; it is a public interface.
VERSION = 1


def diff(migration: Migration) -> Iterator[str]:
    """Yield the lines of the unified diff of what a migration would write, pages first."""
    source = migration.source.relative_to(migration.root).as_posix()
    prefix = "" if source == "." else f"{source}/"
    for page in migration.converted:
        before = (migration.source / page.path).read_text("utf-8-sig")
        yield from _file(before, page.text, f"{prefix}{page.path}", f"{prefix}{page.target}")
    if migration.conf is not None:
        path, text = migration.conf
        name = path.relative_to(migration.root).as_posix()
        yield from _file(conf_py.read(path), text, name, name)


def _file(before: str, after: str, old: str, new: str) -> Iterator[str]:
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"a/{old}", f"b/{new}", lineterm=""
    )
    yield from lines


def summary(migration: Migration) -> str:
    """Return one line: how many pages are converted, kept in part, left."""
    converted, left = migration.converted, migration.left
    if not migration.pages:
        return "There is no RST page to convert."
    kept = sum(1 for page in converted for block in page.kept if not block.autodoc)
    parts = [f"{len(converted)} of {_pages(len(migration.pages))} proven to render the same"]
    if kept:
        parts.append(f"{kept} {'block' if kept == 1 else 'blocks'} kept as RST in them")
    if left:
        parts.append(f"{len(left)} left as RST")
    return ", ".join(parts) + "."


def _pages(count: int) -> str:
    return f"{count} {'page' if count == 1 else 'pages'}"


def markdown(migration: Migration) -> str:
    """Return the report as Markdown: a page a row, then what else is to be known."""
    lines = ["# Conversion report", "", summary(migration), ""]
    if migration.pages:
        lines += ["| page | fate | line | construct | reason |", "| --- | --- | --- | --- | --- |"]
        for page in migration.pages:
            lines += _rows(page)
        lines.append("")
    if migration.conf is not None:
        lines += ["`conf.py` needs a change:", "", "```diff"]
        path, text = migration.conf
        lines += _file(conf_py.read(path), text, path.name, path.name)
        lines += ["```", ""]
    if migration.wanted:
        lines += ["The pages need these settings of a `conf.py`:", "", "```python"]
        lines += [*migration.wanted.splitlines(), "```", ""]
    if migration.mentions:
        lines += ["These lines name a converted page by its old name:", ""]
        lines += [f"- `{m.path}:{m.line}`: `{_code(m.text)}`" for m in migration.mentions]
        lines.append("")
    proof = migration.proof
    if proof is not None and not proof.proven:
        lines += ["The new site is not the same, and cannot be written:", ""]
        lines += [f"- {_cell(str(d))}" for page in proof.pages for d in page.differences]
        lines += [f"- lost anchor: {page}#{anchor.fragment}" for page, anchor in proof.lost_anchors]
        lines += [f"- new warning: {w.page}: {_cell(w.message)}" for w in proof.new_warnings]
        lines += [f"- new page: {page}" for page in proof.added_pages]
        lines.append("")
    return "\n".join(lines)


def _rows(page: PageOutcome) -> Iterator[str]:
    if page.fate is PageFate.LEFT:
        line = str(page.line or "")
        yield f"| {page.path} | left | {line} | {page.construct} | {_cell(page.reason)} |"
        return
    where = "page-rst" if page.page_rst else "eval-rst"
    fate = "proven" if not page.kept else f"proven, {len(page.kept)} in {where}"
    yield f"| {page.path} | {fate} | | | |"
    for block in page.kept:
        yield f"| | | {block.line} | {block.construct} | {_why(block)} |"


def _why(block: Kept) -> str:
    return "docstrings are RST" if block.autodoc else "kept as RST"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    return text.replace("`", "'")


def as_json(migration: Migration) -> str:
    """Return the report as JSON, version `VERSION`."""
    proof = migration.proof
    document = {
        "version": VERSION,
        "pages": [
            {
                "path": page.path,
                "target": page.target,
                "fate": page.fate.value,
                "blocks": page.blocks,
                "eval_rst": [
                    {
                        "line": block.line,
                        "construct": block.construct,
                        "blocks": block.blocks,
                        "autodoc": block.autodoc,
                    }
                    for block in page.kept
                ],
                "page_rst": page.page_rst,
                "line": page.line or None,
                "construct": page.construct or None,
                "reason": page.reason or None,
            }
            for page in migration.pages
        ],
        "totals": {
            "pages": len(migration.pages),
            "proven": len(migration.converted),
            "left": len(migration.left),
            "blocks": sum(page.blocks for page in migration.converted),
            "eval_rst_blocks": sum(
                block.blocks
                for page in migration.converted
                for block in page.kept
                if not block.autodoc
            ),
        },
        "conf": migration.conf is not None,
        "settings": migration.wanted or None,
        "mentions": [{"path": m.path, "line": m.line, "text": m.text} for m in migration.mentions],
        "site": {
            "proven": proof is None or proof.proven,
            "lost_anchors": [f"{p}#{a.fragment}" for p, a in proof.lost_anchors] if proof else [],
            "moved_anchors": len(proof.moved_anchors) if proof else 0,
            "new_warnings": [f"{w.page}: {w.message}" for w in proof.new_warnings] if proof else [],
        },
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
