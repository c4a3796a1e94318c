"""What all tests have."""

from __future__ import annotations

from hypothesis import settings

# pytester forgets what was first imported during an inline run, yet not that packages hold their
# modules as attributes: docutils would then be there twice, half of it without our recorders.
import doctest_nix.formats.rst  # noqa: F401

pytest_plugins = ["pytester"]

#: Documents below this folder are material for tests, not tutorials of ours.
collect_ignore_glob = ["*.md", "*.rst"]

# A busy machine is no failure; all else is Hypothesis' own profile, which in CI is another.
settings.register_profile(
    "doctest-nix",
    parent=settings.get_profile(settings.get_current_profile_name()),
    deadline=None,
)
settings.load_profile("doctest-nix")
