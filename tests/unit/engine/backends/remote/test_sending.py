"""What an attempt leaves for the node that is to carry it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest
from orch_tui.engine.backends.remote import sending
from orch_tui.project.attempt_dir import is_carried

from tests.support.launcher_contract import shell


def test_what_cannot_be_left_whole_is_carried_by_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a process that can open no more files, once some of it are there
    directory = tmp_path / "run" / "tasks" / "t" / "1"
    spec = shell(directory, "true")

    def refuse(*_: object) -> int:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(sending, "open_own", refuse)
    # WHEN it is left THEN it is as if nobody had: else it would keep its configuration from its own next attempt
    with pytest.raises(OSError, match="Too many open files"):
        sending.leave_for_node(spec, ())
    assert not is_carried(directory) and "start.json" not in os.listdir(directory)
