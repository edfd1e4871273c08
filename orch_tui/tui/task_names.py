"""How a task of a run is called on the screen: as in the tree, its own name before that of its component."""

from __future__ import annotations

from orch_tui.model.texts.text import safe_line

_BETWEEN = " · "


def own_name(name: str, limit: int = 120) -> str:
    """``"Campaigns"`` of a task that its run calls ``"File extractor · Campaigns"``; made safe, cut to ``limit``."""
    return safe_line(name.rpartition(_BETWEEN)[2], limit)


def component_of(name: str) -> str:
    """``" · File extractor"`` of the same, to stand dim behind its own name; empty where it has none."""
    component = name.rpartition(_BETWEEN)[0]
    return f"{_BETWEEN}{safe_line(component, 60)}" if component else ""


def name_first(name: str, limit: int = 120) -> str:
    """``"Campaigns · File extractor"`` of the same."""
    return safe_line(own_name(name, limit) + component_of(name), limit)
