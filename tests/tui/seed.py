"""Projects for the tests of the workbench."""

from __future__ import annotations

import shutil
from pathlib import Path

from orch_tui.model.orchestration import Orchestration, Phase, Task
from orch_tui.project.project import Project, open_project

SAMPLE = Path(__file__).resolve().parents[2] / "sample_configs"
# The order in which the walk-through adds them: transformations and writer before the extractors.
SEED_REFS = (
    "sql/campaign-performance",
    "sql/campaign-recipient",
    "file-writer/new-recipients",
    "file-extractor/campaigns",
    "sqlite-extractor/email-recipient-index",
)


def sample_project(directory: Path) -> Project:
    """A copy of the sample project without its runs."""
    root = directory / "project"
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".orch"))
    return open_project(root)


def write_orchestration(project: Project, orchestration_id: str, text: str) -> None:
    """Put a file into the project as a person would."""
    project.paths.orchestration(orchestration_id).write_text(text, encoding="utf-8")


def structure(value: Orchestration) -> list[tuple[str, list[str]]]:
    """Names of the phases, each with what its tasks run."""
    return [(phase.name, [task.configuration for task in phase.tasks]) for phase in value.phases]


def big(tasks: int, per_phase: int = 100) -> Orchestration:
    """Phases of ``per_phase`` tasks each, all of one configuration of the sample project."""
    phases = tuple(
        Phase(
            f"phase-{start}",
            f"Phase {start // per_phase + 1}",
            tuple(
                Task(f"task-{number}", "sql/campaign-performance")
                for number in range(start, min(tasks, start + per_phase))
            ),
        )
        for start in range(0, tasks, per_phase)
    )
    return Orchestration("big", "Big", phases=phases)
