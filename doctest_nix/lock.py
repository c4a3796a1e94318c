"""How the image and the package set of a run are pinned in the project's configuration."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from doctest_nix.config import Backend, Config, Tarball
from doctest_nix.errors import ConfigError, SandboxError, Slug
from doctest_nix.options import CHANNEL, package_set

#: What a channel's own server says of it.
CHANNEL_COMMIT = "https://channels.nixos.org/{channel}/git-revision"

#: The section of pytest's settings, by the name of the file.
_SECTIONS = {
    "pyproject.toml": ("[tool.pytest.ini_options]", "[tool.pytest]"),
    "pytest.toml": ("[pytest]",),
    ".pytest.toml": ("[pytest]",),
    "setup.cfg": ("[tool:pytest]",),
}

_HEAD = re.compile(r"\[{1,2}[^][]+\]{1,2}\s*(?:#.*)?$")
_COMMENT = re.compile(r"\s+#[^\"']*$")


def pins(
    config: Config, nixpkgs: str | None, root: Path, progress: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """Yield each setting with the value that pins it; what cannot be pinned is told.

    ``nixpkgs`` is what names the package set, as `--nix-nixpkgs` does, or a channel; None where
    there is none.  Raises ConfigError, SandboxError.
    """
    if config.backend is not Backend.BUBBLEWRAP:
        try:
            from doctest_nix.sandbox.image import pinned  # noqa: PLC0415  # imports the SDK

            yield "nix_image", pinned(config.image, progress)
        except SandboxError as error:
            if config.backend is not Backend.AUTO:
                raise
            progress(f"no image is pinned: {error.problem}")
    if nixpkgs is None:
        progress("no package set is pinned: none is named; try --nixpkgs=nixos-unstable")
    elif which := _nixpkgs(nixpkgs, root, progress):
        yield "nix_nixpkgs", which


def write(path: Path, settings: list[tuple[str, str]]) -> None:
    """Write ``settings`` into pytest's configuration file, and leave the rest as it is.

    Raises ConfigError where that is not possible, OSError.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    sections = _SECTIONS.get(path.name, ("[pytest]",))
    heads = [n for n, line in enumerate(lines) if line.strip() in sections]
    if not heads:
        raise _not_written(path, settings, f"it has no section {' or '.join(sections)}")
    start = heads[0] + 1
    following = (n for n, line in enumerate(lines) if n >= start and _HEAD.match(line))
    end = next(following, len(lines))
    for name, value in settings:
        line = f"{name} = {json.dumps(value)}" if path.suffix == ".toml" else f"{name} = {value}"
        found = [n for n in range(start, end) if re.match(rf"\s*{name}\s*=", lines[n])]
        if not found:
            lines.insert(start, line)
            end += 1
        elif re.search(r"=\s*(?:\[.*)?$|\"\"\"|'''", lines[found[0]]):
            raise _not_written(path, settings, f"{name} has more than one value there")
        else:
            comment = _COMMENT.search(lines[found[0]])
            lines[found[0]] = line + (comment[0] if comment and path.suffix == ".toml" else "")
    path.write_text("\n".join(lines), encoding="utf-8")


def _nixpkgs(given: str, root: Path, progress: Callable[[str], None]) -> str:
    """Return the value that pins the package set, ``""`` where it is a directory."""
    from doctest_nix.sandbox import tarball  # noqa: PLC0415  # downloads are for this alone

    if CHANNEL.fullmatch(given) and not (root / given).exists():
        given = tarball.commit_of(given, CHANNEL_COMMIT.format(channel=given))
    which = package_set(given, root)
    if isinstance(which, Tarball):
        if which.pinned:
            return given
        return f"{given}#sha256-{tarball.digest(which, progress)}"
    place = (root / given).resolve()
    if place.is_relative_to(root):
        progress(f"{given} is in the project, whose history pins it")
    else:
        progress(f"{given} is a directory outside of the project, and nothing pins it")
    return ""


def _not_written(path: Path, settings: list[tuple[str, str]], why: str) -> ConfigError:
    text = "\n".join(f"    {name} = {value}" for name, value in settings)
    return ConfigError(
        Slug.OPTION,
        f"The settings cannot be written into {path}: {why}.",
        remedy=f"Write them yourself:\n{text}",
    )
