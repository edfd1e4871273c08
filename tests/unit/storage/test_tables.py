"""Tables in storage: versions, modes, keys, broken files, and what a failed publication leaves."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest
import tomli_w
from orch_tui.model.components.configuration import WriteMode
from orch_tui.model.errors import UserError
from orch_tui.project.files.own_files import replace_own
from orch_tui.storage import directory
from orch_tui.storage.publishing import intents
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication, StorageError

from tests.support.tables import parquet_file, put, rows


@pytest.fixture
def storage(tmp_path: Path) -> Storage:
    lines: list[str] = []
    made = Storage(tmp_path / ".orch" / "storage", keep=3, log=lines.append)
    made.lines = lines  # type: ignore[attr-defined]
    return made


def current(storage: Storage, table: str) -> list[tuple[object, ...]]:
    info = storage.get(table)
    assert info is not None
    return rows(info.file)


def test_full_replaces_and_keeps_three_versions(storage: Storage) -> None:
    # GIVEN a table written five times
    for number in range(1, 6):
        put(storage, "crm/people", f"select {number} as id, 'x' as name", run=f"run-{number}")
    # WHEN it is looked up
    info = storage.get("crm/people")
    # THEN the last version is current and the two before it are still there
    assert info is not None
    assert (info.version, info.rows, info.run, info.mode) == (5, 1, "run-5", WriteMode.FULL)
    assert info.columns == (("id", "INTEGER"), ("name", "VARCHAR"))
    assert info.bytes == info.file.stat().st_size
    assert [(item.version, item.run) for item in storage.versions("crm/people")] == [
        (5, "run-5"),
        (4, "run-4"),
        (3, "run-3"),
    ]
    assert sorted(path.name for path in info.file.parent.glob("*.parquet")) == [
        "000003.parquet",
        "000004.parquet",
        "000005.parquet",
    ]
    assert current(storage, "crm/people") == [(5, "x")]


def test_files_are_private_and_nothing_temporary_stays(storage: Storage) -> None:
    put(storage, "a/b", "select 1 as id")
    for path in [storage.root, *storage.root.rglob("*")]:
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode == (0o700 if path.is_dir() else 0o600), path
        assert not path.name.endswith(".tmp")
    assert list((storage.root / ".intents").iterdir()) == []


def test_incremental_replaces_by_key_adds_columns_and_widens_types(storage: Storage) -> None:
    # GIVEN a table with key id
    put(storage, "a/b", "select * from (values (1, 'one'), (2, 'two')) t(id, name)", "incremental", ("id",))
    # WHEN newer rows have another column, a wider type and lack a column
    put(storage, "a/b", "select * from (values (2::bigint, true), (3, false)) t(id, flag)", "incremental", ("id",))
    # THEN rows are replaced by key, missing cells are null, and the log says which column was missing
    assert current(storage, "a/b") == [(1, "one", None), (2, None, True), (3, None, False)]
    info = storage.get("a/b")
    assert info is not None and info.columns == (("id", "BIGINT"), ("name", "VARCHAR"), ("flag", "BOOLEAN"))
    assert any('lack "name"' in line for line in storage.lines)  # type: ignore[attr-defined]


def test_append_keeps_every_row(storage: Storage) -> None:
    put(storage, "a/b", "select 1 as id", "append")
    put(storage, "a/b", "select 1 as id, 'new' as name", "append")
    assert current(storage, "a/b") == [(1, "new"), (1, None)]


def test_zero_rows_make_a_typed_empty_table_with_a_line_in_the_log(storage: Storage) -> None:
    put(storage, "a/b", "select 1::bigint as id, current_date as day where false")
    info = storage.get("a/b")
    assert info is not None and (info.rows, info.columns) == (0, (("id", "BIGINT"), ("day", "DATE")))
    assert any("no rows" in line for line in storage.lines)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("query", "mode", "key", "says"),
    [
        ("select * from (values (1, 'a'), (1, 'b')) t(id, x)", "full", ("id",), "id = 1 occurs 2 times"),
        ("select * from (values (1), (null)) t(id)", "full", ("id",), "id = null"),
        ("select 1 as id", "full", ("key",), '"key" is not among the columns "id"'),
        ("select 1 as id", "incremental", (), "has no primary key"),
        ("select 9 as id", "append", ("id",), "old and new rows together"),
        ("select 9 as other", "incremental", ("other",), 'no column "other" in its stored rows'),
    ],
)
def test_a_wrong_key_is_named_with_an_example(
    storage: Storage, query: str, mode: str, key: tuple[str, ...], says: str
) -> None:
    # GIVEN a table with one row
    put(storage, "a/b", "select 9 as id")
    # WHEN rows break the rule of the key
    with pytest.raises(UserError) as error:
        put(storage, "a/b", query, mode, key)
    # THEN the sentence names table, key and an example, and the table is as before
    assert says in str(error.value) and "a/b" in str(error.value) and "\n" not in str(error.value)
    assert current(storage, "a/b") == [(9,)]


def test_one_wrong_key_publishes_nothing_of_the_set(storage: Storage, tmp_path: Path) -> None:
    # GIVEN two tables, one of them new, and three staged outputs of which the last has a wrong key
    put(storage, "a/first", "select 1 as id")
    good = parquet_file(tmp_path / "good.parquet", "select 2 as id")
    new = parquet_file(tmp_path / "new.parquet", "select 2 as id")
    bad = parquet_file(tmp_path / "bad.parquet", "select 1 as id union all select 1")
    # WHEN they are published together
    with pytest.raises(UserError, match="not unique"):
        storage.publish(
            [
                Publication("a/first", good),
                Publication("a/new", new),
                Publication("z/last", bad, WriteMode.FULL, ("id",)),
            ]
        )
    # THEN nothing changed and no file is left over
    assert current(storage, "a/first") == [(1,)]
    assert [info.table for info in storage.tables()] == ["a/first"]
    assert [path.name for path in storage.root.rglob("*.parquet")] == ["000001.parquet"]
    assert not list(storage.root.rglob("*.tmp"))
    assert good.exists() and bad.exists()


def test_a_file_that_is_not_parquet_is_a_sentence(storage: Storage, tmp_path: Path) -> None:
    staged = tmp_path / "x.parquet"
    staged.write_text("id,name\n")
    with pytest.raises(UserError, match="cannot be stored"):
        storage.publish([Publication("a/b", staged)])


def test_values_that_do_not_fit_together_meet_as_text(storage: Storage) -> None:
    # GIVEN a table with texts WHEN lists come, which DuckDB cannot join with them
    put(storage, "a/b", "select 'abc' as id", "incremental", ("id",))
    put(storage, "a/b", "select [1, 2] as id", "incremental", ("id",))
    # THEN nothing is lost and nothing is refused at every run
    assert sorted(current(storage, "a/b")) == [("[1,2]",), ("abc",)]


def test_a_broken_manifest_is_an_error_with_file_and_remedy_and_hides_no_other(storage: Storage) -> None:
    # GIVEN three tables of which two have broken files
    for table in ("a/good", "a/torn", "a/wrong"):
        put(storage, table, "select 1 as id")
    (storage.root / "a/torn/table.toml").write_text("version = 1\nfile = ")
    (storage.root / "a/wrong/table.toml").write_text('version = "one"\nfile = "../../etc/passwd"\n')
    # WHEN they are listed
    found = {info.table: info for info in storage.tables()}
    # THEN the good one is there and the others carry their problem
    assert found["a/good"].problem is None and found["a/good"].rows == 1
    for table in ("a/torn", "a/wrong"):
        problem = found[table].problem
        assert (
            problem is not None and problem.file == f".orch/storage/{table}/table.toml" and "repair" in problem.remedy
        )
        with pytest.raises(StorageError, match=r"table\.toml"):
            storage.get(table)
        # AND nothing is written over what could not be read
        before = (storage.root / table / "table.toml").read_text()
        with pytest.raises(StorageError):
            put(storage, table, "select 2 as id")
        assert (storage.root / table / "table.toml").read_text() == before


def test_a_deleted_manifest_never_reuses_a_version_number(storage: Storage) -> None:
    put(storage, "a/b", "select 1 as id")
    (storage.root / "a/b/table.toml").unlink()
    assert storage.get("a/b") is None
    put(storage, "a/b", "select 2 as id")
    info = storage.get("a/b")
    assert info is not None and info.version == 2


def test_staged_input_survives_later_publications(storage: Storage, tmp_path: Path) -> None:
    # GIVEN an input staged by a task
    put(storage, "a/b", "select 1 as id")
    info = storage.stage("a/b", tmp_path / "in.parquet")
    # WHEN the table is written more often than versions are kept
    for number in range(5):
        put(storage, "a/b", f"select {number} as id")
    # THEN the task still reads what it was given, without a copy having been made
    assert info is not None and info.version == 1 and not info.file.exists()
    assert rows(tmp_path / "in.parquet") == [(1,)]
    assert storage.stage("a/none", tmp_path / "none.parquet") is None


def test_a_file_pruned_between_manifest_and_open_is_read_from_the_newer_version(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a reader that read table.toml before four more versions were published
    put(storage, "a/b", "select 1 as id")
    stale = storage.get("a/b")
    for number in range(2, 6):
        put(storage, "a/b", f"select {number} as id")
    answers = [stale]
    fresh = Storage.get
    monkeypatch.setattr(Storage, "get", lambda self, table: answers.pop() if answers else fresh(self, table))
    # WHEN it stages / THEN it gets the newest
    info = storage.stage("a/b", tmp_path / "in.parquet")
    assert info is not None and info.version == 5 and rows(tmp_path / "in.parquet") == [(5,)]


def test_preview_shows_any_value_as_safe_text(storage: Storage) -> None:
    put(
        storage,
        "a/b",
        "select 1 as id, '\x1b[31mred\x1b[0m\nline' as text, '\\xFF'::blob as bytes, null as nothing, "
        "{'a': [1, 2]} as nested, timestamptz '2026-01-01 00:00:00+00' as at, "
        "date '294247-01-01' as far, repeat('x', 5000) as long",
    )
    columns, cells = storage.preview("a/b", 1)
    row = dict(zip(columns, cells[0], strict=True))
    assert row["text"] == "red line" and row["bytes"] == "\\xFF" and row["nothing"] is None
    assert row["nested"] == "{'a': [1, 2]}" and row["far"] is not None and len(row["long"] or "") == 1000
    assert storage.preview("a/b", 0)[1] == []
    with pytest.raises(UserError, match="does not exist"):
        storage.preview("a/c")


def test_a_lost_file_is_a_sentence(storage: Storage, tmp_path: Path) -> None:
    put(storage, "a/b", "select 1 as id")
    (storage.root / "a/b/000001.parquet").unlink()
    for use in (lambda: storage.preview("a/b"), lambda: storage.stage("a/b", tmp_path / "x")):
        with pytest.raises(StorageError, match="lost its file"):
            use()


def test_a_path_with_pattern_characters_is_taken_literally(tmp_path: Path) -> None:
    root = tmp_path / "p[1]*?'x"
    root.mkdir()
    storage = Storage(root / ".orch" / "storage")
    staged = parquet_file(tmp_path / "s.parquet", "select 1 as id")
    storage.publish([Publication("a/b", staged, WriteMode.INCREMENTAL, ("id",))])
    storage.publish([Publication("a/b", staged, WriteMode.INCREMENTAL, ("id",))])
    assert storage.preview("a/b") == (["id"], [("1",)])


@pytest.mark.parametrize("table", ["a", "a/b/c", "../x", "a/..", "/a", "a/b\n"])
def test_only_bucket_slash_table_is_a_table(storage: Storage, table: str) -> None:
    with pytest.raises(UserError, match="bucket/table"):
        storage.get(table)


def test_listing_imports_no_duckdb(storage: Storage) -> None:
    put(storage, "a/b", "select 1 as id")
    code = (
        "import sys; from pathlib import Path; from orch_tui.storage.storage import Storage; "
        f"print(Storage(Path({str(storage.root)!r})).tables()[0].rows, "
        "sorted(set(sys.modules) & {'duckdb', 'pydantic'}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "1 []"


@pytest.mark.parametrize("failing", ["intent", "link", "copy"])
def test_a_full_disk_leaves_the_old_version(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    # GIVEN a table, and a disk that fails at one of the steps
    put(storage, "a/b", "select 1 as id", "incremental", ("id",))

    def no_room(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    patched = {
        "intent": "directory.create_intent",
        "link": "publishing.merge.bring",
        "copy": "publishing.publish.sync_own",
    }[failing]
    monkeypatch.setattr(f"orch_tui.storage.{patched}", no_room)
    # WHEN rows are published
    with pytest.raises(StorageError, match="No space left") as error:
        put(storage, "a/b", "select 2 as id", "full")
    monkeypatch.undo()
    # THEN the sentence says that nothing changed, it is so, and the next publication works
    assert "unchanged" in str(error.value)
    assert current(storage, "a/b") == [(1,)]
    assert not list(storage.root.rglob("*.tmp"))
    put(storage, "a/b", "select 3 as id")
    assert current(storage, "a/b") == [(3,)]


def test_a_failure_after_the_commit_is_rolled_forward_by_the_next_reader(
    storage: Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN two tables, and a disk that fails between the two table.toml files
    put(storage, "a/b", "select 1 as id")
    put(storage, "c/d", "select 1 as id")
    real, calls = replace_own, []

    def second_fails(path: Path, text: str) -> None:
        calls.append(path)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        real(path, text)

    monkeypatch.setattr(directory, "replace_own", second_fails)
    staged = [parquet_file(tmp_path / f"{n}.parquet", "select 2 as id") for n in range(2)]
    with pytest.raises(StorageError, match="in part"):
        storage.publish([Publication("a/b", staged[0]), Publication("c/d", staged[1])])
    monkeypatch.undo()
    # WHEN somebody opens the storage
    found = {info.table: info.version for info in Storage(storage.root).tables()}
    # THEN the set is complete
    assert found == {"a/b": 2, "c/d": 2}
    assert current(storage, "a/b") == current(storage, "c/d") == [(2,)]
    assert list((storage.root / ".intents").iterdir()) == []


def test_an_intent_that_makes_no_sense_is_set_aside(storage: Storage) -> None:
    put(storage, "a/b", "select 1 as id")
    (storage.root / ".intents" / "1.toml").write_text("tables = [{table = ")
    assert [info.table for info in storage.tables()] == ["a/b"]
    assert [path.suffix for path in (storage.root / ".intents").iterdir()] == [".broken"]


def test_a_storage_that_cannot_be_written_is_a_sentence(storage: Storage, tmp_path: Path) -> None:
    # GIVEN a bucket's place taken by something that is no directory
    put(storage, "a/b", "select 1 as id")
    (storage.root / "z").write_text("not a directory")
    staged = parquet_file(tmp_path / "s.parquet", "select 2 as id")
    # WHEN a table of it is written / THEN it is a sentence, and the other table is unchanged
    with pytest.raises(StorageError, match="cannot be written"):
        storage.publish([Publication("a/b", staged), Publication("z/new", staged)])
    assert current(storage, "a/b") == [(1,)]
    assert storage.get("z/new") is None


def test_two_outputs_for_one_table_are_refused(storage: Storage, tmp_path: Path) -> None:
    staged = parquet_file(tmp_path / "s.parquet", "select 2 as id")
    with pytest.raises(UserError, match="two outputs"):
        storage.publish([Publication("a/b", staged), Publication("a/b", staged)])


def test_prune_keeps_the_newest(storage: Storage) -> None:
    for number in range(3):
        put(storage, "a/b", f"select {number} as id")
    assert Storage(storage.root, keep=1).prune("a/b") == ["000001.parquet", "000002.parquet"]
    assert current(storage, "a/b") == [(2,)] and len(storage.versions("a/b")) == 1


def test_an_intent_that_is_older_than_the_table_changes_nothing(storage: Storage) -> None:
    # GIVEN a table, and what its first publication was about to write, left behind
    put(storage, "a/t", "select 1 as x")
    home = storage.home("a/t")
    old = (home / "table.toml").read_text()
    file = next(home.glob("*.parquet")).name
    put(storage, "a/t", "select 2 as x")
    intent = storage.root / ".intents" / "old.toml"
    item = {"table": "a/t", "temporary": ".gone", "file": file, "manifest": old}
    intent.write_text(tomli_w.dumps({"tables": [item]}))
    # WHEN it is carried out late
    intents.apply_intent(storage, intent.name)
    # THEN the newer version is the table's
    assert current(storage, "a/t") == [(2,)]
    assert not intent.exists()


def test_as_many_versions_are_kept_as_are_asked_for(tmp_path: Path) -> None:
    # GIVEN a storage that keeps two
    two = Storage(tmp_path / "storage", keep=2)
    for number in range(4):
        put(two, "a/t", f"select {number} as x")
    # THEN the manifest and the directory have the last two
    info = two.get("a/t")
    assert info is not None and [version.rows for version in info.previous] == [1]
    assert sorted(path.name for path in two.home("a/t").glob("*.parquet")) == ["000003.parquet", "000004.parquet"]
