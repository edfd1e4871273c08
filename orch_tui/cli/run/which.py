"""Which run, or which orchestration, the arguments of ``orch-tui run`` mean."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.cli.shared.errors import CliError
from orch_tui.model.texts.text import safe_line
from orch_tui.project.project import Project

if TYPE_CHECKING:
    from orch_tui.engine.runs.as_it_ran import AsItRan


def which_run(project: Project, orchestration: str | None, rerun: str | None) -> tuple[str, str | None]:
    """``run --rerun-failed campaigns`` means the last run of campaigns, ``--rerun-failed RUN`` needs no more."""
    if orchestration is not None:
        return orchestration, rerun
    if rerun is None:
        known = ", ".join(project.orchestration_ids()[:20])
        raise CliError(f"which orchestration? This project has: {safe_line(known, 300) or 'none yet'}")
    if rerun in project.orchestration_ids():
        return rerun, "last"
    from orch_tui.cli.shared.opening import run_directory

    directory = run_directory(project, rerun)
    return directory.parent.name, directory.name


def interrupted_run(project: Project, orchestration: str | None, resume: str) -> Path:
    """``--resume``, ``--resume RUN``, ``--resume ORCHESTRATION`` and ``ORCHESTRATION --resume`` name a run."""
    from orch_tui.cli.shared.opening import run_directory

    return run_directory(project, orchestration if orchestration is not None and resume == "last" else resume)


def repeated(
    project: Project,
    orchestration: str | None,
    run: str,
    only: tuple[str, ...],
    phases: tuple[str, ...],
    shadow: bool,
) -> AsItRan:
    """What ``--as-it-ran RUN`` repeats; ``ORCHESTRATION --as-it-ran last`` is its last run."""
    from orch_tui.cli.shared.opening import run_directory
    from orch_tui.engine.runs.as_it_ran import AsItRan

    directory = run_directory(project, orchestration if orchestration is not None and run == "last" else run)
    return AsItRan(directory.parent.name, directory.name, only, phases, shadow)


def changed_sources(changed: bool, sources: tuple[str, ...], rerun_failed: str | None) -> tuple[str, ...] | None:
    """What is said to have changed; None without ``--changed``. Raises: CliError."""
    if (changed and rerun_failed is not None) or (sources and not changed):
        raise CliError("--changed goes without --rerun-failed, and --source only with --changed")
    return sources if changed else None
