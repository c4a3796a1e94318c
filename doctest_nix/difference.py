"""How does a reader see at a glance what differs?"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import SequenceMatcher
from typing import Final

from doctest_nix.alignment import is_elision
from doctest_nix.masks import Text, agree

#: Lines of a difference, characters of a line, and lines of context around a change.
LINES: Final = 60
WIDTH: Final = 300
CONTEXT: Final = 3

#: Lines of each side that are compared in detail; more are cut out of their middle.
_WINDOW: Final = 200

_REMOVED, _ADDED, _SAME = "- ", "+ ", "  "


def difference(
    page: Sequence[str],
    printed: Sequence[str],
    shown: Callable[[str], Text],
    actual: Callable[[str], Text],
) -> tuple[str, ...]:
    """Return the lines of the page against those printed, each with ``- ``, ``+ `` or two spaces.

    ``shown`` and ``actual`` read a line; lines that agree are context, as they were printed.  An
    elision shows as the lines that it stands for.  Context is trimmed around changes, long
    outputs are cut, and a line that says so starts with ``⋮``.  At most `LINES` lines of at most
    `WIDTH` characters, whatever the input.
    """
    same = _common(page, printed, shown, actual)
    tail = _common(page[same:][::-1], printed[same:][::-1], shown, actual)
    middle_page, middle = page[same : len(page) - tail], printed[same : len(printed) - tail]
    changes = list(_changes(_window(middle_page), _window(middle), shown, actual))
    lines = [
        *(_SAME + line for line in printed[max(same - CONTEXT, 0) : same]),
        *changes,
        *(_SAME + line for line in printed[len(printed) - tail :][:CONTEXT]),
    ]
    if same > CONTEXT:
        lines.insert(0, _cut(same - CONTEXT))
    if tail > CONTEXT:
        lines.append(_cut(tail - CONTEXT))
    return _bounded(_trimmed(lines))


def _common(
    page: Sequence[str],
    printed: Sequence[str],
    shown: Callable[[str], Text],
    actual: Callable[[str], Text],
) -> int:
    number = 0
    for one, other in zip(page, printed, strict=False):
        if one != other and (is_elision(one) or agree(shown(one), actual(other)) is None):
            break
        number += 1
    return number


def _window(lines: Sequence[str]) -> list[str]:
    if len(lines) <= _WINDOW:
        return list(lines)
    half = _WINDOW // 2
    return [*lines[:half], _cut(len(lines) - 2 * half), *lines[-half:]]


def _cut(number: int) -> str:
    return f"{_SAME}⋮ {number:,} lines" if number > 1 else f"{_SAME}⋮ 1 line"


def _changes(
    page: Sequence[str],
    printed: Sequence[str],
    shown: Callable[[str], Text],
    actual: Callable[[str], Text],
) -> Iterator[str]:
    texts = [actual(line) for line in printed]
    keys = [text.key for text in texts]
    ours = []
    for line in page:
        text = shown(line)
        found = None
        if not is_elision(line):
            found = next((t.key for t in texts if agree(text, t) is not None), None)
        ours.append(f"\n{line}" if found is None else found)
    matcher = SequenceMatcher(None, ours, keys, autojunk=False)
    for tag, i1, i2, j1, j2 in matcher.get_opcodes():
        if tag == "equal":
            yield from (_SAME + line for line in printed[j1:j2])
        else:
            yield from _change(page[i1:i2], printed[j1:j2])


def _change(page: Sequence[str], printed: Sequence[str]) -> Iterator[str]:
    """Yield one change; its first elision stands for the printed lines that have no other side."""
    gap = next((n for n, line in enumerate(page) if is_elision(line)), None)
    if gap is None:
        yield from (_marked(_REMOVED, line) for line in page)
        yield from (_marked(_ADDED, line) for line in printed)
        return
    rest = [line for line in page[gap:] if not is_elision(line)]
    before = printed[:gap]
    after = printed[max(len(printed) - len(rest), gap) :]
    yield from (_marked(_REMOVED, line) for line in page[:gap])
    yield from (_marked(_ADDED, line) for line in before)
    yield from (_marked(_SAME, line) for line in printed[gap : len(printed) - len(after)])
    yield from (_marked(_REMOVED, line) for line in rest)
    yield from (_marked(_ADDED, line) for line in after)


def _marked(mark: str, line: str) -> str:
    return line if line.startswith(f"{_SAME}⋮ ") else mark + line


def _trimmed(lines: Sequence[str]) -> list[str]:
    """Cut context that is further than `CONTEXT` lines from any change."""
    changed = [n for n, line in enumerate(lines) if not line.startswith(_SAME)]
    near = {n + d for n in changed for d in range(-CONTEXT, CONTEXT + 1)}
    kept: list[str] = []
    cut = 0
    for number, line in enumerate(lines):
        if number in near or line.startswith(f"{_SAME}⋮ "):
            kept += [_cut(cut)] * (cut > 0)
            kept.append(line)
            cut = 0
        else:
            cut += 1
    return [*kept, *[_cut(cut)] * (cut > 0)]


def _bounded(lines: Sequence[str]) -> tuple[str, ...]:
    short = [
        line if len(line) <= WIDTH else f"{line[: WIDTH - 30]}… {len(line) - 2:,} characters"
        for line in lines
    ]
    if len(short) <= LINES:
        return tuple(short)
    return (*short[: LINES - 1], _cut(len(short) - LINES + 1))
