"""Versions that are kept: looked at, gone back to, copied out, and which of them go."""

from __future__ import annotations

import errno
import os
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.errors import UserError
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Decision, Origin, StorageError
from orch_tui.storage.versions import drop, excess, export, preview_version, restore, version_info

from tests.support.tables import put, rows


def _storage(tmp_path: Path, versions: int = 3, keep: int = 3, keep_days: float | None = None) -> Storage:
    storage = Storage(tmp_path / "storage", keep=keep, keep_days=keep_days)
    for number in range(1, versions + 1):
        put(storage, "raw/a", f"select {number} as id, 'v' as v{number}", key=("id",), run=f"r{number}")
    return storage


def test_an_old_version_is_as_it_was(tmp_path: Path) -> None:
    # GIVEN three versions of a table, WHEN the first is asked for
    storage = _storage(tmp_path)
    old = version_info(storage, "raw/a", 1)
    # THEN its columns, rows and writer are those of then
    assert ([name for name, _ in old.columns], old.rows, old.run, old.primary_key) == (["id", "v1"], 1, "r1", ("id",))
    assert preview_version(storage, "raw/a", 1, 5) == (["id", "v1"], [("1", "v")])
    with pytest.raises(UserError, match="version 9 of table raw/a is not kept; these are: 3, 2, 1"):
        version_info(storage, "raw/a", 9)
    with pytest.raises(UserError, match="does not exist"):
        version_info(storage, "raw/b")


def test_going_back_makes_a_new_version_with_the_same_file(tmp_path: Path) -> None:
    # GIVEN three versions, WHEN the first is restored
    storage = _storage(tmp_path, keep=4)
    before = version_info(storage, "raw/a", 1).file.read_bytes()
    info = restore(storage, "raw/a", 1, by="ann", note="wrong rate")
    # THEN its bytes are version 4, which says why, and the others are as they were
    assert (info.version, info.file.read_bytes()) == (4, before)
    assert storage.get("raw/a") == info
    assert info.decision == Decision(Origin.RESTORED, "ann", "wrong rate", of=1)
    assert [one.version for one in storage.versions("raw/a")] == [4, 3, 2, 1]
    assert rows(version_info(storage, "raw/a", 3).file) == [(3, "v")]
    # AND what is written next goes on behind it
    put(storage, "raw/a", "select 5 as id")
    assert [one.version for one in storage.versions("raw/a")] == [5, 4, 3, 2]


def test_a_version_that_is_copied_back_is_on_the_disk_before_it_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a file system without hard links, where going back copies the file
    storage, synced = _storage(tmp_path), list[bytes]()
    real_link, real_sync = os.link, os.fsync

    def refuse(source: Any, target: Any) -> None:
        if str(target).endswith(".tmp"):
            raise PermissionError(errno.EPERM, os.strerror(errno.EPERM), str(target))
        real_link(source, target)

    def sync(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            synced.append(Path(f"/proc/self/fd/{descriptor}").read_bytes())
        real_sync(descriptor)

    monkeypatch.setattr(os, "link", refuse)
    monkeypatch.setattr(os, "fsync", sync)
    # WHEN the first version is restored
    restored = restore(storage, "raw/a", 1, by="ann", note="")
    # THEN its rows were on the disk before the word of it was: a crash of the machine leaves no table without rows
    assert synced[0] == restored.file.read_bytes()


def test_a_new_version_never_gets_the_name_of_one_that_cannot_be_seen_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a table whose manifest was taken away, and a directory that cannot be listed for a moment
    storage = _storage(tmp_path)
    (storage.home("raw/a") / "table.toml").unlink()
    files = {path: path.read_bytes() for path in storage.home("raw/a").glob("*.parquet")}

    home, listing = storage.home("raw/a"), os.listdir

    def refuse(path: Any = ".") -> list[str]:
        if Path(path) == home:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return listing(path)

    # WHEN it is written THEN that is said, and the files of its versions are as they were
    with monkeypatch.context() as patched, pytest.raises(StorageError, match="Permission denied"):
        patched.setattr(os, "listdir", refuse)
        put(storage, "raw/a", "select 9 as id")
    assert {path: path.read_bytes() for path in storage.home("raw/a").glob("*.parquet")} == files
    # AND it goes on behind them once the directory answers
    put(storage, "raw/a", "select 9 as id")
    assert (storage.get("raw/a") or pytest.fail("it is not there")).version == 4


def test_the_current_version_is_not_gone_back_to(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is the current one already"):
        restore(_storage(tmp_path), "raw/a", 3, by="ann", note="")


@pytest.mark.parametrize(("name", "content"), [("x.csv", b'id,v1\n1,"v"\n'), ("x.parquet", None)])
def test_a_version_is_copied_out(tmp_path: Path, name: str, content: bytes | None) -> None:
    # GIVEN a version, WHEN it is exported
    storage = _storage(tmp_path)
    info, target = version_info(storage, "raw/a", 1), tmp_path / name
    assert export(storage, info, target) == target.stat().st_size
    # THEN the file is whole, and nothing else is left
    assert target.read_bytes().replace(b'"', b"") == (content or info.file.read_bytes()).replace(b'"', b"")
    assert not list(tmp_path.glob(".*.tmp"))


def test_where_it_cannot_be_copied_to_is_said(tmp_path: Path) -> None:
    storage = _storage(tmp_path)
    with pytest.raises(UserError, match="says no format by its name"):
        export(storage, version_info(storage, "raw/a"), tmp_path / "x.txt")
    with pytest.raises(UserError, match=r"could not be written to .*No such file"):
        export(storage, version_info(storage, "raw/a"), tmp_path / "nowhere" / "x.parquet")


def test_versions_stay_for_so_many_days_beyond_their_number(tmp_path: Path) -> None:
    # GIVEN a storage that keeps two versions, and all of them for ten days
    storage = _storage(tmp_path, versions=4, keep=2, keep_days=10)
    # THEN the young ones are there
    assert [one.version for one in storage.versions("raw/a")] == [4, 3, 2, 1]
    assert excess(storage, datetime.now(UTC)) == []
    # WHEN they are older THEN those beyond the number go, when somebody says so
    gone = excess(storage, datetime.now(UTC) + timedelta(days=11))
    assert [one.version.version for one in gone] == [2, 1]
    assert [drop(storage, one) for one in gone] == [True, True]
    assert [drop(storage, one) for one in gone] == [False, False]
    assert [one.version for one in storage.versions("raw/a")] == [4, 3]


def test_a_storage_that_keeps_fewer_from_now_on_says_what_goes(tmp_path: Path) -> None:
    _storage(tmp_path, versions=3, keep=3)
    fewer = Storage(tmp_path / "storage", keep=1)
    assert [one.version.version for one in excess(fewer, datetime.now(UTC))] == [2, 1]
    assert fewer.prune("raw/a") == ["000001.parquet", "000002.parquet"]
