"""How often does Python look for cycles of objects that nothing reaches?"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

#: Containers made between two looks: a few large pages' doctrees, some hundred megabytes.
_BETWEEN = 1_000_000


@contextmanager
def seldom_collected() -> Iterator[None]:
    """Let Python look for cycles seldom while doctrees are made.

    A doctree is thousands of objects that refer to one another and die together.  By default
    Python looks through all that live a hundred times for each page, a third of what reading a
    site takes.
    """
    kept = gc.get_threshold()
    gc.set_threshold(_BETWEEN, *kept[1:])
    try:
        yield
    finally:
        gc.set_threshold(*kept)
