"""A bare driver of a shell on a terminal: the least that a tester with a terminal can cost.

    python pty_driver.py FILE

FILE has commands after `$ ` and their output below.  The end of a command is known by a mark in
the shell's prompt; the output is compared to the letter.
"""

from __future__ import annotations

import os
import pty
import sys
import termios
from pathlib import Path

MARK = b"\x1b]7;ready\x07"


def main(path: str) -> int:
    child, terminal = pty.fork()
    if child == 0:
        os.execvpe(
            "bash",
            ["bash", "--norc", "--noprofile", "--noediting", "-i"],
            {**os.environ, "PS1": MARK.decode(), "PS2": "", "HISTFILE": "/dev/null"},
        )
    settings = termios.tcgetattr(terminal)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, settings)
    read_to_mark(terminal)
    wrong = 0
    for exchange in Path(path).read_text(encoding="utf-8").split("$ ")[1:]:
        command, _, expected = exchange.partition("\n")
        os.write(terminal, command.encode() + b"\n")
        wrong += read_to_mark(terminal).decode().replace("\r\n", "\n") != expected
    os.close(terminal)
    print(f"{wrong} wrong")
    return min(wrong, 1)


def read_to_mark(terminal: int) -> bytes:
    seen = b""
    while MARK not in seen:
        seen += os.read(terminal, 65536)
    return seen.partition(MARK)[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
