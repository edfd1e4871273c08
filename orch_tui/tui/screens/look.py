"""Style sheets and breakpoints that several screens of the workbench share."""

from __future__ import annotations

from pathlib import Path, PurePath

_HERE = Path(__file__).parent
DIALOG: list[str | PurePath] = [_HERE / "dialogs.tcss"]
RUN: list[str | PurePath] = [_HERE / "run.tcss"]
NARROW = 100
"""Below so many columns the panes of the workbench are tabs."""
WIDTHS: list[tuple[int, str]] = [(0, "-narrow"), (NARROW, "-wide")]
HEIGHTS: list[tuple[int, str]] = [(0, "-short"), (30, "-tall")]
