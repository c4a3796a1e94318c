"""Which value did Nix print, and is it the one that the page shows?

Pure: texts in, values and truth out.  `parse` reads what every version of Nix prints, `render`
writes it one way, `equal` compares two printings of a value.
"""

from __future__ import annotations

from doctest_nix.nixvalue.likeness import equal
from doctest_nix.nixvalue.reader import NotAValueError, parse
from doctest_nix.nixvalue.value import Value, render

__all__ = ["NotAValueError", "Value", "equal", "parse", "render"]
