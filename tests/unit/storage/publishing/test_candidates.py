"""What a check refused waits whole, and becomes exactly that version, or goes."""

from __future__ import annotations

import hashlib
import json
import os
import time
from pathlib import Path

import pytest
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.project.attempt_dir import decision_file
from orch_tui.project.decided import DecidedAs, read_decided
from orch_tui.storage.deciding import accept, discard
from orch_tui.storage.publishing.candidates import Maker, candidates, find_candidate
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Decision, Origin, Publication

from tests.support.tables import parquet_file, put, rows

ATTEMPT = "runs/o/r1/tasks/t/1"
MAKER = Maker("sql", "orders", "r1", "t", ATTEMPT)


def _storage(tmp_path: Path, keep: int = 3) -> Storage:
    (tmp_path / ".orch" / ATTEMPT).mkdir(parents=True, exist_ok=True)
    return Storage(tmp_path / ".orch" / "storage", keep=keep)


def _refuse(storage: Storage, tables: dict[str, str], mode: str = "full", key: tuple[str, ...] = ()) -> str:
    """What a task does whose check fails: the candidate's id."""
    items = [
        Publication(table, parquet_file(storage.root.parent / f"{n}.parquet", query), WriteMode(mode), key)
        for n, (table, query) in enumerate(tables.items())
    ]
    with storage.prepare(items, run="r1", task="t") as transaction:
        return transaction.set_aside(MAKER, [], {"last": 7})


def _hash(storage: Storage, *, quarantine: bool = False) -> str:
    digest = hashlib.sha256()
    for path in sorted(storage.root.rglob("*")):
        inside = ".quarantine" in path.parts
        if path.is_file() and path.name != ".lock" and inside is quarantine:
            digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def test_refused_tables_are_as_before_and_wait_together(tmp_path: Path) -> None:
    # GIVEN a table
    storage = _storage(tmp_path)
    put(storage, "raw/a", "select 1 as id")
    before = _hash(storage)
    # WHEN a task's tables are refused, one of them new
    candidate = _refuse(storage, {"raw/a": "select 2 as id", "raw/b": "select 3 as id"})
    # THEN nothing of the storage is different, and both wait under one id
    assert _hash(storage) == before
    (found,) = candidates(storage)
    assert (found.id, found.maker, found.state) == (candidate, MAKER, {"last": 7})
    assert [(one.table, one.base, one.rows) for one in found.tables] == [("raw/a", 1, 1), ("raw/b", 0, 1)]
    assert find_candidate(storage, "raw/b").id == candidate
    assert storage.get("raw/b") is None


def test_accepting_publishes_exactly_the_file_that_waited(tmp_path: Path) -> None:
    # GIVEN a candidate
    storage = _storage(tmp_path)
    put(storage, "raw/a", "select 1 as id")
    _refuse(storage, {"raw/a": "select 2 as id"})
    content = candidates(storage)[0].tables[0].file.read_bytes()
    # WHEN it is accepted
    _, (info,) = accept(storage, "raw/a", by="ann", note="the shop was closed")
    # THEN that file is the next version, which says by whom and why; state and note are there, the candidate is not
    assert info.file.read_bytes() == content
    assert storage.get("raw/a") == info
    assert (info.version, info.decision) == (2, Decision(Origin.ACCEPTED, "ann", "the shop was closed"))
    assert [one.version for one in storage.versions("raw/a")] == [2, 1]
    assert json.loads((tmp_path / ".orch/state/sql/orders.json").read_text()) == {"last": 7}
    decided = read_decided(tmp_path / ".orch" / ATTEMPT)
    assert decided is not None
    assert (decided.verdict, decided.words) == (DecidedAs.ACCEPTED, "accepted by ann: the shop was closed")
    assert candidates(storage) == []
    # AND the note stays with the version when it is an old one
    put(storage, "raw/a", "select 3 as id")
    assert storage.versions("raw/a")[1].decision == info.decision


def test_rows_that_are_added_are_accepted_as_the_whole_table(tmp_path: Path) -> None:
    # GIVEN a candidate of a table that rows are added to
    storage = _storage(tmp_path)
    put(storage, "raw/a", "select 1 as id", "incremental", ("id",))
    _refuse(storage, {"raw/a": "select 2 as id"}, "incremental", ("id",))
    # WHEN it is accepted, THEN old and new rows are there
    accept(storage, "raw/a", by="ann", note="")
    info = storage.get("raw/a")
    assert info is not None
    assert rows(info.file) == [(1,), (2,)]


def test_discarding_leaves_the_tables_and_the_state(tmp_path: Path) -> None:
    # GIVEN a candidate
    storage = _storage(tmp_path)
    put(storage, "raw/a", "select 1 as id")
    candidate, before = _refuse(storage, {"raw/a": "select 2 as id"}), _hash(storage)
    # WHEN it is discarded
    discard(storage, candidate, by="ann", note="wrong day")
    # THEN it is gone and nothing else is different
    assert (candidates(storage), _hash(storage)) == ([], before)
    assert not (tmp_path / ".orch/state/sql").exists()
    decided = read_decided(tmp_path / ".orch" / ATTEMPT)
    assert decided is not None and decided.words == "discarded by ann: wrong day"
    with pytest.raises(UserError, match="no candidate"):
        discard(storage, candidate, by="ann", note="")


def test_a_newer_version_of_a_table_drops_what_waited_for_the_one_before(tmp_path: Path) -> None:
    # GIVEN candidates of two sets of tables
    said: list[str] = []
    storage = _storage(tmp_path)
    storage.log = said.append
    _refuse(storage, {"raw/a": "select 1 as id", "raw/b": "select 1 as id"})
    other = _refuse(storage, {"raw/c": "select 1 as id"})
    # WHEN one of the tables gets a version
    put(storage, "raw/b", "select 2 as id")
    # THEN nobody can publish old rows over it
    assert [one.id for one in candidates(storage)] == [other]
    assert "is dropped: its tables have newer versions" in said[-1]


def test_a_candidate_of_an_older_version_cannot_be_accepted(tmp_path: Path) -> None:
    # GIVEN a candidate whose table has changed without dropping it, as a program from before this would
    storage = _storage(tmp_path)
    candidate = _refuse(storage, {"raw/a": "select 1 as id"})
    aside = (storage.root / ".quarantine").rename(storage.root / ".aside")
    put(storage, "raw/a", "select 2 as id")
    aside.rename(storage.root / ".quarantine")
    before = _hash(storage)
    # WHEN it is accepted, THEN that is refused and nothing is different
    with pytest.raises(UserError, match="made from an older version of raw/a; it can be discarded only"):
        accept(storage, candidate, by="ann", note="")
    assert _hash(storage) == before


def test_the_newest_candidates_of_a_table_stay(tmp_path: Path) -> None:
    # GIVEN a storage that keeps two versions, WHEN a check refuses each day
    storage = _storage(tmp_path, keep=2)
    made = [_refuse(storage, {"raw/a": f"select {day} as id"}) for day in range(4)]
    # THEN the last two wait
    assert [one.id for one in candidates(storage)] == made[:1:-1]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"created": 1}', '{"tables": [{"file": "../../x.parquet"}]}'])
def test_a_damaged_candidate_is_told_and_can_be_discarded(tmp_path: Path, text: str) -> None:
    # GIVEN a candidate whose file was damaged, beside a whole one
    said: list[str] = []
    storage = _storage(tmp_path)
    storage.log = said.append
    damaged = _refuse(storage, {"raw/a": "select 1 as id"})
    whole = _refuse(storage, {"raw/b": "select 1 as id"})
    (storage.root / ".quarantine" / damaged / "candidate.json").write_text(text)
    # WHEN all are listed, THEN the whole one is, and a line says what is wrong with the other
    assert [one.id for one in candidates(storage)] == [whole]
    assert f"candidate {damaged} cannot be read" in said[0]


def test_a_note_goes_nowhere_when_the_run_was_deleted(tmp_path: Path) -> None:
    # GIVEN a candidate whose run is gone
    storage = _storage(tmp_path)
    candidate = _refuse(storage, {"raw/a": "select 1 as id"})
    (tmp_path / ".orch" / ATTEMPT).rmdir()
    # WHEN it is accepted, THEN the table is there all the same
    accept(storage, candidate, by="ann", note="")
    assert storage.get("raw/a") is not None
    assert not decision_file(tmp_path / ".orch" / ATTEMPT).exists()


@pytest.mark.parametrize(("age", "stays"), [(0.0, True), (3000.0, True), (4000.0, False)])
def test_what_died_while_it_was_written_goes_after_an_hour(tmp_path: Path, age: float, *, stays: bool) -> None:
    # GIVEN what somebody writes now, or left in the middle
    storage = _storage(tmp_path)
    put(storage, "raw/a", "select 1 as n")
    first = _refuse(storage, {"raw/a": "select 2 as n"})
    half = storage.root / ".quarantine" / ".0000.tmp"
    half.mkdir()
    os.utime(half, (time.time() - age,) * 2)
    # WHEN another set is put aside THEN only the old one is gone
    second = _refuse(storage, {"raw/a": "select 3 as n"})
    assert half.exists() is stays
    assert {one.id for one in candidates(storage)} == {first, second}
