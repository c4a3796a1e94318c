"""What a command takes as given that the page did not make: the reader's own files and machine.

Asked only where a command went wrong: nothing that goes right is left out for it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import PurePosixPath

from doctest_nix.config import Need
from doctest_nix.sandbox import HOME, READER, WORKDIR, Completed
from doctest_nix.slips import is_slip
from doctest_nix.stage import Stage
from doctest_nix.steps import free
from doctest_nix.steps.needs import KNOWN_PROGRAMS, Unmet, programs
from doctest_nix.steps.transcript import Exchange, Prompt

_MISSING = re.compile(
    r"no such file|does not exist|doesn't exist|not found|could not find|cannot find"
    r"|does not contain|no makefile|not a valid|is not valid|cannot access|can't open"
    r"|unable to open|no '[^'\n]+' (?:or '[^'\n]+' )?file found",
    re.IGNORECASE,
)
_PATH_IN_MESSAGE = re.compile(
    r"['\"`‘]([^'\"`’\s]+)['\"`’]|(?:^|[\s:])([\w~.+/@-]*[\w/])(?=[:\s]|$)"
)
_NO_MAKEFILE = re.compile(
    r"^make: .*(?: no makefile found|No rule to make target '[^'\n]*'\.)", re.MULTILINE
)
_MAKES_REPOSITORY = re.compile(r"\bgit\s+(?:-\S+\s+)*(?:init|clone)\b")
_LIKE_A_FILE = re.compile(r"/|\.\w|\w~$")
_STORE_PATH = re.compile(r"/nix/store/(?:[a-z0-9.]{8,}-[\w.+?=-]+|[\w.-]*\*[\w.*-]*)")
_SOME_STORE_PATH = re.compile(r"/nix/store/(?:x{2,}|y{2,}|z{2,}|\.{3}|…|<[\w-]+>)-[\w.+?=-]+")
_STORE_HASH = re.compile(r"(?<=/nix/store/)[a-z0-9]{32}(?=-)")
_FOUND_BY = re.compile(r"(?:\$\(|`)\s*(?:which|command -v|type -p)\s+([\w.+-]+)")
_NOT_FOUND = re.compile(
    r"^(?:\S+: )?(?:line \d+: )?([\w.+-]+): (?:command )?not found", re.MULTILINE
)
_SEARCH_PATH = re.compile(r"file '([\w.+-]+)[^']*' was not found in the Nix search path")
_REFUSED = re.compile(r"connect to (\S+)[^\n]*(?:refused|after \d+ ms)|\bConnection refused\b")
_PRIVILEGE = re.compile(
    r"(?:must be|are you|only) (?:run as |run by )?(?:root|(?:a |the )?super-?user)", re.IGNORECASE
)
_DENIED = re.compile(
    r"[^\n]*(?:permission denied|operation not permitted|read-only file system"
    r"|cannot create directory [^\n]*file exists)[^\n]*",
    re.IGNORECASE,
)

#: Programs that only tell of the machine on which they run.
_TELLS_OF_MACHINE = frozenset(
    "lsblk blkid df free uname ps ip id whoami hostname date uptime lscpu lspci lsusb lsmod groups"
    " who last dmesg nproc arch nix-collect-garbage nix-info sw_vers findmnt env printenv"
    " ldd man info apropos whatis".split()
)
#: Another version, or make, of a program than the author's.
_TELLS_OF_ITSELF = re.compile(
    r"([\w.+-]+)\s+(?:[\w.-]+\s+)*(?:--?version|-V|version|--?help|-h)(?:\s*\|\s*head\b[^|;&]*)?\s*"
)
#: Commands that list the directory in which the reader stands.
_LISTS_HERE = re.compile(r"(?:ls|tree|dir|find)(?:\s+-\S+|\s+\.)*\s*")
#: Variables that each machine sets its own way.
_VARIABLE = re.compile(
    r"echo \"?\$\{?(?:NIX_\w+|PATH|HOME|USER|SHELL|LANG|TERM|EDITOR|XDG_\w+)\}?\"?"
)
#: Commands of Nix that tell of the reader's store and settings, or change what is in the store.
_TELLS_OF_STORE = re.compile(
    r"nix-store\s.*--(?:gc|optimi[sz]e|verify|repair-path|delete|dump-db|print-roots|roots)\b"
    r"|nix\s(?:.*\s)?(?:store (?:gc|optimise|verify|repair|delete|info|ping)|doctor|show-config"
    r"|upgrade-nix|config show|registry \w+)\b"
)
#: Commands that read or change the profile of the user.
_TELLS_OF_PROFILE = re.compile(
    r"nix-env\s(?:.*\s)?(?:--(?:list-generations|rollback|switch-generation|delete-generations"
    r"|uninstall|set-flag|upgrade|query)\b|-[a-zA-Z]*[quGe]\b)"
    r"|nix\s(?:.*\s)?profile (?:list|rollback|remove|upgrade|history|wipe-history|diff-closures)\b"
    r"|(?:readlink|realpath|ls|tree|cat)\s.*(?:(?:~|\$HOME|/home/\w+)/\.nix-profile|/nix/var/nix/profiles)\b"
)
#: Without a file that is named, `nix-env` takes packages from the channels of the user.
_TAKES_CHANNELS = re.compile(
    r"nix-env\s(?!.*(?:-f|--file)\b).*(?:-i|-q|-u|--install|--query|--set)"
)

#: What a release of Nix that is older or newer says.
_NO_SUCH = re.compile(r"(?:unrecognised flag|unknown option|unrecognized option:?) '?(--?[\w-]+)")
#: Flags of all releases; another that is nearly one of them is a slip.
_FLAGS = (
    "--eval --strict --json --xml --raw --expr --file --attr --arg --argstr --impure --pure --run"
    " --command --packages --keep --option --show-trace --no-out-link --out-link --dry-run --check"
    " --realise --query --references --referrers --requisites --tree --graph --deriver --outputs"
    " --add --add-fixed --add-root --indirect --delete --gc --install --uninstall --upgrade"
    " --list-generations --rollback --profile --set --version --help --verbose --quiet --parse"
    " --find-file --instantiate --keep-failed --keep-going --max-jobs --cores --fallback"
    " --substituters --store --extra-experimental-features --experimental-features --refresh"
    " --recreate-lock-file --update-input --override-input --print-build-logs --print-out-paths"
    " --accept-flake-config --no-link --rebuild --unpack --type --flat --base32 --to-base32"
    " --system --builders --offline --debugger --apply --template --all --recursive --derivation"
).split()
#: An operator that this release does not know is no token of it.
_NO_TOKEN = re.compile(r"unexpected invalid token")
_OPERATOR = re.compile(r"\|>|<\|")
_NO_COMMAND = re.compile(r"'([\w-]+)' is not a recognised command")
_COMMANDS = (
    "build bundle config copy derivation develop doctor edit eval flake fmt hash help key log nar"
    " path-info print-dev-env profile realisation registry repl run search shell store upgrade-nix"
    " why-depends"
).split()
_RELEASE_NOTES = re.compile(
    r"(?:^|/)(?:rl-[\d.]+|release[-_]?notes?|change-?logs?|changes)(?=[-_./]|$)"
    r"|(?:^|/)(?:news/|(?-i:NEWS|HISTORY)\.\w+$)",
    re.IGNORECASE,
)

#: Files that a command looks for where it is not told one.
_DEFAULTS = frozenset(
    "default.nix shell.nix flake.nix Makefile makefile Cargo.toml package.json go.mod"
    " pyproject.toml setup.py stack.yaml cabal.project CMakeLists.txt Dockerfile".split()
)


#: As many letters may be anyone's.
_SHORT = 4

#: That of a nested shell's prompt where none is open.
NO_SHELL = Unmet(need=Need.SHELL, sign="no command of the page opened it")


def taken_as_given(exchange: Exchange, completed: Completed, stage: Stage) -> Unmet | None:
    """Return what of the reader's own the command needs, None where the page is to blame.

    A name that is a slip of one that is there is the page's mistake.  Raises SandboxError.
    """
    command = exchange.input
    if exchange.prompt is Prompt.REPL:
        return (
            free.name_in_repl(exchange, completed.output, stage)
            or _file(exchange, completed.output, stage)
            or _release(exchange, completed.output, stage)
        )
    if unmet := free.placeholder(command):
        return unmet
    if exchange.prompt is Prompt.NESTED and not stage.session.is_nested:
        return NO_SHELL
    return (
        _program(exchange, completed.output, stage)
        or _file(exchange, completed.output, stage)
        or _privilege(completed.output, stage)
        or _machine(command, completed.output, stage)
        or _release(exchange, completed.output, stage)
        or free.variable(command, stage)
    )


def is_misspelt(exchange: Exchange, completed: Completed) -> bool:
    """Tell whether a program is not found because its name is a slip, whatever was skipped before.

    In a nested shell it may be a program that only that shell has.
    """
    return exchange.prompt is not Prompt.NESTED and any(
        name in exchange.input and _is_misspelt(name)
        for name in _NOT_FOUND.findall(completed.output)
    )


def _is_misspelt(name: str) -> bool:
    """Tell whether a program's name is a slip: its first letter is right, or second.

    A short word may as well be another program, or text: there only letters that changed places
    count.
    """
    known = [each for each in KNOWN_PROGRAMS if name[0] == each[0] or name[1::-1] == each[:2]]
    if len(name) <= _SHORT:
        known = [each for each in known if sorted(each) == sorted(name)]
    return is_slip(name, known)


def with_real_hashes(command: str, bindings: Mapping[str, str]) -> str:
    """Return a command with the store hashes that the page shows replaced by the real ones."""
    return _STORE_HASH.sub(lambda found: bindings.get(f"store:{found[0]}", found[0]), command)


def _file(exchange: Exchange, output: str, stage: Stage) -> Unmet | None:
    """Return the need of a file that the page did not make.

    What lies beside the page in its repository is in the reader's checkout.  A page that shows
    such an error means it: then only a store path can be the reader's own.
    """
    command = exchange.input
    for path in _STORE_PATH.findall(command):
        if not _exists(path, stage):
            return Unmet(need=Need.FILE, sign=f"{path}, which the page did not make")
    if (some := _SOME_STORE_PATH.search(exchange.expected)) and "/nix/store/" not in output:
        return Unmet(need=Need.FILE, sign=f"{some[0]}, which the page did not make")
    if _MISSING.search(exchange.expected):
        return None
    if found := _SEARCH_PATH.search(output):
        if not is_slip(found[1], ["nixpkgs"]):
            return Unmet(need=Need.FILE, sign=f"<{found[1]}>, which the page did not make")
        return None
    if "not a git repository" in output and not _makes_repository(stage):
        return Unmet(need=Need.FILE, sign="a git repository, which the page did not make")
    names: list[str] = ["Makefile"] if _NO_MAKEFILE.search(output) else []
    for line in output.split("\n"):
        if _MISSING.search(line):
            told, plain, _ = line.partition("No such file or directory")
            found_in = [quoted or bare for quoted, bare in _PATH_IN_MESSAGE.findall(told)]
            names += [name for name in found_in if plain or _LIKE_A_FILE.search(name)]
    started = programs(command)
    for name in dict.fromkeys(names):
        path = name.replace("~", str(HOME), 1) if name.startswith("~") else name
        base = PurePosixPath(path).name
        if base in stage.shown_in_part and not _exists(str(stage.directory / path), stage):
            return Unmet(need=Need.FILE, sign=f"{base}, of which the page shows only a part")
        if base == "<nixpkgs>":
            return Unmet(need=Need.RELEASE, sign="this Nix takes <nixpkgs> with --file alone")
        is_command = "/" not in name and name in started
        if base not in _DEFAULTS and (base not in command or is_command):
            continue
        beside_page = (exchange.location.path.parent / base).exists()
        if beside_page or _is_readers_own(stage.directory / path, stage):
            return Unmet(need=Need.FILE, sign=f"{base}, which the page did not make")
    return None


def _makes_repository(stage: Stage) -> bool:
    """Tell whether some block of the page makes a repository of git."""
    return any(_MAKES_REPOSITORY.search(block.text) for block in stage.document.blocks)


def is_unshown(path: PurePosixPath, stage: Stage) -> bool:
    """Tell whether a file is missing, and its name no slip of one beside it."""
    beside = [name.rstrip("/") for name in _entries(path.parent, stage)]
    return not _exists(str(path), stage) and not is_slip(path.name, beside)


def _is_readers_own(path: PurePosixPath, stage: Stage) -> bool:
    """Tell whether a path is missing, and not for a slip of the page.

    It is the page's to make where it is below a directory that the page made, where its name is
    nearly that of a file beside it, and where the page made other files of its kind there.
    """
    if _exists(str(path), stage):
        return False
    while not _exists(str(path.parent), stage):
        path = path.parent
    parent = path.parent
    if parent not in (stage.directory, WORKDIR) and _is_made_by_page(parent, stage):
        return False
    beside = [name for name in _entries(parent, stage) if parent / name != WORKDIR]
    kin = {"" if name.endswith("/") else PurePosixPath(name).suffix or None for name in beside}
    in_project = parent in (stage.directory, WORKDIR)
    return not is_slip(path.name, [name.rstrip("/") for name in beside]) and not (
        in_project and path.suffix in kin
    )


def _is_made_by_page(directory: PurePosixPath, stage: Stage) -> bool:
    places = (PurePosixPath("/tmp"), PurePosixPath("/nix/store"))  # noqa: S108
    below = any(place in directory.parents for place in places)
    return below or directory.is_relative_to(WORKDIR)


def _program(exchange: Exchange, output: str, stage: Stage) -> Unmet | None:
    """Return the need of a program that the reader has and the sandbox has not, or the reverse."""
    command = exchange.input
    shown = _NOT_FOUND.search(exchange.expected)
    if shown and shown[1] in command and _has(shown[1], stage):
        return Unmet(need=Need.MACHINE, sign=f"one without {shown[1]}")
    if stage.session.is_nested:
        return None
    for name in (*_FOUND_BY.findall(command), *_NOT_FOUND.findall(output)):
        if name in command and not _is_misspelt(name) and not _has(name, stage):
            return Unmet(need=Need.PROGRAM, sign=name)
    return None


def _privilege(output: str, stage: Stage) -> Unmet | None:
    if found := _PRIVILEGE.search(output):
        return Unmet(need=Need.ROOT, sign=found[0])
    for line in _DENIED.findall(output):
        for quoted, bare in _PATH_IN_MESSAGE.findall(line):
            path = PurePosixPath(quoted or bare)
            if path.is_absolute() and not path.is_relative_to(HOME) and len(path.parts) > 1:
                return Unmet(need=Need.ROOT, sign=" ".join(line.split())[:100])
    return None


def _machine(command: str, output: str, stage: Stage) -> Unmet | None:
    """Return the need of the reader's machine: its hardware, store, profile and servers."""
    asks_where = programs(command)[:1] in (("which",), ("whereis",), ("type",))
    outside = asks_where and "/nix/store/" not in output
    if (outside or _VARIABLE.fullmatch(command)) and not stage.session.is_nested:
        return Unmet(need=Need.MACHINE, sign=f"{command} tells of the reader's own")
    if _LISTS_HERE.fullmatch(command) and not output and stage.directory in (HOME, WORKDIR):
        return Unmet(need=Need.FILE, sign="the reader's own, the page made none so far")
    told = next((p for p in programs(command) if p in _TELLS_OF_MACHINE), None)
    if told is not None:
        return Unmet(need=Need.MACHINE, sign=f"{told} tells of the reader's own")
    if READER in output and "git" in programs(command):
        return Unmet(need=Need.MACHINE, sign="the reader's own name in git")
    of_itself = None if stage.session.is_nested else _TELLS_OF_ITSELF.fullmatch(command)
    if (found := of_itself) and _has(found[1], stage):
        return Unmet(need=Need.MACHINE, sign=f"the reader's own version of {found[1]}")
    if _TELLS_OF_STORE.search(command):
        return Unmet(need=Need.MACHINE, sign="the reader's own store and settings")
    if _TELLS_OF_PROFILE.search(command) and not _has_profile(stage):
        return Unmet(need=Need.MACHINE, sign="the reader's own profile")
    if _TAKES_CHANNELS.search(command):
        return Unmet(need=Need.MACHINE, sign="the reader's own channels")
    if (found := _REFUSED.search(output)) and not stage.has_background:
        return Unmet(need=Need.MACHINE, sign=f"a server ({found[0][:60]})")
    return None


def _release(exchange: Exchange, output: str, stage: Stage) -> Unmet | None:
    """Return the need of another release of Nix: its flag, or what its release notes tell of."""
    flags = [flag for flag in _NO_SUCH.findall(output) if flag in exchange.input]
    if "no operation specified" in output:
        flags += re.findall(r"(?<=\s)--[\w-]+", exchange.input)
    if (found := _NO_COMMAND.search(output)) and not is_slip(found[1], _COMMANDS):
        return Unmet(need=Need.RELEASE, sign=f"this Nix has no `nix {found[1]}`")
    for flag in flags:
        if not is_slip(flag, _FLAGS):
            return Unmet(need=Need.RELEASE, sign=f"this Nix has no {flag}")
    if (found := _OPERATOR.search(exchange.input)) and _NO_TOKEN.search(output):
        return Unmet(need=Need.RELEASE, sign=f"this Nix has no {found[0]}")
    if exchange.input.strip() == ":?":
        return Unmet(need=Need.RELEASE, sign="the help is that of another")
    if _RELEASE_NOTES.search(stage.document.place.as_posix()):
        return Unmet(need=Need.RELEASE, sign="release notes tell of theirs")
    return None


def _exists(path: str, stage: Stage) -> bool:
    """Tell whether a path, or one that a glob stands for, is in the sandbox."""
    script = 'compgen -G "$1" > /dev/null || test -e "$1" || test -L "$1"'
    return _succeeds(["bash", "-c", script, "bash", path], stage)


def _entries(directory: PurePosixPath, stage: Stage) -> list[str]:
    """Return what is in a directory; a directory's name ends in a slash."""
    listed = stage.sandbox().run(["ls", "-Ap", str(directory)], timeout=10).output
    return [name for name in listed.split("\n") if name and not name.startswith(".")]


def _has(program: str, stage: Stage) -> bool:
    return _succeeds(["bash", "-c", 'command -v "$1" > /dev/null', "bash", program], stage)


def _has_profile(stage: Stage) -> bool:
    listed = stage.sandbox().run(["nix-env", "--list-generations"], timeout=10)
    return bool(listed.output.strip()) and "error" not in listed.output


def _succeeds(argv: list[str], stage: Stage) -> bool:
    return stage.sandbox().run(argv, timeout=10).exit_code == 0
