"""Which options a run takes, and what their values mean: the one place that validates them."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from doctest_nix.config import (
    DEFAULT_IMAGE,
    HOST,
    Backend,
    Config,
    Limits,
    Need,
    Network,
    Tarball,
)
from doctest_nix.errors import ConfigError, Slug, nearest

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """An option with a value: `--nix-NAME` on the command line, `nix_NAME` as a setting.

    ``several`` where it may be given more than once; as a setting it then has a value a line.
    """

    name: str
    metavar: str
    help: str
    several: bool = False

    @property
    def flag(self) -> str:
        """Its name on the command line."""
        return f"--nix-{self.name}"

    @property
    def setting(self) -> str:
        """Its name in pytest's configuration."""
        return f"nix_{self.name.replace('-', '_')}"


IMAGE: Final = Option(
    name="image",
    metavar="IMAGE",
    help=f"container image (default: {DEFAULT_IMAGE}), or {HOST} for the machine's own Nix;"
    " several times: each document with each",
)

OPTIONS: Final = (
    Option(
        name="sandbox",
        metavar="BACKEND",
        help="auto, docker or bubblewrap (default: auto, Docker where engine and image are there)",
    ),
    IMAGE,
    Option(
        name="runtime",
        metavar="NAME",
        help="the engine's OCI runtime, like runsc (default: the engine's own)",
    ),
    Option(
        name="nixpkgs",
        metavar="WHICH",
        help="what is <nixpkgs> in the sandbox: a directory, a commit of nixpkgs, or a tarball",
    ),
    Option(name="timeout", metavar="SECONDS", help="time for one command (default: 60)"),
    Option(name="document-timeout", metavar="SECONDS", help="time for one document (default: 900)"),
    Option(
        name="limit",
        metavar="WHAT=AMOUNT",
        help="what a page may use: memory, disk, output, processes, cpus; like memory=8G",
        several=True,
    ),
    Option(
        name="network",
        metavar="POLICY",
        help="what pages can reach: none (default), substituters (binary caches and fetch hosts),"
        " or full",
    ),
    Option(
        name="substituters",
        metavar="URL",
        help="a binary cache to take packages from (default: cache.nixos.org)",
        several=True,
    ),
    Option(
        name="trusted-public-keys",
        metavar="KEY",
        help="a key that signs the packages of a binary cache (default: cache.nixos.org's)",
        several=True,
    ),
    Option(
        name="fetch-hosts",
        metavar="HOST",
        help="a host to fetch from where the network is substituters: name, name:port or *.domain"
        " (default: nixos.org's and the usual forges)",
        several=True,
    ),
    Option(
        name="provides",
        metavar="NEED",
        help="what else there is, so that blocks that need it are run: kvm, docker, root, ...",
        several=True,
    ),
    Option(
        name="tabs",
        metavar="WORD",
        help="read the tabs with this word in their name (default: Linux)",
        several=True,
    ),
    Option(
        name="min-verified",
        metavar="PERCENT",
        help="fail where fewer of the blocks passed or are stale",
    ),
)

#: The bytes of a size's letter.
_UNITS: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}

#: Where the forge of nixpkgs has each commit.
NIXPKGS_TARBALL = "https://github.com/NixOS/nixpkgs/archive/{commit}.tar.gz"

_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_DIGEST: Final = re.compile(r"sha256-([A-Za-z0-9+/]{43}=)")
#: A channel: a name for whichever commit its tests passed last.
CHANNEL: Final = re.compile(r"(?:nixos|nixpkgs)-[a-z0-9.-]+")
_URL: Final = re.compile(r"[a-z][a-z0-9+-]*://\S+")
_KEY: Final = re.compile(r"[\w.-]+:[A-Za-z0-9+/]{43}=")
_HOST: Final = re.compile(r"(?:\*\.)?[\w-]+(?:\.[\w-]+)*(?::\d{1,5})?")


def settings(
    given: Callable[[Option], Sequence[str]],
    *,
    root: Path,
    flakes: bool = False,
    strict: bool = False,
) -> Config:
    """Return the settings of a run; ``given`` has an option's values, none where there is none.

    Paths are relative to ``root``.  Raises ConfigError.
    """
    values = {option.name: tuple(given(option)) for option in OPTIONS}

    def last(name: str) -> str | None:
        return values[name][-1] if values[name] else None

    provides = frozenset(_choice(Need, "provides", name) for name in _words(values["provides"]))
    network = Network.FULL if Need.NETWORK in provides else Network.NONE
    nixpkgs = package_set(last("nixpkgs"), root)
    return Config(
        backend=_choice(Backend, "sandbox", last("sandbox") or Backend.AUTO.value),
        image=last("image") or DEFAULT_IMAGE,
        runtime=last("runtime"),
        nixpkgs=nixpkgs if isinstance(nixpkgs, Path) else None,
        tarball=nixpkgs if isinstance(nixpkgs, Tarball) else None,
        network=_choice(Network, "network", last("network") or network.value),
        flakes=flakes or Need.FLAKES in provides,
        provides=provides - {Need.NETWORK, Need.FLAKES},
        tabs=tuple(_words(values["tabs"])) or Config().tabs,
        min_verified=_percent(last("min-verified")),
        strict=strict,
        timeout=_seconds("timeout", last("timeout"), Config().timeout),
        document_timeout=_seconds(
            "document-timeout", last("document-timeout"), Config().document_timeout
        ),
        substituters=_shaped(
            "substituters", values, Config().substituters, _URL, "https://cache.nixos.org"
        ),
        trusted_keys=_shaped(
            "trusted-public-keys", values, Config().trusted_keys, _KEY, Config().trusted_keys[0]
        ),
        fetch_hosts=_shaped(
            "fetch-hosts", values, Config().fetch_hosts, _HOST, "*.example.org:443"
        ),
        limits=_limits(values["limit"]),
    )


def _words(given: Sequence[str]) -> list[str]:
    """Return the words of values that may each be several, with commas between."""
    return [word.strip() for value in given for word in value.split(",") if word.strip()]


def _percent(given: str | None) -> float | None:
    try:
        value = float(given) if given is not None else None
    except ValueError:
        value = math.nan
    if value is not None and not 0 <= value <= 100:
        raise ConfigError(
            Slug.OPTION,
            f"--nix-min-verified={given} is no percentage",
            remedy="Write for example: --nix-min-verified=60",
        )
    return value


def package_set(given: str | None, root: Path) -> Path | Tarball | None:
    """Return what ``--nix-nixpkgs`` names; a path is relative to ``root``.  Raises ConfigError."""
    if given is None:
        return None
    if _COMMIT.fullmatch(given):
        return Tarball(url=NIXPKGS_TARBALL.format(commit=given), commit=given)
    source, _, said = given.partition("#")
    digest = _DIGEST.fullmatch(said)
    path = (root / source).resolve()
    if said and digest is None:
        raise ConfigError(
            Slug.OPTION,
            f"--nix-nixpkgs={given}: {said!r} is no SHA-256",
            remedy="Let the tool write it: doctest-nix lock --nixpkgs=URL",
        )
    sha256 = digest[1] if digest else ""
    if _URL.fullmatch(source):
        return Tarball(url=source, sha256=sha256)
    if path.is_file():
        return Tarball(url=path.as_uri(), sha256=sha256)
    if CHANNEL.fullmatch(given) and not path.exists():
        raise ConfigError(
            Slug.OPTION,
            f"--nix-nixpkgs={given} is a channel, and tomorrow another commit",
            remedy=f"Pin it: doctest-nix lock --nixpkgs={given}",
        )
    if not path.is_dir():
        raise ConfigError(
            Slug.OPTION,
            f"--nix-nixpkgs={given} is no directory, no tarball and no commit",
            remedy="Give the path of a nixpkgs checkout, relative to pytest's root directory, or"
            " the 40\ndigits of a commit, or the URL or path of a tarball.",
        )
    return path


def _shaped(
    name: str,
    values: Mapping[str, Sequence[str]],
    default: tuple[str, ...],
    form: re.Pattern[str],
    example: str,
) -> tuple[str, ...]:
    """Return the words of all values, which must have the ``form``; ``default`` without any."""
    words = tuple(_words(values[name]))
    for word in words:
        if not form.fullmatch(word):
            raise ConfigError(
                Slug.OPTION,
                f"--nix-{name}={word} cannot be understood",
                remedy=f"Write for example: --nix-{name}={example}",
            )
    return words or default


def _limits(given: Sequence[str]) -> Limits:
    """Return the limits with those that are ``given`` as ``name=amount``."""
    amounts: dict[str, float] = asdict(Limits())
    readers: dict[str, Callable[[str], float | None]] = {
        "memory": _bytes,
        "disk": _bytes,
        "output": _bytes,
        "processes": _count,
        "cpus": _number,
    }
    for one in given:
        name, _, amount = one.partition("=")
        if name not in readers:
            raise ConfigError(
                Slug.OPTION,
                f"--nix-limit={one}: there is no such limit",
                remedy=nearest(name, readers),
            )
        value = readers[name](amount)
        if not value:
            raise ConfigError(
                Slug.OPTION,
                f"--nix-limit={one}: {amount!r} is no amount of {name}",
                remedy="Write for example: --nix-limit=memory=8G, or processes=1000, or cpus=1.5",
            )
        amounts[name] = value
    return Limits(
        memory=int(amounts["memory"]),
        disk=int(amounts["disk"]),
        output=int(amounts["output"]),
        processes=int(amounts["processes"]),
        cpus=amounts["cpus"],
    )


def _bytes(amount: str) -> int | None:
    found = re.fullmatch(r"(\d{1,6}(?:\.\d+)?)([KMGT]?)(?:i?B)?", amount, re.IGNORECASE)
    return found and round(float(found[1]) * _UNITS[found[2].upper()])


def _count(amount: str) -> int | None:
    return int(amount) if re.fullmatch(r"\d{1,6}", amount) else None


def _number(amount: str) -> float | None:
    return float(amount) if re.fullmatch(r"\d{1,4}(?:\.\d+)?", amount) else None


def _seconds(option: str, value: str | None, default: float) -> float:
    try:
        seconds = float(value) if value is not None else default
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise ConfigError(
            Slug.OPTION,
            f"--nix-{option}={value} is no number of seconds above 0",
            remedy=f"Write for example: --nix-{option}={default:g}",
        )
    return seconds


def _choice(kind: type[Choice], option: str, value: str) -> Choice:
    known = [member.value for member in kind]
    if value not in known:
        raise ConfigError(
            Slug.OPTION, f"--nix-{option}={value} is not known", remedy=nearest(value, known)
        )
    return kind(value)
