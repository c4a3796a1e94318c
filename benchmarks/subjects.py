"""Who is measured: how each is had, how a session is written for it, and how it is run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parent.parent
STATE = ROOT / ".state" / "bench"
IMAGE = os.environ.get("DOCTEST_NIX_TEST_IMAGE", "doctest-nix:trixie")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """What is typed, and what is shown below; both may have several lines."""

    command: str
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Something that runs the commands of a page.

    ``write`` turns exchanges into a page of its own format, ``argv`` a page into its command.
    ``sleeps`` where nearly all of its time is waiting, so that runs may be side by side.
    ``missing`` says why it is not measured, ``""`` where it is.
    """

    name: str
    version: str
    suffix: str
    write: Callable[[Sequence[Exchange]], str]
    argv: Callable[[Path], list[str]]
    ours: bool = False
    peer: bool = False
    sleeps: bool = False
    missing: str = ""


def subjects() -> list[Subject]:
    """Install what is to be had, and return all, ours first."""
    python = str(environment("ours", ["--editable", str(ROOT)]) / "python")
    base = [python, "-m", "pytest", "-c", os.devnull, "-p", "no:cacheprovider"]

    def ours(backend: str, *more: str) -> Callable[[Path], list[str]]:
        return lambda page: [
            *base,
            f"--rootdir={page.parent}",
            f"--nix-sandbox={backend}",
            *more,
            str(page),
        ]

    version = said([python, "-m", "pip", "show", "doctest-nix"], r"Version: (\S+)")
    pytest = said([python, "-m", "pytest", "--version"], r"([\d.]+)")
    bash = said(["bash", "--version"], r"version ([\d.]+)")
    options = ["-l", "shell", "--pretty", "none"]
    byexample = peer("byexample", "byexample", ".md", fenced("shell"), options)
    return [
        Subject(
            name="doctest-nix, bubblewrap",
            version=f"{version} (pytest {pytest})",
            suffix=".md",
            write=fenced("console"),
            argv=ours("bubblewrap", "--nix-timeout=2"),
            ours=True,
        ),
        Subject(
            name="doctest-nix, Docker",
            version=f"{version} (pytest {pytest})",
            suffix=".md",
            write=fenced("console"),
            argv=ours("docker", f"--nix-image={IMAGE}", "--nix-timeout=2"),
            ours=True,
        ),
        Subject(
            name="plain bash",
            version=bash,
            suffix=".sh",
            write=lambda page: "".join(f"{exchange.command}\n" for exchange in page),
            argv=lambda page: ["bash", str(page)],
        ),
        Subject(
            name="bare terminal driver",
            version=f"bash {bash}",
            suffix=".txt",
            write=bare,
            argv=lambda page: [
                sys.executable,
                str(ROOT / "benchmarks" / "pty_driver.py"),
                str(page),
            ],
        ),
        byexample,
        replace(
            byexample,
            name="byexample, in a container",
            argv=lambda page: [
                *byexample.argv(page)[:-1],
                "-x-shebang",
                f"shell:{ROOT / 'benchmarks' / 'shell_in_container.sh'}",
                str(page),
            ],
            peer=False,
        ),
        # It imports distutils, which Python 3.12 no longer has and setuptools brings.
        peer("tesh", "tesh", ".md", fenced('console tesh-session="page"'), [], "setuptools<81"),
        peer("cram", "cram", ".t", indented, ["--shell=bash"]),
        peer("prysk", "prysk", ".t", indented, ["--shell=bash"]),
        clitest(),
    ]


def bare_pytest(page: Path) -> list[str]:
    """Return the command of a pytest that knows nothing of us, for a Python file of one test."""
    python = str(STATE / "ours" / "bin" / "python")
    options = ["-c", os.devnull, "-p", "no:cacheprovider", "-p", "no:doctest-nix"]
    return [python, "-m", "pytest", *options, f"--rootdir={page.parent}", str(page)]


def peer(
    name: str,
    package: str,
    suffix: str,
    write: Callable[[Sequence[Exchange]], str],
    options: Sequence[str],
    *needs: str,
) -> Subject:
    """Return a peer from Python's registry, in a virtual environment of its own."""
    try:
        programs = environment(name, [package, *needs])
    except subprocess.CalledProcessError as error:
        return Subject(
            name=name,
            version="",
            suffix=suffix,
            write=write,
            argv=lambda _: [],
            peer=True,
            missing=f"pip install {package}: status {error.returncode}",
        )
    return Subject(
        name=name,
        version=said([str(programs / "python"), "-m", "pip", "show", package], r"Version: (\S+)"),
        sleeps=name == "tesh",  # 50 ms before and after each command that it types
        suffix=suffix,
        write=write,
        argv=lambda page: [str(programs / name), *options, str(page)],
        peer=True,
    )


def clitest() -> Subject:
    """Return clitest, a shell script, from the system or from Debian's package."""
    program = shutil.which("clitest")
    missing = ""
    if program is None:
        place = STATE / "clitest"
        program = str(place / "usr" / "bin" / "clitest")
        if not Path(program).exists():
            place.mkdir(parents=True, exist_ok=True)
            fetch = "apt-get download clitest && dpkg-deb -x clitest_*.deb ."
            done = subprocess.run(["sh", "-c", fetch], cwd=place, capture_output=True, check=False)
            missing = "" if done.returncode == 0 else "no package of Debian's is to be had"
    version = said([program, "--version"], r"([\d.]+)") if not missing else ""
    return Subject(
        name="clitest",
        version=version,
        suffix=".txt",
        write=bare,
        argv=lambda page: [program, str(page)],
        peer=True,
        missing=missing,
    )


def environment(name: str, packages: Sequence[str]) -> Path:
    """Return where the programs of a virtual environment with ``packages`` are; make it."""
    place = STATE / name
    stamp = place / ".installed"
    wanted = " ".join(packages)
    if not stamp.exists() or stamp.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(place)], check=True)
        install = [str(place / "bin" / "python"), "-m", "pip", "install", "--quiet", *packages]
        subprocess.run(install, check=True, stderr=subprocess.DEVNULL)
        stamp.write_text(wanted)
    return place / "bin"


def said(argv: Sequence[str], pattern: str) -> str:
    """Return what a command says of itself, ``?`` where it says nothing of the kind."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    found = re.search(pattern, done.stdout + done.stderr)
    return found[1] if found else "?"


def bare(page: Sequence[Exchange]) -> str:
    """Write a session with nothing around it."""
    return "".join(f"{line}\n" for line in session(page))


def fenced(info: str) -> Callable[[Sequence[Exchange]], str]:
    """Return the writer of a Markdown page with one session."""
    return lambda page: f"# A page\n\n```{info}\n{bare(page)}```\n"


def indented(page: Sequence[Exchange]) -> str:
    """Write a session indented by two spaces, as cram has it."""
    return "".join(f"  {line}\n" for line in session(page))


def session(page: Sequence[Exchange]) -> list[str]:
    """Return the lines of a session: commands after `$ ` and `> `, outputs below."""
    lines: list[str] = []
    for exchange in page:
        first, *more = exchange.command.split("\n")
        lines += [f"$ {first}", *(f"> {line}" for line in more)]
        if exchange.output:
            lines += exchange.output.split("\n")
    return lines


def debian() -> str:
    """Return the name of the system."""
    text = Path("/etc/os-release").read_text(encoding="utf-8")
    found = re.search(r'PRETTY_NAME="(.*)"', text)
    return found[1] if found else "?"


def kernel() -> str:
    """Return the kernel's release."""
    return os.uname().release
