"""A run that a fault of this program broke off."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from orch_tui.cli.shared.errors import FAILED, CliError
from orch_tui.model.texts.text import safe_line

if TYPE_CHECKING:
    from orch_tui.engine.runs.start import ActiveRun
    from orch_tui.project.project import Project


def fault_error(project: Project, run: ActiveRun, error: Exception) -> CliError:
    """Where the fault was goes into the run's directory, its sentence to the person."""
    import traceback

    from orch_tui.project.files.own_files import replace_own
    from orch_tui.project.masking.faults import fault_text

    where, env_file = run.directory / "fault.log", project.root / ".env"
    with contextlib.suppress(OSError):
        replace_own(where, fault_text("".join(traceback.format_exception(error)), env_file))
    what = safe_line(fault_text(f"{type(error).__name__}: {error}", env_file), 300)
    return CliError(
        f"run {run.id} was broken off by a fault of orch-tui ({what}); its tasks were stopped; please report "
        f"{safe_line(str(where))}",
        FAILED,
    )
