"""How Sphinx builds this documentation: MyST and RST pages, warnings being errors."""

from importlib.metadata import version as installed
from pathlib import Path

from doctest_nix.annotations import WORDS

project = "doctest-nix"
author = "the doctest-nix maintainers"
project_copyright = author
release = installed("doctest-nix")
version = release

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build", "reference/_*.md"]
nitpicky = True

html_theme = "furo"
html_title = f"doctest-nix {release}"

# The table of annotations is the code's own.
_rows = "".join(f"| `{word.usage}` | {word.meaning} |\n" for word in WORDS if word.name != "reason")
Path(__file__).with_name("reference").joinpath("_words.md").write_text(
    f"| write | meaning |\n|---|---|\n{_rows}", encoding="utf-8"
)
