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
#: The status is 0 where all of the group in the foreground of the terminal of process $1 sleeps:
#: one in a read of a terminal, and each other in such a read, of a pipe, or waiting for a child.
#: /proc/PID/syscall has the number of the system call first, that of a file after it: `read` is 0
#: on x86-64 and 63 on 64-bit ARM, `wait4` 61 and 260, `waitid` 247 and 95.  Where the kernel hides
#: it (Yama), nothing is known.
_ASKS = """\
case "$(uname -m)" in
  x86_64) read=0 waits='61|247' ;;
  aarch64) read=63 waits='260|95' ;;
  *) exit 1 ;;
esac
read -r line < "/proc/$1/stat" || exit 1
set -- ${line##*) }
group=$6
asks=1
for process in /proc/[0-9]*; do
  read -r line < "$process/stat" || continue
  set -- ${line##*) }
  [ "$3" = "$group" ] || continue
  [ "$1" != Z ] || continue
  for thread in "$process"/task/*; do
    read -r call file _ < "$thread/syscall" || exit 1
    case "$call" in
      "$read") ;;
      ${waits%|*}|${waits#*|}) continue ;;
      *) exit 1 ;;
    esac
    case "$(readlink "$process/fd/$((file))")" in
      /dev/pts/*|/dev/tty|/dev/console) asks=0 ;;
      pipe:*) ;;
      *) exit 1 ;;
    esac
  done
done 2> /dev/null
exit "$asks"
"""
_WAKE = 'kill -s CONT "$1" 2>/dev/null'
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


def asks(sandbox: Sandbox, process: int) -> bool:
    """Tell whether what is in the foreground of the terminal of ``process`` waits for input.

    False where it does anything else as well, or that cannot be known.  Raises SandboxError.
    """
    done = sandbox.run(["sh", "-c", _ASKS, "sh", str(process)], timeout=_PATIENCE)
    return done.exit_code == 0


def wake(sandbox: Sandbox, process: int) -> None:
    """Let a process go on that was stopped, if it was.  Raises SandboxError."""
    sandbox.run(["sh", "-c", _WAKE, "sh", str(process)], timeout=_PATIENCE)


def kill(sandbox: Sandbox, group: int) -> None:
    """Kill every process of a group; one that is gone already is fine.  Raises SandboxError."""
    sandbox.run(["sh", "-c", _KILL, "sh", str(group)], timeout=_PATIENCE)
