"""The style sheets of the workbench and its dialogs, and where its layout changes."""

from __future__ import annotations

from pathlib import Path, PurePath

from orch_tui.tui import breakpoints
from orch_tui.tui.dialogs.base import SHEET

OWN: list[str | PurePath] = [Path(__file__).parent / "workbench.tcss"]
DIALOG: list[str | PurePath] = [SHEET, *OWN]
HEIGHTS, NARROW, WIDTHS = breakpoints.HEIGHTS, breakpoints.NARROW, breakpoints.WIDTHS
