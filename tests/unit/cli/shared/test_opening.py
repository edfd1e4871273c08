"""Which project a command works on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from orch_tui.cli.shared.errors import CliError
from orch_tui.cli.shared.opening import project_root

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "orch.toml").write_text('name = "P"\n')
    inside = tmp_path / "a" / "b"
    inside.mkdir(parents=True)
    monkeypatch.chdir(inside)
    monkeypatch.delenv("SUDO_UID", raising=False)
    return inside


def test_ones_own_project_is_found_from_below(below: Path) -> None:
    assert project_root(None) == below.parents[1]


@root_only
def test_somebody_elses_project_is_not_taken_from_below(below: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a file that another user put above
    project = below.parents[1]
    os.chown(project / "orch.toml", 65534, 65534)
    # WHEN it is found on the way up THEN it is refused by name, with the way to want it
    with pytest.raises(CliError, match=r"belongs to .*--project"):
        project_root(None)
    # AND who names it, stands in it, or came by sudo from its owner, means it
    assert project_root(str(project)) == project
    monkeypatch.setenv("SUDO_UID", "65534")
    assert project_root(None) == project
    monkeypatch.delenv("SUDO_UID")
    monkeypatch.chdir(project)
    assert project_root(None) == project
