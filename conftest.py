"""Make the plugin known where the project is a checkout on PYTHONPATH, and not installed."""

from importlib.metadata import entry_points

_installed = any(point.name == "doctest-nix" for point in entry_points(group="pytest11"))

pytest_plugins = [] if _installed else ["doctest_nix.plugin"]
