"""The sequence of an orchestration from its definitions and its earlier runs. Reads files."""

from __future__ import annotations

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.project import DefinitionError, Project
from orch_tui.runs.planning.estimates import Estimates, read_estimates
from orch_tui.runs.sequence.values import Sequence, sequence_of_plan


def configuration_name(project: Project, ref: str) -> str:
    """The name of a configuration; its id where it is missing or cannot be read."""
    try:
        return project.configuration(ref).name
    except (DefinitionError, ValueError):
        return ref.partition("/")[2] or ref


def read_sequence(project: Project, value: Orchestration, estimates: Estimates | None = None) -> Sequence:
    """What a run would follow. ``estimates`` are those of the orchestration, for who has read them already."""
    known = estimates if estimates is not None else read_estimates(project.paths, value.id)
    names: dict[str, str] = {}

    def name_of(ref: str) -> str:
        if ref not in names:
            names[ref] = configuration_name(project, ref)
        return names[ref]

    return sequence_of_plan(value, name_of, known.task_medians, project.settings.max_parallel)
