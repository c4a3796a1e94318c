"""Which limit does a program complain of, where the kernel does not count?"""

from __future__ import annotations

import re

from doctest_nix.config import Limit

#: A file that would have become larger than a process may make one: EFBIG, and bash's words.
_TOO_LARGE = r"File too large|File size limit exceeded"

#: The words of the C library for its errors (ENOSPC, EFBIG, EAGAIN of fork, ENOMEM), and those in
#: which shells and languages say the same.
_SIGNS = {
    Limit.DISK: re.compile(rf"No space left on device|{_TOO_LARGE}", re.IGNORECASE),
    Limit.PROCESSES: re.compile(
        r"(?:fork|clone|thread|process).*Resource temporarily unavailable|Cannot fork",
        re.IGNORECASE,
    ),
    Limit.MEMORY: re.compile(
        r"Cannot allocate memory|out of memory|memory exhausted|bad_alloc|\bMemoryError\b",
        re.IGNORECASE,
    ),
}


#: As much of the end of an output is looked at.
_TAIL = 4096


def complaint(said: str) -> Limit | None:
    """Return the limit that the end of an output complains of."""
    return next((limit for limit, sign in _SIGNS.items() if sign.search(said[-_TAIL:])), None)


def is_file_too_large(said: str) -> bool:
    """Tell whether the end of an output complains of the size that one file may have."""
    return re.search(_TOO_LARGE, said[-_TAIL:], re.IGNORECASE) is not None
