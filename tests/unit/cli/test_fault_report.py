"""A fault of the program while a run goes on: where it was is written down for its owner, without secrets."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from orch_tui.cli.run.broken_off import fault_error
from orch_tui.project.project import Project


def test_the_report_of_a_fault_is_the_owners_and_has_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a fault whose message has a secret of the environment and one of .env
    for name in [name for name, value in os.environ.items() if "*" in value]:
        # The mask is made of another character then.
        monkeypatch.delenv(name)
    monkeypatch.setenv("API_TOKEN", "hunter22-hunter22")
    (tmp_path / "orch.toml").write_text('name = "Test"\n')
    (tmp_path / ".env").write_text("OTHER=s3cr3t/value\n")
    run: Any = SimpleNamespace(id="r", directory=tmp_path)
    # WHEN it is told
    error = fault_error(Project(tmp_path), run, ValueError("bad reply for hunter22-hunter22 and s3cr3t%2Fvalue"))
    # THEN neither the sentence nor the file has one, and nobody else can read the file
    log = tmp_path / "fault.log"
    assert "bad reply for ***** and *****" in str(error) and "bad reply for ***** and *****" in log.read_text()
    assert log.stat().st_mode & 0o777 == 0o600
