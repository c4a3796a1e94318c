from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from oracle_cases import EDITS, HARMLESS, MYST, PAIRS, SLIPS, write_site

from converters.oracle import Prover


@pytest.fixture(scope="session")
def prover(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prover]:
    """All cases as pages of one site, read once."""
    folder: Path = tmp_path_factory.mktemp("oracle")
    cases = [*PAIRS, *HARMLESS, *EDITS, *SLIPS]
    pages = {f"{case.page}.rst": case.baseline for case in cases}
    assert len(cases) == len(pages)
    source = write_site(folder / "site", pages)
    with Prover(source, overrides=MYST, work=folder / "work", timeout=120) as opened:
        yield opened
