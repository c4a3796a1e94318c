"""`python -m benchmarks`: measure; `python -m benchmarks soak`: run the traps again and again."""

from __future__ import annotations

import sys

from benchmarks import soak

if __name__ == "__main__":
    sys.exit(soak.main(sys.argv[2:]) if sys.argv[1:2] == ["soak"] else 1)
