"""Which programs hold a terminal?"""

from __future__ import annotations

from dataclasses import dataclass

from doctest_nix.sandbox import Sandbox

#: How long `/proc` may take to answer, in seconds.
_PATIENCE = 10.0

#: Prints the process group in the foreground of the terminal of process $1.  The status is 0
#: where its leader is a shell that reads the terminal: it has no script and no command as argument.
_LOOK = """\
read -r line < "/proc/$1/stat" || exit 1
set -- ${line##*) }
echo "$6"
tr '\\0' '\\n' < "/proc/$6/cmdline" | {
  read -r name
  case "${name##*/}" in bash|sh|dash|-bash|-sh|-dash) ;; *) exit 1 ;; esac
  while read -r word; do
    case "$word" in
      --rcfile|--init-file) read -r word ;;
      --*) ;;
      -*c*) exit 1 ;;
      -*) ;;
      *) exit 1 ;;
    esac
  done
}
"""
_KILL = 'kill -s KILL -- "-$1" 2>/dev/null'


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreground:
    """The process group that holds a terminal; ``is_shell``: its leader waits for commands."""

    group: int
    is_shell: bool


def foreground(sandbox: Sandbox, process: int) -> Foreground:
    """Return what is in the foreground of the terminal of ``process``, itself where that is gone.

    Raises SandboxError.
    """
    done = sandbox.run(["sh", "-c", _LOOK, "sh", str(process)], timeout=_PATIENCE)
    group = done.output.strip()
    return Foreground(
        group=int(group) if group.isdecimal() else process, is_shell=done.exit_code == 0
    )


def kill(sandbox: Sandbox, group: int) -> None:
    """Kill every process of a group; one that is gone already is fine.  Raises SandboxError."""
    sandbox.run(["sh", "-c", _KILL, "sh", str(group)], timeout=_PATIENCE)
