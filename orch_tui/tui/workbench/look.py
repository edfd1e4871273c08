"""The style sheets of the workbench and its dialogs, and where its layout changes."""

from __future__ import annotations

from pathlib import Path, PurePath

from orch_tui.tui.screens import look as shared

OWN: list[str | PurePath] = [Path(__file__).parent / "workbench.tcss"]
DIALOG: list[str | PurePath] = [*shared.DIALOG, *OWN]
HEIGHTS, NARROW, WIDTHS = shared.HEIGHTS, shared.NARROW, shared.WIDTHS
