"""Which runs a person has looked at."""

from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.looked import keep_looked, read_looked
from orch_tui.project.paths import ProjectPaths


def paths_of(tmp_path: Path) -> ProjectPaths:
    (tmp_path / "orch.toml").write_text('name = "P"\n')
    return ProjectPaths(tmp_path)


def test_the_newest_run_that_was_looked_at_is_kept(tmp_path: Path) -> None:
    # GIVEN a project in which nothing was looked at
    paths = paths_of(tmp_path)
    assert read_looked(paths) == {}
    # WHEN runs are looked at, an older one after a newer one
    keep_looked(paths, "alpha", "2")
    keep_looked(paths, "be.ta", "1")
    keep_looked(paths, "alpha", "1")
    # THEN the newest of each counts, and only the owner can read it
    assert read_looked(paths) == {"alpha": "2", "be.ta": "1"}
    assert paths.looked.stat().st_mode & 0o777 == 0o600


def test_what_cannot_be_read_for_a_moment_is_not_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths, real = paths_of(tmp_path), os.open
    keep_looked(paths, "alpha", "2")

    def refusing(path: Any, *arguments: Any, **more: Any) -> int:
        if os.fspath(path) == str(paths.looked):
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(path))
        return real(path, *arguments, **more)

    # WHEN the file cannot be opened as another run is looked at THEN that is not kept, AND the others are
    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refusing)
        assert read_looked(paths) == {}
        with pytest.raises(OSError, match="Too many open files"):
            keep_looked(paths, "beta", "1")
    assert read_looked(paths) == {"alpha": "2"}


def test_several_screens_forget_nothing_of_each_other(tmp_path: Path) -> None:
    paths = paths_of(tmp_path)
    names = [f"o{number}" for number in range(12)]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda name: keep_looked(paths, name, "1"), names))
    assert sorted(read_looked(paths)) == sorted(names)


def test_a_file_that_is_no_such_file_tells_nothing(tmp_path: Path) -> None:
    paths = paths_of(tmp_path)
    keep_looked(paths, "alpha", "2")
    for text in ("[looked", 'looked = "x"\n', "[looked]\nalpha = 3\n", "\xff"):
        paths.looked.write_bytes(text.encode("latin-1"))
        assert read_looked(paths) == {}
    # THEN it can be kept anew
    keep_looked(paths, "alpha", "3")
    assert read_looked(paths) == {"alpha": "3"}
