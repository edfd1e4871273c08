"""The sizes at which a layout changes, by the classes that Textual sets on a screen."""

from __future__ import annotations

NARROW = 100
"""Below so many columns the panes of the workbench are tabs."""
BARS_FROM = 90
"""From so many columns on the rows of the tree have bars."""
WIDTHS: list[tuple[int, str]] = [(0, "-narrow"), (NARROW, "-wide")]
HEIGHTS: list[tuple[int, str]] = [(0, "-short"), (30, "-tall")]
