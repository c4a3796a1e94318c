"""Is it still the same page, as far as running it goes?"""

from __future__ import annotations

import hashlib

from doctest_nix.document import Block, Comment, Document


def fingerprint(document: Document) -> str:
    """Return the key of a page: another one where a block or what it says of them changes.

    Prose and places do not count, and neither do the options of a run.
    """
    parts: list[tuple[object, ...]] = []
    for element in document.elements:
        match element:
            case Block(language=language, info=info, caption=caption, options=options, text=text):
                parts.append((language, info, caption, options, text))
            case Comment(text=text, body=body):
                parts.append((text, body))
            case _:
                pass
    return hashlib.sha256(repr(parts).encode(errors="surrogateescape")).hexdigest()[:16]
