"""Taking care of what fails: a note of it, so that nobody else is called for it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from orch_tui.alerts.acknowledging import acknowledge as keep
from orch_tui.alerts.values import Acknowledged
from orch_tui.engine.requests.requests import who_am_i
from orch_tui.model.texts.text import safe_line
from orch_tui.tui.dialogs.prompt import Prompt

if TYPE_CHECKING:
    from orch_tui.tui.application import Application
    from orch_tui.tui.home.state.model import Entry


async def acknowledge(app: Application, entry: Entry) -> bool:
    """Ask for a note and keep it; whether that was done."""
    title = f"Take care of {safe_line(entry.name, 60)}"
    hint = "It is not told again until a run succeeds. Enter takes it, Esc changes nothing"
    note = await app.push_screen_wait(Prompt(title, placeholder="What is done about it (may be empty)", hint=hint))
    if note is None:
        return False
    try:
        keep(app.project.paths, entry.id, Acknowledged(who_am_i(), time.time(), safe_line(note.strip(), 500)))
    except OSError as error:
        app.say(f"The note cannot be kept: {error.strerror or error}.", "warning")
        return False
    app.say(f"You take care of {safe_line(entry.name, 60)}.", seconds=3)
    return True
