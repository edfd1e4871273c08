"""What a thing was in Keboola, read beside the keys."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.model.errors import OrchError
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project, open_project
from orch_tui.project.toml.decode import came_from_keboola
from orch_tui.tui.background import in_background

if TYPE_CHECKING:
    from textual.dom import DOMNode

    from orch_tui.keboola.kept import Origin


def look_for_origin(
    node: DOMNode, project: Project, ref: str, path: Path, told: Callable[[Origin | None], object]
) -> None:
    """Read it in a worker of ``node`` and tell it, where the definition in the file ``path`` came from Keboola;
    ``ref`` is a configuration or ``orchestration/<id>``."""
    try:
        if not came_from_keboola(project.source(path).text):
            return
    except (DefinitionError, ValueError):
        # What is wrong with the file is said where it is shown.
        return

    async def read() -> None:
        told(await asyncio.to_thread(_read, project.root, ref))

    in_background(node, read, "origin", "what it was in Keboola", exclusive=True)


def _read(root: Path, ref: str) -> Origin | None:
    """On a project of its own: the screen's is read by others meanwhile."""
    from orch_tui.keboola.kept import origin_of

    try:
        return origin_of(open_project(root), ref)
    except OrchError:
        # A damaged original: an import or an export says so.
        return None
