"""Which sockets of a sandbox wait for connections?"""

from __future__ import annotations

from doctest_nix.sandbox import Sandbox

#: How long `/proc` may take to answer, in seconds.
_PATIENCE = 10.0

#: Linux: `TCP_LISTEN` in the column ``st`` of /proc/net/tcp, `SO_ACCEPTCON` in the flags of
#: /proc/net/unix; UDP (``st`` 07) has no listeners, but a bound socket is a server's.
_LISTENS = {"tcp": "0A", "tcp6": "0A", "udp": "07", "udp6": "07", "unix": "00010000"}


def listening(sandbox: Sandbox) -> frozenset[str]:
    """Return the kernel's name of each socket that a server waits on.  Raises SandboxError."""
    script = 'for table in "$@"; do echo "$table:"; cat "/proc/net/$table"; done 2>/dev/null'
    done = sandbox.run(["sh", "-c", script, "sh", *_LISTENS], timeout=_PATIENCE)
    found: list[str] = []
    table = ""
    for line in done.output.split("\n"):
        words = line.split()
        if len(words) == 1 and words[0].removesuffix(":") in _LISTENS:
            table = words[0].removesuffix(":")
        elif len(words) > 3 and words[3] == _LISTENS.get(table):
            # The inode: a server's next socket on the same port is another one.
            found.append(f"{table} {words[6 if table == 'unix' else 9]}")
    return frozenset(found)
