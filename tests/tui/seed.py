"""Projects for the tests of the workbench."""

from __future__ import annotations

import shutil
from pathlib import Path

from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.project.project import Project, open_project
from orch_tui.project.saving.orchestration_text import house_text

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
    """A copy of the sample project without its runs, and without what shows flow control: pictures stay as small."""
    root = directory / "project"
    more = ("follow-up.toml", "variables", "write-down.toml", "approval")
    shutil.copytree(SAMPLE, root, ignore=shutil.ignore_patterns(".orch", *more))
    return open_project(root)


def write_orchestration(project: Project, orchestration_id: str, text: str) -> None:
    """Put a file into the project as a person would."""
    project.paths.orchestration(orchestration_id).write_text(text, encoding="utf-8")


def structure(value: Orchestration) -> list[tuple[str, list[str]]]:
    """Names of the phases, each with what its tasks run."""
    return [(phase.name, [task.configuration for task in phase.tasks]) for phase in value.phases]


def big(tasks: int, per_phase: int = 100) -> Orchestration:
    """Phases of ``per_phase`` tasks each; the n-th task of each phase runs ``command/c<n>`` (:func:`big_project`)."""
    phases = tuple(
        Phase(
            f"phase-{start}",
            f"Phase {start // per_phase + 1}",
            tuple(
                Task(f"task-{number}", f"command/c{number - start}")
                for number in range(start, min(tasks, start + per_phase))
            ),
        )
        for start in range(0, tasks, per_phase)
    )
    return Orchestration("big", "Big", phases=phases)


def big_project(directory: Path, tasks: int, per_phase: int = 100) -> Project:
    """A project with the orchestration ``big``."""
    root = directory / "big"
    (root / "orchestrations").mkdir(parents=True)
    (root / "configurations" / "command").mkdir(parents=True)
    (root / "orch.toml").write_text('name = "Big"\n')
    for number in range(per_phase):
        text = f'name = "Configuration {number}"\n[parameters]\ncommand = "true"\n'
        (root / "configurations" / "command" / f"c{number}.toml").write_text(text)
    (root / "orchestrations" / "big.toml").write_text(house_text(big(tasks, per_phase)))
    return open_project(root)
