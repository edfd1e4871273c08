"""The names of the storage's tables and columns, for what is typed on the form."""

from __future__ import annotations

from orch_tui.project.paths import ProjectPaths
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.form.names import KnownNames
from orch_tui.tui.configuration.page import Background


def offer_names(background: Background, editing: Editing, paths: ProjectPaths) -> None:
    """Read them in a thread; the form knows them when they are there."""

    def read() -> None:
        names = read_names(paths)
        background.tell(lambda: editing.know(names))

    background.thread(read, "names", "read the names of tables")


def read_names(paths: ProjectPaths) -> KnownNames:
    """All tables that can be read, with their columns; none where the storage cannot be read. Takes file reads."""
    from orch_tui.model.errors import UserError
    from orch_tui.storage.opening import open_storage

    try:
        tables = open_storage(paths).tables()
    except (UserError, OSError):
        return KnownNames()
    return KnownNames({info.table: tuple(name for name, _ in info.columns) for info in tables if info.problem is None})
