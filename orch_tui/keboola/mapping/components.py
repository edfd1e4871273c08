"""Components of Keboola that are not here: a file for each, which says of which type it is and what is to be named."""

from __future__ import annotations

import re

from orch_tui.model.components.component import ComponentType
from orch_tui.project.toml.text import table_lines

RUNNER = "keboola"
"""The component that runs programs of Keboola."""
_SOUNDS = (
    (ComponentType.EXTRACTOR, re.compile(r"(?:^|[.-])ex(?:-|$)")),
    (ComponentType.WRITER, re.compile(r"(?:^|[.-])wr(?:-|$)")),
    (ComponentType.TRANSFORMATION, re.compile(r"transformation")),
    (ComponentType.APPLICATION, re.compile(r"(?:^|[.-])(?:app|application)(?:-|$)")),
)


def type_of(component: str, told: str = "") -> ComponentType:
    """The type: as the source tells it, else as the id says by Keboola's habit (``ex-``, ``wr-``, ``app-``)."""
    if told in {one.value for one in ComponentType}:
        return ComponentType(told)
    return next((kind for kind, sound in _SOUNDS if sound.search(component)), ComponentType.OTHER)


def component_text(component: str, told: str = "") -> str:
    """The file of a component that the component ``keboola`` runs once its program is named."""
    head = {
        "name": component,
        "type": type_of(component, told).value,
        "description": "A component of Keboola: name its program below to run it here.",
        "runner": RUNNER,
    }
    return (
        f"{table_lines('', head)}\n"
        "# What all its configurations have unless they say otherwise: docs/keboola.md.\n"
        "[defaults]\n"
        f'# venv = "venvs/{component}"\n'
        f'# program = "{component}/src/component.py"\n'
    )
