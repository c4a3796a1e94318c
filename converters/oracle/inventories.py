"""What do other projects' documentations offer to link to?  Asked once for all readings of a site.

Two readings that are compared must know the same, and a network need not answer twice alike.
"""

from __future__ import annotations

import pickle

from sphinx.application import Sphinx
from sphinx.ext.intersphinx import load_mappings

#: Where the environment has what ``sphinx.ext.intersphinx`` fetched.
_NAMES = ("intersphinx_cache", "intersphinx_inventory", "intersphinx_named_inventory")

#: After all that extensions do when a builder is made.
_LAST = 1_000_000


class Inventories:
    """The inventories that a reading of a site starts with."""

    def __init__(self, app: Sphinx, given: bytes | None) -> None:
        """Let ``app`` start with ``given``, the ``taken`` of another reading, or fetch them.

        Call it while ``app`` loads its extensions.
        """
        self.taken = b""
        self._given = given
        app.connect("config-inited", self._replace_fetching, priority=_LAST)
        app.connect("builder-inited", self._take, priority=_LAST)

    def _replace_fetching(self, app: Sphinx, _config: object) -> None:
        fetching = [
            listener
            for listener in app.events.listeners.get("builder-inited", ())
            if listener.handler is load_mappings
        ]
        for listener in fetching if self._given else ():
            app.disconnect(listener.id)
            app.connect("builder-inited", self._give, priority=listener.priority)

    def _give(self, app: Sphinx) -> None:
        for name, value in pickle.loads(self._given or b"").items():  # noqa: S301 - of our own
            setattr(app.env, name, value)

    def _take(self, app: Sphinx) -> None:
        found = {name: getattr(app.env, name) for name in _NAMES if hasattr(app.env, name)}
        self.taken = pickle.dumps(found) if found else b""
