"""What a run found around it: values that may hold secrets are never in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from orch_tui.engine.runs.surroundings import surroundings

from tests.support.engine_kit import make_commands


def test_a_value_that_may_hold_a_secret_is_told_by_what_it_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN variables that tasks are given, one of which the project passes on
    project = make_commands(tmp_path, {}, 'pass_environment = ["SHOP"]')
    monkeypatch.setenv("SHOP", "key-of-the-shop")
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    # WHEN two runs begin, and a third with another value
    first, second = surroundings(project), surroundings(project)
    monkeypatch.setenv("SHOP", "another-key")
    third = surroundings(project)
    # THEN what is plain is told, what may be secret is only the same or another
    assert first["environment"]["PATH"] == "/usr/bin:/bin" and "SHOP" not in first["environment"]
    assert first["hidden"]["SHOP"] == second["hidden"]["SHOP"] != third["hidden"]["SHOP"]
    assert "of-the-shop" not in json.dumps(first)
    # AND another project, with a key of its own, tells something else
    (tmp_path / "other").mkdir()
    monkeypatch.setenv("SHOP", "key-of-the-shop")
    other = surroundings(make_commands(tmp_path / "other", {}, 'pass_environment = ["SHOP"]'))
    assert other["hidden"]["SHOP"] != first["hidden"]["SHOP"]
