"""How is a migration written: all of it or nothing, whenever it is interrupted?

New files are made beside a journal first.  Then, with interrupts held back, they are moved into
place; what they replace is kept with the journal until all is done.  A run that was killed in
between is undone by the next.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from converters.migration import Migration
from converters.repository import Repository, WriteError
from doctest_nix.errors import Slug

_JOURNAL = "doctest-nix-convert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One file's change: ``old`` goes and ``new`` comes, with the text staged as ``staged``.

    Paths are absolute.  ``old`` equals ``new`` where a file is edited, and ``saved`` is where the
    old file is kept meanwhile.
    """

    old: Path
    new: Path
    staged: Path
    saved: Path


def recover(migrated: Path) -> bool:
    """Undo what an earlier run for ``migrated`` left half-way; return whether there was such."""
    repository = Repository.of(migrated)
    journal = _journal(migrated, repository)
    if not journal.is_dir():
        return False
    _undo(journal, repository)
    return True


def write(migration: Migration) -> tuple[str, ...]:
    """Write a migration into its project; return what to do next, a line each.

    In a git work tree the renames are staged, and the new contents are not: two commits' worth of
    changes, with which ``git log --follow`` finds a page's history.  Raises WriteError where the
    tree has changes of its own, a target exists, a page is a link or a proof is missing, and
    leaves everything as it was.
    """
    repository = Repository.of(migration.source)
    _check(migration, repository)
    journal = _journal(migration.source, repository)
    steps = _staged(migration, journal)
    with _uninterrupted():
        try:
            _note(journal, steps, repository)
            for step in steps:
                _take(step)
            if repository is not None:
                renames = _renames(migration, repository)
                if renames:
                    repository.stage_renames(renames)
        except BaseException:
            _undo(journal, repository)
            raise
        shutil.rmtree(journal)
    return _next_steps(repository)


def _check(migration: Migration, repository: Repository | None) -> None:
    proof = migration.proof
    if proof is None or not proof.proven:
        raise WriteError(
            Slug.WRITE,
            "The new site is not proven to be the same",
            remedy="See the report for what differs.",
        )
    if repository is not None and (changes := repository.changes()):
        shown = "\n".join(changes[:10])
        raise WriteError(
            Slug.WRITE,
            "The work tree has changes that are not committed",
            remedy=f"Commit or stash them first, so that the migration can be undone:\n{shown}",
        )
    for page in migration.converted:
        old, new = migration.source / page.path, migration.source / page.target
        if old.is_symlink() or not old.resolve().is_relative_to(migration.root.resolve()):
            raise WriteError(Slug.WRITE, f"{page.path} is a link", remedy="Convert its goal.")
        if new.exists() or new.is_symlink():
            raise WriteError(Slug.WRITE, f"{page.target} is there already", remedy="Move it away.")


def _journal(source: Path, repository: Repository | None) -> Path:
    if repository is not None:
        return repository.directory / _JOURNAL
    directory = source if source.is_dir() else source.parent
    return directory / f".{_JOURNAL}"


def _staged(migration: Migration, journal: Path) -> list[Step]:
    """Write the new files beside the journal, where a move into place is one step."""
    changes = [
        (migration.source / page.path, migration.source / page.target, page.text)
        for page in migration.converted
    ]
    if migration.conf is not None:
        changes.append((migration.conf[0], *migration.conf))
    shutil.rmtree(journal, ignore_errors=True)
    journal.mkdir(parents=True)
    steps: list[Step] = []
    try:
        for number, (old, new, text) in enumerate(changes):
            step = Step(
                old=old,
                new=new,
                staged=journal / f"{number}.new",
                saved=journal / f"{number}.old",
            )
            step.staged.write_text(text, "utf-8", newline="\n")
            shutil.copymode(old, step.staged)
            steps.append(step)
    except BaseException:
        shutil.rmtree(journal, ignore_errors=True)
        raise
    return steps


def _note(journal: Path, steps: Sequence[Step], repository: Repository | None) -> None:
    entries = [{"old": str(s.old), "new": str(s.new), "saved": str(s.saved)} for s in steps]
    text = json.dumps({"root": str(repository.root) if repository else "", "steps": entries})
    temporary = journal / "journal.tmp"
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(journal / "journal.json")


def _take(step: Step) -> None:
    shutil.copy2(step.old, step.saved)
    step.staged.replace(step.new)
    if step.old != step.new:
        step.old.unlink()


def _undo(journal: Path, repository: Repository | None) -> None:
    """Bring back every file that the journal names; it is complete before the first one moves."""
    noted = journal / "journal.json"
    if noted.is_file():
        steps = json.loads(noted.read_text("utf-8"))["steps"]
        for step in steps:
            old, new, saved = Path(step["old"]), Path(step["new"]), Path(step["saved"])
            staged = saved.with_suffix(".new")
            if saved.exists() and (not old.exists() or not staged.exists()):
                if new != old:
                    new.unlink(missing_ok=True)
                saved.replace(old)
        if repository is not None:
            names = [
                Path(step[side]).relative_to(repository.root).as_posix()
                for step in steps
                for side in ("old", "new")
                if Path(step[side]).is_relative_to(repository.root)
            ]
            if names:
                repository.unstage(sorted(set(names)))
    shutil.rmtree(journal)


def _renames(migration: Migration, repository: Repository) -> dict[str, str]:
    root = repository.root.resolve()
    source = migration.source.resolve().relative_to(root)
    renames = {
        (source / page.path).as_posix(): (source / page.target).as_posix()
        for page in migration.converted
    }
    tracked = repository.tracked(renames)
    return {old: new for old, new in renames.items() if old in tracked}


def _next_steps(repository: Repository | None) -> tuple[str, ...]:
    if repository is None:
        return ()
    return (
        "git commit -m 'Rename pages to Markdown'   # the renames are staged",
        "git commit -a -m 'Convert pages to MyST'",
    )


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Hold interrupts back; those that came meanwhile are too late, and dropped."""
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        while signal.sigtimedwait(held, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
