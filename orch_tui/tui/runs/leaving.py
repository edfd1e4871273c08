"""What becomes of the runs that this process executes when the program is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orch_tui.model.texts.text import counted
from orch_tui.tui.dialogs.confirm import Confirm

if TYPE_CHECKING:
    from orch_tui.tui.application import Application


async def ask_about_runs(app: Application) -> bool:
    """Ask when there are such runs; False to stay. The answer is carried out after the terminal was given back."""
    runs = app.runs.executed_here()
    if not runs:
        return True
    what = counted(len(runs), "run") + (" goes on" if len(runs) == 1 else " go on")
    question: Confirm[str] = Confirm(
        f"{what} in this program.",
        [("l", "Leave it running", "leave"), ("x", "Stop it", "stop"), ("t", "Stay", "stay")],
        "Left running, it goes on without a terminal; the next orch-tui shows it.",
    )
    answer = await app.push_screen_wait(question)
    if answer not in ("leave", "stop"):
        return False
    app.runs.stop_on_leaving = answer == "stop"
    return True
