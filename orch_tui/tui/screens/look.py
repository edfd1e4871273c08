"""Style sheets and breakpoints that several screens of the workbench share."""

from __future__ import annotations

from pathlib import PurePath

LISTS: list[str | PurePath] = ["workbench.tcss", "run.tcss"]
DIALOG: list[str | PurePath] = ["dialogs.tcss"]
RUN: list[str | PurePath] = ["run.tcss"]
OPTIONS: list[str | PurePath] = ["dialogs.tcss", "task_options.tcss"]
NARROW = 100
"""Below so many columns the panes of the workbench are tabs."""
WIDTHS: list[tuple[int, str]] = [(0, "-narrow"), (NARROW, "-wide")]
HEIGHTS: list[tuple[int, str]] = [(0, "-short"), (30, "-tall")]
