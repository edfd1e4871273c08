"""Going to a row of a list by its words."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.tui.dialogs.pick import Choice, Pick
from orch_tui.tui.widgets.line_tree import LineList


def find_row(view: LineList, title: str, choices: Sequence[Choice]) -> None:
    """Let one of the rows be found, and go to it; the ids of the choices are numbers of rows."""

    def go(found: str | None) -> None:
        if found is not None:
            view.go(int(found))

    if choices:
        view.app.push_screen(Pick(title, choices, "type words of it"), go)
