"""Tables in directories: where they are, and the locks of those who write them."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from orch_tui.storage import directory
from orch_tui.storage.directory import Directory


def test_a_file_of_a_table_is_told_by_its_path(tmp_path: Path) -> None:
    assert Directory(tmp_path).told("raw/a", "v1.parquet") == str(tmp_path / "raw" / "a" / "v1.parquet")


def test_a_table_that_another_writes_is_not_waited_for_beyond_the_limit(tmp_path: Path) -> None:
    # GIVEN a lock that somebody holds
    file = tmp_path / "lock"
    held, mine = (os.open(file, os.O_RDWR | os.O_CREAT) for _ in range(2))
    told: list[str] = []
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        # WHEN it is waited for until a moment that is near, or past THEN that comes, and nobody is told of the wait
        assert not directory._lock("raw/a", mine, time.monotonic() + 0.1, told.append)
        assert not directory._lock("raw/a", mine, time.monotonic() - 1, told.append)
        # WHEN it is free THEN it is taken
        fcntl.flock(held, fcntl.LOCK_UN)
        assert directory._lock("raw/a", mine, time.monotonic() - 1, told.append)
        assert told == []
    finally:
        os.close(held)
        os.close(mine)
