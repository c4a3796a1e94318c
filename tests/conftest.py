"""What all tests have."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages

from hypothesis import HealthCheck, settings

import doctest_nix

# pytester forgets modules that were first imported during an inline run, but not what holds them:
# of a parser or a class that is imported when it is needed there would then be two.
for _module in walk_packages(doctest_nix.__path__, "doctest_nix."):
    import_module(_module.name)

pytest_plugins = ["pytester"]

#: Documents below this folder are material for tests, not tutorials of ours.
collect_ignore_glob = ["*.md", "*.rst"]

# A busy machine is no failure; all else is Hypothesis' own profile, which in CI is another.
settings.register_profile(
    "doctest-nix",
    parent=settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("doctest-nix")
