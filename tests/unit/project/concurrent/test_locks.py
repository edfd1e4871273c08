"""What stands in the file of a lock, for those who find it taken."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.project.concurrent import locks
from orch_tui.project.concurrent.locks import Lock, carried_by, named_in


@pytest.mark.parametrize("length", [10, 1100, 4000])
def test_an_attempt_elsewhere_holds_the_lock_however_long_its_path_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, length: int
) -> None:
    # GIVEN a lock that is held by an attempt elsewhere, whose directory has a path of some length
    path, attempt = tmp_path / "c.lock", Path("/" + "x" * length)
    carried = {attempt}
    monkeypatch.setattr(locks, "is_any_carried", carried.__contains__)
    lock = Lock.acquire(path, "run r, load")
    assert lock is not None
    lock.describe("run r, load", attempt)
    # WHEN the process that took it is gone / THEN nobody else gets it, and sees who has it
    lock.close()
    assert Lock.acquire(path, "another") is None
    assert (carried_by(path), named_in(path)) == (attempt, "run r, load")
    # WHEN the attempt is over / THEN another one gets it, and nothing is left of the one before
    carried.clear()
    lock = Lock.acquire(path, "another")
    assert lock is not None
    lock.close()
    carried.add(attempt)
    assert (carried_by(path), named_in(path)) == (None, "another")


@pytest.mark.parametrize("length", [10, 890, 1200])
def test_a_lock_is_shared_by_a_name_of_any_length(tmp_path: Path, length: int) -> None:
    path, name = tmp_path / "c.lock", "é" * length
    lock = Lock.acquire(path, name)
    assert lock is not None and lock.share(name, Path("/run/tasks/load@"))
    joined = Lock.join(path, name)
    assert joined is not None
    assert Lock.join(path, "another") is None and Lock.acquire(path, "another") is None
    joined.close()
    lock.close()


@pytest.mark.parametrize("later", [False, True])
def test_a_lock_whose_file_was_replaced_is_not_the_one_that_others_take(tmp_path: Path, *, later: bool) -> None:
    # GIVEN a lock that is held, and files that were made before it and after it
    path, older, newer = tmp_path / "c.lock", tmp_path / "older", tmp_path / "newer"
    older.touch(0o600)
    lock = Lock.acquire(path, "run r")
    newer.touch(0o600)
    assert lock is not None and lock.is_current()
    # WHEN one of them takes the place of its file THEN whoever holds it knows
    (newer if later else older).replace(path)
    assert not lock.is_current()
    lock.close()
