"""How Sphinx builds this documentation: MyST and RST pages, warnings being errors."""

from importlib.metadata import version as installed

project = "doctest-nix"
author = "the doctest-nix maintainers"
release = installed("doctest-nix")
version = release

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"doctest-nix {release}"
