"""The names of the storage's tables and columns, for what is typed on the form."""

from __future__ import annotations

from textual.message import Message

from orch_tui.project.paths import ProjectPaths
from orch_tui.tui.configuration.form.names import KnownNames


class NamesRead(Message):
    """The storage has been read."""

    def __init__(self, names: KnownNames) -> None:
        super().__init__()
        self.names = names


def read_names(paths: ProjectPaths) -> KnownNames:
    """All tables that can be read, with their columns; none where the storage cannot be read. Takes file reads."""
    from orch_tui.storage.tables import Storage

    try:
        tables = Storage(paths.storage).tables()
    except OSError:
        return KnownNames()
    return KnownNames({info.table: tuple(name for name, _ in info.columns) for info in tables if info.problem is None})
