"""What leads a sandbox to the network that its run provides, where that is neither none nor all."""

from __future__ import annotations

from doctest_nix.attempt import Attempt
from doctest_nix.config import Config, Network
from doctest_nix.errors import SandboxError, Slug
from doctest_nix.sandbox.courier import Open
from doctest_nix.sandbox.proxy import Gate, Proxy
from doctest_nix.sandbox.relay import Relay


class WayOut:
    """A proxy of ours for one sandbox; nothing at all under another policy."""

    def __init__(self, config: Config, open_: Open) -> None:
        """Use ``open_`` to start a program in the sandbox, once `open` is called."""
        self._provided = config.network is Network.SUBSTITUTERS
        self._open = open_
        self._proxy = Proxy(Gate(config))
        self._relay: Relay | None = None

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """What was tried to reach, each once, in order."""
        return self._proxy.attempts

    def open(self) -> None:
        """Make the proxy reachable, once the sandbox runs.  Raises SandboxError."""
        if not self._provided:
            return
        try:
            self._relay = Relay(self._open, self._proxy.serve)
        except OSError as error:
            raise SandboxError(
                Slug.SANDBOX_START,
                f"The way to the proxy cannot be opened: {error}.",
                remedy="--nix-network=substituters needs Perl in the sandbox. Debian's images have"
                " it,\nand so have those of `doctest-nix image build`; to others add it:\n"
                "    FROM nixos/nix:2.28.3\n"
                "    RUN nix-env -iA nixpkgs.perl\n"
                "Or trust your pages: --nix-network=full",
            ) from error

    def close(self) -> None:
        """End it.  Idempotent; never raises."""
        if self._relay is not None:
            self._relay.close()
