"""The site that the oracle's cases are pages of."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
extensions = ["sphinx.ext.autodoc", "sphinx.ext.mathjax", "tabs"]
root_doc = "index"
numfig = True
rst_epilog = ".. |everywhere| replace:: of the epilog\n"
smartquotes = True
