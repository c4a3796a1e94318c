"""What all tests have."""

pytest_plugins = ["pytester"]

#: Documents below this folder are material for tests, not tutorials of ours.
collect_ignore_glob = ["*.md", "*.rst"]
