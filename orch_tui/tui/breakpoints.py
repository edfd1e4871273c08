"""The sizes at which a layout changes, by the classes that Textual sets on a screen."""

from __future__ import annotations

NARROW = 100
"""Below so many columns the panes of the workbench are tabs."""
WIDTHS: list[tuple[int, str]] = [(0, "-narrow"), (NARROW, "-wide")]
HEIGHTS: list[tuple[int, str]] = [(0, "-short"), (30, "-tall")]
