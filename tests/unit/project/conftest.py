"""Small projects on disk."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from orch_tui.project.project import Project

MANIFESTS = {
    "sql": 'name = "SQL"\ntype = "transformation"\ncommand = ["sql"]\n',
    "reader": 'name = "Reader"\ntype = "extractor"\ncommand = ["reader"]\n',
    "command": 'name = "Command"\ntype = "application"\ninline = true\n',
    "orchestration": 'name = "Orchestration"\ntype = "other"\ncommand = ["orch-tui"]\n',
}
MakeProject = Callable[[dict[str, str]], Project]


@pytest.fixture
def builtin(tmp_path: Path) -> Path:
    """Manifests of components that come with the program."""
    directory = tmp_path / "builtin"
    directory.mkdir()
    for component, text in MANIFESTS.items():
        (directory / f"{component}.toml").write_text(text)
    return directory


@pytest.fixture
def make_project(tmp_path: Path, builtin: Path) -> MakeProject:
    """A project from file texts by path; ``orch.toml`` is there in any case."""

    def make(files: dict[str, str]) -> Project:
        root = tmp_path / "project"
        for name, text in {"orch.toml": 'name = "Test"\n', **files}.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        return Project(root, tolerant=True, builtin=builtin)

    return make
