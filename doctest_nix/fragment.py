"""What a Nix file is when a page shows only a part of it anew."""

from __future__ import annotations

import itertools
import re
import textwrap

from doctest_nix.nixsource import Binding, bindings, tokens

_ELIDED = re.compile(r"#\s*(?:\.\.\.|…)")


def replaced(text: str, fragment: str) -> str | None:
    """Return ``text`` with each binding of ``fragment`` instead of the one with the same path.

    None where the fragment is anything but bindings, says in a comment that it leaves something
    out, or has one that ``text`` has not, or has more than once: then its place is not known.  The
    new binding is indented as the old one was.
    """
    shown = _outermost(fragment)
    if not shown or not _is_only(fragment, shown) or _ELIDED.search(fragment):
        return None
    present = bindings(text)
    edits = []
    for binding in shown:
        places = [old for old in present if old.path == binding.path]
        if len(places) != 1:
            return None
        edits.append((places[0], _indented(text, places[0], fragment, binding)))
    edits.sort(key=lambda edit: edit[0].start)
    if any(one.end > other.start for (one, _), (other, _) in itertools.pairwise(edits)):
        return None
    for old, new in reversed(edits):
        text = text[: old.start] + new + text[old.end :]
    return text


def _outermost(fragment: str) -> list[Binding]:
    found: list[Binding] = []
    for binding in bindings(fragment):
        if not found or binding.start >= found[-1].end:
            found.append(binding)
    return found


def _is_only(fragment: str, shown: list[Binding]) -> bool:
    """Tell whether the bindings are all of the fragment's code."""
    return all(any(b.start <= t.start < b.end for b in shown) for t in tokens(fragment))


def _indented(text: str, old: Binding, fragment: str, new: Binding) -> str:
    """Return the new binding as it stands in the fragment, at the old one's depth."""
    start = fragment.rfind("\n", 0, new.start) + 1
    lines = textwrap.dedent(fragment[start : new.end]).strip("\n")
    before = text[text.rfind("\n", 0, old.start) + 1 : old.start]
    depth = before if not before.strip() else before[: len(before) - len(before.lstrip())]
    shown = textwrap.indent(lines, depth).lstrip()
    return shown if shown.endswith(";") else f"{shown};"
