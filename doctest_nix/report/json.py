"""The machine's report: a public interface, versioned."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from doctest_nix.attempt import Attempt
from doctest_nix.report.fates import BlockReport, DocumentReport, totals

#: Grows when a reader of the format must change; new keys alone do not.
VERSION = 1


def dumps(documents: Sequence[DocumentReport]) -> str:
    """Return the report as JSON.

    ``{"version", "documents": [{"path", "nix", "error", "environment", "network": [{"host", "port",
    "allowed"}], "blocks": [{"line", "end_line", "language", "kind", "fate", "checked", "reason",
    "seconds", "masks": [str]}]}], "totals": {"blocks", "<fate>": n}}``.
    Lines are the block's own first and last source line, 1-based; ``error`` is ``""`` unless
    the document could not be understood; ``nix`` is ``""`` unless the run tried several versions
    of Nix, and then a document is there once for each (``nix-2.26``); ``environment`` says what
    ran it; ``network`` is what the page tried to reach where the run's network is
    ``substituters``; ``checked`` is ``""`` unless the block passed; ``masks`` are the rules by
    which output passed that is not to the letter what the page shows.
    """
    return json.dumps(
        {
            "version": VERSION,
            "documents": [
                {
                    "path": document.path.as_posix(),
                    "nix": document.version,
                    "error": document.error,
                    "environment": document.environment,
                    "network": [asdict(attempt) for attempt in document.network],
                    "blocks": [asdict(block) for block in document.blocks],
                }
                for document in documents
            ],
            "totals": totals(documents),
        },
        indent=2,
    )


def loads(text: str) -> tuple[DocumentReport, ...]:
    """Return the documents of a report that `dumps` wrote."""
    return tuple(
        DocumentReport(
            path=Path(document["path"]),
            version=document["nix"],
            error=document["error"],
            environment=document["environment"],
            network=tuple(Attempt(**attempt) for attempt in document["network"]),
            blocks=tuple(
                BlockReport(**{**block, "masks": tuple(block["masks"])})
                for block in document["blocks"]
            ),
        )
        for document in json.loads(text)["documents"]
    )
