"""What takes a run's journal away while the run goes on."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.support.projects import latest_run

Deletion = Callable[[Path, str], None]
"""Gets the project and the orchestration."""


def journal(project: Path, orchestration: str) -> None:
    (latest_run(project, orchestration) / "run.toml").unlink()


def run(project: Path, orchestration: str) -> None:
    shutil.rmtree(latest_run(project, orchestration), ignore_errors=True)


def runs(project: Path, orchestration: str) -> None:
    shutil.rmtree(project / ".orch" / "runs", ignore_errors=True)


def state(project: Path, orchestration: str) -> None:
    shutil.rmtree(project / ".orch", ignore_errors=True)


def moved_project(project: Path, orchestration: str) -> None:
    project.rename(project.with_name("moved"))


def replaced_journal(project: Path, orchestration: str) -> None:
    there = latest_run(project, orchestration) / "run.toml"
    shutil.copy(there, there.with_name("copy"))
    there.with_name("copy").rename(there)


DELETIONS: Sequence[Deletion] = (journal, run, runs, state, moved_project, replaced_journal)


def name_of(deletion: object) -> str:
    return getattr(deletion, "__name__", str(deletion))


def some(*short: Deletion) -> pytest.MarkDecorator:
    """Parametrizes ``delete``: these always, the others by hand with ``-m long``."""
    marked = [one if one in short else pytest.param(one, marks=pytest.mark.long) for one in DELETIONS]
    return pytest.mark.parametrize("delete", marked, ids=name_of)
