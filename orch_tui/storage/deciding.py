"""What people decide of a candidate: that very file becomes the version of its table, or it is dropped.

Whatever ends the process in the middle: a candidate waits as before, or all of its tables are published.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from orch_tui.model.errors import UserError
from orch_tui.project.decided import DecidedAs, told_of
from orch_tui.project.files.own_files import sync_own
from orch_tui.storage.publishing.candidates import Candidate, CandidateTable, find_candidate, read_candidate, settle
from orch_tui.storage.publishing.committing import Prepared, commit_prepared, kept_before, new_version
from orch_tui.storage.publishing.intents import Settled, lock_without_intents
from orch_tui.storage.publishing.merge import bring
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Decision, Origin, StorageError, TableInfo

_PRIVATE = 0o600


def accept(storage: Storage, wanted: str, *, by: str, note: str) -> tuple[Candidate, list[TableInfo]]:
    """Publish exactly the files of a candidate (its id, or one of its tables); the versions that they are now.

    Raises:
        UserError: there is none, or one of its tables has another version by now than it was made from.
        StorageError: the disk refused; nothing was changed.
    """
    with contextlib.ExitStack() as locks:
        candidate = _lock(storage, wanted, locks)
        if outdated := candidate.outdated(storage):
            raise UserError(
                f"candidate {candidate.id} was made from an older version of {', '.join(outdated)}; it can be "
                f"discarded only: orch-tui gate discard {candidate.id}"
            )
        decision = Decision(Origin.ACCEPTED, by, note)
        told = told_of(DecidedAs.ACCEPTED, by, note, datetime.now(UTC))
        prepared: list[Prepared] = []
        try:
            for one in candidate.tables:
                prepared.append(_prepare(storage, candidate, one, decision))
        except OSError as error:
            for item in prepared:
                item.temporary.unlink(missing_ok=True)
            raise StorageError(
                f"candidate {candidate.id} could not be published: {error}; it waits as before"
            ) from error
        commit_prepared(storage, prepared, Settled(candidate.id, told))
        return candidate, [item.info for item in prepared]


def discard(storage: Storage, wanted: str, *, by: str, note: str) -> Candidate:
    """Drop a candidate (its id, or one of its tables); the tables stay as they are.

    Raises:
        UserError: there is none.
        StorageError: the disk refused.
    """
    with contextlib.ExitStack() as locks:
        candidate = _lock(storage, wanted, locks)
        told = told_of(DecidedAs.DISCARDED, by, note, datetime.now(UTC))
        try:
            settle(storage, candidate.id, told, accepted=False)
        except OSError as error:
            raise StorageError(f"candidate {candidate.id} could not be dropped: {error}") from error
        return candidate


def _lock(storage: Storage, wanted: str, locks: contextlib.ExitStack) -> Candidate:
    """The candidate, with the locks of its tables. Raises: UserError when somebody decided before."""
    candidate = find_candidate(storage, wanted)
    lock_without_intents(storage, [one.table for one in candidate.tables], locks)
    try:
        return read_candidate(storage, candidate.id)
    except FileNotFoundError:
        raise UserError(f"candidate {candidate.id} does not wait any more: somebody has decided of it") from None


def _prepare(storage: Storage, candidate: Candidate, one: CandidateTable, decision: Decision) -> Prepared:
    """A second name for the file of a candidate, which stays where it is until all is published. Raises: OSError."""
    old = storage.read_unrecovered(one.table)
    number, temporary, file = new_version(storage, one.table, old)
    bring(one.file, temporary)
    temporary.chmod(_PRIVATE)
    sync_own(temporary)
    info = TableInfo(
        table=one.table,
        version=number,
        file=file,
        rows=one.rows,
        bytes=one.bytes,
        columns=one.columns,
        primary_key=one.primary_key,
        mode=one.mode,
        created=datetime.now(UTC).replace(microsecond=0),
        run=candidate.maker.run,
        task=candidate.maker.task,
        previous=kept_before(storage, old),
        decision=decision,
    )
    return Prepared(temporary, info)
