"""What a node tells of itself to who has sent a probe."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import host
from orch_tui.engine.supervisor import probe
from orch_tui.project.concurrent.locks import is_locked
from orch_tui.project.files.own_files import create_own


def test_a_node_answers_in_one_line_and_lets_go_once_that_was_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    # GIVEN a directory whose lock nobody holds, with the file that only one can make, and an answer that was seen
    for name in (probe.HELD, probe.MADE, probe.SEEN):
        create_own(tmp_path / name, b"")
    (tmp_path / "scratch").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scratch"))
    monkeypatch.setattr(sys, "argv", ["probe", str(tmp_path)])
    # WHEN it is looked at
    assert probe.main() == 0
    # THEN one line says what was found, and nothing is held or left
    line, rest = capfd.readouterr().out.split("\n")
    told = json.loads(line)
    assert (told["host"], told["locked"], told["exclusive"], told["fault"], rest) == (host(), False, True, "", "")
    assert told["free"] > 0 and not os.listdir(told["scratch"]) and not is_locked(tmp_path / probe.TAKEN)
