"""What a step needs that a sandbox does not have by itself."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

from doctest_nix.config import Need
from doctest_nix.steps.shell_syntax import without_heredocs


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A need, and the word or message that tells of it."""

    need: Need
    sign: str

    def __str__(self) -> str:
        """Return the reason as reports show it."""
        return f"needs {self.need}: {self.sign}" if self.sign else f"needs {self.need}"


#: Programs that stand for a need, whatever their arguments.
PROGRAMS: dict[Need, frozenset[str]] = {
    Need.ROOT: frozenset(
        "sudo doas su mount umount fdisk sfdisk gdisk sgdisk parted mkswap swapon wipefs"
        " cryptsetup zpool zfs lvcreate useradd usermod passwd chroot insmod modprobe reboot"
        " poweroff shutdown halt disko disko-install darwin-rebuild".split()
    ),
    Need.NIXOS: frozenset(
        "systemctl journalctl loginctl hostnamectl nixos-rebuild nixos-install nixos-option"
        " nixos-generate-config nixos-version nixos-container nixos-enter nixos-help".split()
    ),
    Need.DOCKER: frozenset(
        "docker docker-compose podman buildah skopeo kubectl minikube kind".split()
    ),
    Need.SECOND_HOST: frozenset(
        "ssh scp sftp ssh-copy-id ssh-keyscan mosh nixos-anywhere nix-copy-closure nixops"
        " colmena deploy morph".split()
    ),
    Need.CREDENTIALS: frozenset(
        "aws gcloud az gh glab hub doctl hcloud terraform tofu cachix vault".split()
    ),
    Need.GUI: frozenset(
        "xdg-open open firefox chromium google-chrome code subl gedit kate startx feh eog".split()
    ),
    Need.INTERACTIVE: frozenset(
        "vi vim nvim nano emacs ed less more most top htop btop tmux screen mc ranger fzf"
        " $EDITOR $VISUAL ${EDITOR} sudoedit visudo :e :edit :u :s".split()
    ),
    Need.NETWORK: frozenset(
        "wget ping dig nslookup host traceroute apt apt-get dnf yum pacman apk brew"
        " nix-channel nix-prefetch-url nix-prefetch-git nix-prefetch-github nurl nix-init".split()
    ),
    Need.KVM: frozenset({"qemu-kvm", "virt-install", "virsh"}),
}

#: Programs that a reader's machine has and a bare sandbox may lack: not found, they are no fault
#: of the page.
_COMMON_PROGRAMS = frozenset(
    "tree jq curl file which gcc cc g++ clang make cmake python python3 pip pip3 node npm npx"
    " yarn cargo rustc go ruby gem perl java javac ghc stack cabal unzip zip xz rsync man"
    " direnv fish zsh watch bc openssl gpg strace gdb lsof ps ip ifconfig netstat nc time"
    " psql sqlite3 redis-cli crontab xclip pbcopy say bat rg fd hexdump xxd".split()
)

#: Programs that documentation is full of; another name that is nearly one of them is a slip.
KNOWN_PROGRAMS = tuple(
    sorted(
        _COMMON_PROGRAMS.union(
            *PROGRAMS.values(),
            "nix nix-build nix-shell nix-env nix-store nix-instantiate nix-hash nix-collect-garbage"
            " nix-daemon cat echo grep sed awk find sort head tail mkdir chmod chown touch bash"
            " readlink basename dirname ls cp mv rm cd export source diff patch tar gzip git env"
            " date test printf tee xargs sleep kill wc cut tr".split(),
        )
    )
)

#: Programs that change no file that is named to them.
_READERS = frozenset(
    "nix-instantiate nix-build nix-shell cat ls head tail less more grep diff file wc".split()
)

#: Programs that change nothing at all: what a page does after one of them does not build on it.
_TELLERS = frozenset(
    "cat ls head tail grep diff cmp file wc man info which type readlink realpath stat du df ps"
    " uname id whoami hostname date tree sort uniq cut tr nl tac rev echo printf true false"
    " nix-instantiate".split()
)
_SUBSTITUTES = re.compile(r"[$<>]\(|`|>|\btee\b|--add-root\b|(?:^|\s)-i\b")

#: Arguments with which any program only tells of itself.
_INFORMS = frozenset({"--version", "--help", "-h", "-V"})
_SYNTAX = re.compile(r"[;&|()\n'\"\\]")
_PREFIXES = frozenset({"env", "time", "exec", "command", "nohup", "then", "do", "!", "{", "("})
_LOCAL = re.compile(r"(?:^|\s|//)(?:localhost|127\.|\[::1\]|0\.0\.0\.0)")
_REMOTE = re.compile(
    r"\b(?:https?|git|ftp)(?:\+\w+)?://|\b(?:git\+ssh|ssh)://|\bgit@|\b(?:github|gitlab|sourcehut):"
)
_REGISTRY = re.compile(
    r"(?:^|\s)(?:nixpkgs|templates|nixos|home-manager|flake-utils)(?:/[\w.-]+)?#"
)
_QEMU = re.compile(r"(?:^|/)(qemu-system-\w+|run-[\w.-]+-vm)$")
_OTHER_HOST = re.compile(r"[\w.-]+@[\w.-]+:|ssh(?:-ng)?://")
_MKFS = re.compile(r"mkfs(?:\.\w+)?$")
_FETCHERS = {
    "git": {"clone", "pull", "fetch", "push", "submodule", "ls-remote"},
    "npm": {"install", "i", "ci", "publish"},
    "pip": {"install", "download"},
    "pip3": {"install", "download"},
    "cargo": {"install", "update", "fetch"},
    "go": {"get", "install"},
    "niv": {"init", "update", "add"},
    "npins": {"init", "update", "add", "upgrade"},
}
_KEYS = re.compile(r"<(?:TAB|tab|Tab|CTRL|Ctrl|ctrl|C-|ENTER|Enter|ESC)[^>\s]*>")

_CREDENTIAL = r"(?:(?:api|access|auth) (?:key|token)s?|credentials?)"

#: What programs print when a need is not met; checked in the output of a step that went wrong.
_MESSAGES: tuple[tuple[Need, re.Pattern[str]], ...] = (
    (Need.NIXPKGS, re.compile(r"file 'nixpkgs(?:/[^']*)?' was not found in the Nix search path")),
    (
        Need.NIXPKGS,
        re.compile(r"attribute '(?:nixpkgs|nixos)' in selection path '[^'\n]*' not found"),
    ),
    (Need.NETWORK, re.compile(r"cannot find flake 'flake:[\w.-]+'|'[^'\n]*/flake:[\w.-]+'")),
    (
        Need.NETWORK,
        re.compile(
            r"(?i:could not resolve host\S*|couldn't resolve host\S*|temporary failure in name"
            r" resolution|network is unreachable|unable to download|no address associated with"
            r"|connect tunnel failed, response 403|\S+:\d+ is not provided here)"
            r"[^\n]{0,80}"
        ),
    ),
    (Need.FLAKES, re.compile(r"experimental (?:Nix )?feature '[\w-]+' is disabled")),
    (Need.KVM, re.compile(r"(?:/dev/kvm|features? \{[^}\n]*kvm[^}\n]*\})[^\n]{0,60}")),
    (Need.NIXOS, re.compile(r"System has not been booted with systemd[^\n]{0,40}")),
    (Need.DOCKER, re.compile(r"Cannot connect to the Docker daemon[^\n]{0,40}")),
    (Need.GUI, re.compile(r"(?i:cannot open display|no display)[^\n]{0,40}")),
    (
        Need.CREDENTIALS,
        re.compile(
            rf"(?i:\bno (?:[\w-]+ ){{0,3}}{_CREDENTIAL} (?:found|given|set|provided)"
            rf"|{_CREDENTIAL} (?:is|are) (?:missing|required|not (?:found|set|provided)))"
        ),
    ),
)
_NOT_FOUND = re.compile(r"(?:^|\n)[^\n]*?(?:line \d+: )?([\w.+-]+): (?:command )?not found")


def of_command(command: str) -> tuple[Unmet, ...]:
    """Return what a shell command needs, as far as its words tell; in the order of its words.

    A command is judged by the program that each part of it starts (`PROGRAMS`), and by the
    remote addresses among the arguments of programs that fetch.
    """
    found: list[Unmet] = []
    if keys := _KEYS.search(command):
        found.append(Unmet(need=Need.INTERACTIVE, sign=keys[0]))
    for words in _simple_commands(without_heredocs(command)):
        program = words[0]
        if _INFORMS & set(words[1:]):
            continue
        found += [
            Unmet(need=need, sign=program) for need, names in PROGRAMS.items() if program in names
        ]
        if _MKFS.match(program) or (program == "dd" and "of=/dev/" in " ".join(words)):
            found.append(Unmet(need=Need.ROOT, sign=program))
        if qemu := _QEMU.search(program):
            found.append(Unmet(need=Need.KVM, sign=qemu[1]))
        if _fetches(program, words[1:]):
            found.append(Unmet(need=Need.NETWORK, sign=program))
        if program in {"rsync", "nix"} and any(
            re.match(r"[\w.-]+@[\w.-]+:|ssh(?:-ng)?://", w) for w in words[1:]
        ):
            found.append(Unmet(need=Need.SECOND_HOST, sign=program))
    return tuple(dict.fromkeys(found))


def programs(command: str) -> tuple[str, ...]:
    """Return the programs that a shell command starts, in order."""
    return tuple(words[0] for words in _simple_commands(without_heredocs(command)))


def only_reads(command: str) -> bool:
    """Tell whether a command, as far as its words tell, changes no file of the reader's."""
    return ">" not in command and _READERS.issuperset(programs(command))


def only_tells(command: str) -> bool:
    """Tell whether a command, as far as its words tell, changes nothing that others build on."""
    return not _SUBSTITUTES.search(command) and _TELLERS.issuperset(programs(command))


def of_output(output: str) -> Unmet | None:
    """Return the need that a failed step's output tells of, None where it tells of none."""
    for need, message in _MESSAGES:
        if found := message.search(output):
            return Unmet(need=need, sign=" ".join(found[0].split()))
    missing = _NOT_FOUND.search(output)
    if missing is not None:
        name = missing[1]
        for need, names in PROGRAMS.items():
            if name in names:
                return Unmet(need=need, sign=name)
        if name in _COMMON_PROGRAMS:
            return Unmet(need=Need.PROGRAM, sign=name)
    return None


def _simple_commands(command: str) -> list[list[str]]:
    """Split a command line at its operators; assignments and prefixes like `env` are dropped."""
    parts: list[list[str]] = [[]]
    for token in _tokens(command):
        if token and set(token) <= set(";&|()\n"):
            parts.append([])
        elif token and (parts[-1] or not _is_prefix(token)):
            parts[-1].append(token)
    return [part for part in parts if part]


def _tokens(command: str) -> list[str]:
    """Split a command line into words and operators."""
    if not _SYNTAX.search(command):
        return command.split()
    lexer = shlex.shlex(command, posix=True, punctuation_chars=";&|()\n")
    lexer.whitespace = " \t\r"
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        return list(lexer)
    except ValueError:
        return command.replace("\n", " ; ").split(" ")


def _is_prefix(word: str) -> bool:
    return word in _PREFIXES or re.match(r"\w+=", word) is not None


def _fetches(program: str, arguments: list[str]) -> bool:
    line = " ".join(arguments)
    remote = _REMOTE.search(line) is not None and _LOCAL.search(line) is None
    if program in _FETCHERS:
        verb = next((a for a in arguments if not a.startswith("-")), "")
        local_clone = program == "git" and verb == "clone" and not remote
        return verb in _FETCHERS[program] and not local_clone
    if program == "curl":
        return _LOCAL.search(line) is None
    if program in {"nix", "nix-shell", "nix-build", "nix-env", "nix-instantiate", "home-manager"}:
        return remote or _REGISTRY.search(" " + line) is not None
    return False
