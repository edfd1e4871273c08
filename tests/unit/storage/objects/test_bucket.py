"""Tables in a bucket keep the rules of tables in a directory, whatever the server does."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.errors import UserError
from orch_tui.project.definitions.storage_address import StorageAddress
from orch_tui.storage.browse import Asked, TableBrowser
from orch_tui.storage.deciding import accept
from orch_tui.storage.objects.bucket import Bucket
from orch_tui.storage.objects.client import Objects
from orch_tui.storage.objects.lease import Lease, Renewing
from orch_tui.storage.place import PlaceError
from orch_tui.storage.publishing.candidates import Maker, candidates
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication, StorageError
from orch_tui.storage.versions import drop, excess, restore, version_info

from tests.servers.s3 import Fault, S3Call, S3Server
from tests.support.tables import parquet_file, put, rows


@pytest.fixture
def storage(tmp_path: Path, s3: S3Server, request: pytest.FixtureRequest) -> Storage:
    return s3.storage(tmp_path, request.node.name, keep=3)


def elsewhere(storage: Storage, home: Path, **settings: Any) -> Storage:
    """The same tables as another machine sees them."""
    place = storage.place
    assert isinstance(place, Bucket)
    root = home / ".orch" / "storage"
    root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Storage(root, place=Bucket(root, place.address, place.objects._keys), **settings)


def current(storage: Storage, table: str) -> list[tuple[object, ...]]:
    info = storage.get(table)
    assert info is not None
    return rows(storage.file_of(info))


def publish(storage: Storage, folder: Path, tables: dict[str, str]) -> None:
    items = [
        Publication(table, parquet_file(folder / f"{number}.parquet", query))
        for number, (table, query) in enumerate(tables.items())
    ]
    storage.publish(items, run="r", task="t")


def test_rules_of_tables_hold_and_another_machine_sees_them(storage: Storage, tmp_path: Path) -> None:
    # GIVEN a table that is written whole, by key and by appending
    put(storage, "a/b", "select * from (values (1, 'one'), (2, 'two')) t(id, name)", run="r1")
    put(storage, "a/b", "select * from (values (2::bigint, true)) t(id, flag)", "incremental", ("id",), run="r2")
    put(storage, "a/b", "select 3 as id", "append", run="r3")
    put(storage, "a/b", "select 4 as id", "append", run="r4")
    # WHEN a machine that has nothing of it looks
    other = elsewhere(storage, tmp_path / "other", keep=1)
    # THEN it has the rows, the versions that are kept, and who wrote them
    assert current(other, "a/b") == [(1, "one", None), (2, None, True), (3, None, None), (4, None, None)]
    assert [(one.version, one.run) for one in other.versions("a/b")] == [(4, "r4"), (3, "r3"), (2, "r2")]
    assert other.preview("a/b", 1)[0] == ["id", "name", "flag"]
    assert len(storage.place.names("a/b")) == 3
    # WHEN an old version is restored there, and the others are pruned
    restored = restore(other, "a/b", 2, by="ann", note="as before")
    pruned = [drop(other, one) for one in excess(other, restored.created)]
    # THEN the first machine has it
    assert current(storage, "a/b") == [(1, "one", None), (2, None, True)]
    assert [one.version for one in storage.versions("a/b")] == [5] and not pruned
    with pytest.raises(UserError, match="version 3 of table a/b is not kept"):
        version_info(storage, "a/b", 3)


def test_a_wrong_key_publishes_nothing(storage: Storage, tmp_path: Path) -> None:
    put(storage, "a/b", "select 9 as id", key=("id",))
    with pytest.raises(UserError, match="not unique"):
        put(storage, "a/b", "select 9 as id", "append", ("id",))
    assert current(storage, "a/b") == [(9,)] and len(storage.place.names("a/b")) == 1


def test_sql_of_people_sees_tables_and_no_other_file(storage: Storage, tmp_path: Path) -> None:
    # GIVEN two tables, and a machine without copies
    put(storage, "a/b", "select 1 as id")
    put(storage, "c/d", "select 2 as other")
    storage = elsewhere(storage, tmp_path / "other")
    info = storage.get("a/b")
    assert info is not None
    secret = parquet_file(tmp_path / "secret.parquet", "select 'x' as hidden")
    browser = TableBrowser(storage, info)
    try:
        # WHEN SQL joins them / THEN they come to this machine
        assert browser.look(Asked(query="select id + other as sum from this, c.d")).rows == 1
        assert browser.window(0, 1) == [("3",)]
        # AND another file stays closed
        with pytest.raises(UserError, match="disabled by configuration"):
            browser.look(Asked(query=f"from read_parquet('{secret}')"))
    finally:
        browser.close()


def test_what_a_check_refused_is_published_by_accepting_it(storage: Storage, tmp_path: Path) -> None:
    # GIVEN a candidate of two tables
    put(storage, "a/b", "select 1 as id")
    items = [
        Publication(table, parquet_file(tmp_path / f"{number}.parquet", "select 7 as id"))
        for number, table in enumerate(("a/b", "c/d"))
    ]
    with storage.prepare(items, run="r", task="t") as transaction:
        identity = transaction.set_aside(Maker("sql", "x", "r", "t"), [], None)
    assert current(storage, "a/b") == [(1,)]
    # WHEN it is accepted / THEN both tables are of it, and nothing waits
    accept(storage, identity, by="ann", note="")
    assert current(storage, "a/b") == current(storage, "c/d") == [(7,)]
    assert candidates(storage) == [] and storage.place.intents() == []


def test_an_answer_that_is_lost_is_no_failure_and_nothing_is_written_twice(storage: Storage, s3: S3Server) -> None:
    # GIVEN a server that loses the answer of each kind of PUT once
    put(storage, "a/b", "select 1 as id")
    lost: set[str] = set()

    def lose(call: S3Call) -> Fault | None:
        kind = call.key.split("/")[1] if call.method == "PUT" and "/" in call.key else ""
        if not kind or kind in lost:
            return None
        lost.add(kind)
        return Fault(lose=True)

    s3.fault = lose
    # WHEN rows are appended to one table, then a set is published
    put(storage, "a/b", "select 2 as id", "append")
    lost.clear()
    publish(storage, storage.root.parent, {"a/b": "select 3 as id", "c/d": "select 3 as id"})
    # THEN all is there once
    assert lost >= {"data", "tables", "leases", "intents"}
    assert [(one.version, one.rows) for one in storage.versions("a/b")] == [(3, 1), (2, 2), (1, 1)]
    assert current(storage, "a/b") == current(storage, "c/d") == [(3,)]


@pytest.mark.parametrize("readable", [True, False], ids=["readable", "unreadable"])
def test_a_key_that_ends_after_an_answer_was_lost_removes_nothing_that_may_be_published(
    storage: Storage, s3: S3Server, readable: bool
) -> None:
    # GIVEN a server that loses the answer of a commit, and takes the key no more from then on
    put(storage, "a/b", "select 1 as id")
    lost: list[S3Call] = []

    def end_key(call: S3Call) -> Fault | None:
        if not call.key.endswith("/tables/a/b.toml") or (not lost and call.method != "PUT"):
            return None
        lost.append(call)
        if len(lost) == 1:
            return Fault(lose=True)
        return Fault(status=403) if call.method == "PUT" or not readable else None

    s3.fault = end_key
    # WHEN rows are published / THEN they are where that can be seen, and else nobody says that they are not
    if readable:
        put(storage, "a/b", "select 2 as id", "append")
    else:
        with pytest.raises(StorageError, match="nobody can say yet whether"):
            put(storage, "a/b", "select 2 as id", "append")
    s3.fault = lambda call: None
    assert len(lost) > 1
    # AND the version that the manifest names is there
    assert current(storage, "a/b") == [(1,), (2,)]
    assert [storage.has("a/b", one) for one in storage.versions("a/b")] == [True, True]


def test_a_server_in_trouble_is_waited_for(storage: Storage, s3: S3Server) -> None:
    # GIVEN a server that answers each second request with an error
    troubled = [0]

    def trouble(call: S3Call) -> Fault | None:
        troubled[0] += 1
        return Fault(status=503) if troubled[0] % 2 else None

    s3.fault = trouble
    # WHEN rows are published / THEN they are
    put(storage, "a/b", "select 1 as id")
    assert current(storage, "a/b") == [(1,)]


def test_a_server_that_refuses_leaves_all_as_it_was(storage: Storage, s3: S3Server, tmp_path: Path) -> None:
    # GIVEN a set of tables, and a key that may not write intents
    publish(storage, tmp_path, {"a/b": "select 1 as id", "c/d": "select 1 as id"})
    s3.fault = lambda call: Fault(status=403) if call.method == "PUT" and "/intents/" in call.key else None
    # WHEN the set is published / THEN a sentence says why, without what a library thinks of it
    with pytest.raises(StorageError, match="refuses the key") as told:
        publish(storage, tmp_path, {"a/b": "select 2 as id", "c/d": "select 2 as id"})
    assert "unchanged" in str(told.value) and "Debug" not in str(told.value) and "s3-test-key" not in str(told.value)
    s3.fault = lambda call: None
    # AND both tables are as before, for readers and for the next writer
    assert current(storage, "a/b") == current(storage, "c/d") == [(1,)]
    publish(storage, tmp_path, {"a/b": "select 3 as id", "c/d": "select 3 as id"})
    assert current(storage, "a/b") == current(storage, "c/d") == [(3,)]
    assert storage.place.intents() == []


@pytest.mark.parametrize("decided", [True, False], ids=["decided", "undecided"])
def test_readers_and_writers_judge_a_set_by_its_moment(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decided: bool
) -> None:
    # GIVEN a writer of a set that ends right before, or right after, the moment of the commit
    publish(storage, tmp_path, {"a/b": "select 1 as id", "c/d": "select 1 as id"})
    lease = 2.0
    place = storage.place
    assert isinstance(place, Bucket)
    dying = with_lease(storage, tmp_path / "dying", lease)

    class Killed(BaseException):
        pass

    swap, there = Objects.swap, [False]

    def killed_around_the_intent(objects: Any, key: str, data: bytes, tag: str | None) -> str:
        if there[0] or (key.startswith("intents/") and not decided):
            raise Killed
        there[0] = key.startswith("intents/")
        return swap(objects, key, data, tag)

    monkeypatch.setattr(Objects, "swap", killed_around_the_intent)
    # A process that is killed gives nothing back.
    monkeypatch.setattr(Bucket, "_give_back", lambda *arguments: None)
    with pytest.raises(Killed):
        publish(dying, tmp_path, {"a/b": "select 2 as id", "c/d": "select 2 as id"})
    monkeypatch.undo()
    expected = [(2,)] if decided else [(1,)]
    # WHEN somebody reads / THEN the set is whole
    other = elsewhere(storage, tmp_path / "other")
    assert current(other, "a/b") == current(other, "c/d") == expected
    # WHEN one of the tables is written again
    said: list[str] = []
    other.log = said.append
    put(other, "a/b", "select 5 as id", "append")
    # THEN it goes on from there, and the other table is as it was
    assert current(storage, "a/b") == [*expected, (5,)] and current(storage, "c/d") == expected
    assert any("taken over" in line for line in said)
    put(other, "c/d", "select 6 as id", "append")
    assert current(storage, "c/d") == [*expected, (6,)] and place.intents() == []


def test_a_set_that_was_decided_outlives_a_server_that_does_not_answer_meanwhile(
    storage: Storage, s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a set that is decided, whose writer ended before it wrote what it makes of the tables
    publish(storage, tmp_path, {"a/b": "select 1 as id", "c/d": "select 1 as id"})
    swap, decided = Objects.swap, [False]

    class Killed(BaseException):
        pass

    def killed_after_the_intent(objects: Any, key: str, data: bytes, tag: str | None) -> str:
        if decided[0] and not key.startswith("leases/"):
            raise Killed
        decided[0] = decided[0] or key.startswith("intents/")
        return swap(objects, key, data, tag)

    monkeypatch.setattr(Objects, "swap", killed_after_the_intent)
    with pytest.raises(Killed):
        publish(elsewhere(storage, tmp_path / "dying"), tmp_path, {"a/b": "select 2 as id", "c/d": "select 2 as id"})
    monkeypatch.undo()
    # WHEN who comes next finds one of the tables refused for a moment
    s3.fault = lambda call: Fault(status=403) if call.method == "GET" and call.key.endswith("/c/d.toml") else None
    with pytest.raises(StorageError, match="refuses the key"):
        put(elsewhere(storage, tmp_path / "other"), "a/b", "select 5 as id", "append")
    s3.fault = lambda call: None
    # THEN the set is published all the same, whole
    assert current(storage, "a/b") == current(storage, "c/d") == [(2,)]
    put(elsewhere(storage, tmp_path / "third"), "c/d", "select 6 as id", "append")
    assert current(storage, "a/b") == [(2,)] and current(storage, "c/d") == [(2,), (6,)]
    assert storage.place.intents() == []


def with_lease(storage: Storage, home: Path, lease: float) -> Storage:
    """The same tables for a writer whose lease is short."""
    place = storage.place
    assert isinstance(place, Bucket)
    root = home / ".orch" / "storage"
    root.parent.mkdir(mode=0o700, parents=True)
    return Storage(root, place=Bucket(root, replace(place.address, lease=lease), place.objects._keys))


def test_a_lease_that_was_lost_fences_its_holder_off(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a writer that is not heard of while its commit is on the way, and does not know it
    put(storage, "a/b", "select 1 as id")
    slow, other = with_lease(storage, tmp_path / "slow", 2.0), elsewhere(storage, tmp_path / "other")
    monkeypatch.setattr(Renewing, "_run", lambda self: None)
    monkeypatch.setattr(Lease, "valid", True)
    staged = parquet_file(tmp_path / "staged.parquet", "select 2 as id")
    # WHEN another one takes the table over, but has not published yet
    with (
        slow.prepare([Publication("a/b", staged)]) as transaction,
        other.place.held(["a/b"], other.log) as held,
        # THEN the late commit finds that it is fenced off
        pytest.raises(StorageError, match=r"lease of a/b ran out.*unchanged"),
    ):
        assert held
        transaction.commit()
    assert current(storage, "a/b") == [(1,)]
    put(other, "a/b", "select 3 as id", "append")
    assert current(storage, "a/b") == [(1,), (3,)]


def test_writers_of_one_table_wait_for_each_other(storage: Storage, tmp_path: Path) -> None:
    # GIVEN a table that is held
    put(storage, "a/b", "select 1 as id")
    waiting = threading.Event()
    other = elsewhere(storage, tmp_path / "other", log=lambda text: waiting.set() if "waiting" in text else None)
    with storage.place.held(["a/b"], storage.log):
        with other.place.held(["a/b"], other.log, wait=0.0) as held:
            assert not held
        writer = threading.Thread(target=put, args=(other, "a/b", "select 2 as id", "append"))
        writer.start()
        assert waiting.wait(30)
        assert current(storage, "a/b") == [(1,)]
    # WHEN it is given back / THEN the other one goes on
    writer.join(60)
    assert current(storage, "a/b") == [(1,), (2,)]


def test_a_copy_comes_whole_or_not_at_all(storage: Storage, s3: S3Server, tmp_path: Path) -> None:
    # GIVEN a table, and a server that breaks off what it gives
    put(storage, "a/b", "select 1 as id")
    other = elsewhere(storage, tmp_path / "other")
    info = other.get("a/b")
    assert info is not None
    s3.fault = lambda call: Fault(status=403) if call.method == "GET" and "/data/" in call.key else None
    # WHEN it is read / THEN it is a sentence, and nothing half stays
    with pytest.raises(StorageError, match="refuses the key"):
        other.preview("a/b")
    assert [path for path in other.root.rglob("*") if path.is_file()] == []
    s3.fault = lambda call: None
    assert other.preview("a/b")[1] == [("1",)]


def test_a_manifest_that_is_damaged_spoils_no_other_table(storage: Storage) -> None:
    put(storage, "a/b", "select 1 as id")
    put(storage, "c/d", "select 1 as id")
    place = storage.place
    assert isinstance(place, Bucket)
    found = place.objects.read("tables/a/b.toml")
    assert found is not None
    place.objects.swap("tables/a/b.toml", b"no = [", found.tag)
    assert [(one.table, one.problem is None) for one in storage.tables()] == [("a/b", False), ("c/d", True)]


def test_a_store_without_a_key_or_a_bucket_says_so(tmp_path: Path, s3: S3Server) -> None:
    root = tmp_path / "storage"
    place = Bucket(root, StorageAddress("no-such-bucket", "", s3.url), lambda: ("a", "b", None))
    with pytest.raises(StorageError, match="there is no bucket no-such-bucket at http"):
        Storage(root, place=place).tables()
    with pytest.raises(PlaceError, match="there is no bucket"):
        place.objects.swap("x", b"", None)
