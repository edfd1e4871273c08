"""Which configurations write and read each table, by what their definitions say."""

from __future__ import annotations

from orch_tui.model.dataclass import dataclass
from orch_tui.project.project import DefinitionError, Project


@dataclass(frozen=True, slots=True)
class TableUses:
    """References of configurations (``component-id/configuration-id``), sorted."""

    writers: tuple[str, ...] = ()
    readers: tuple[str, ...] = ()


def table_uses(project: Project) -> dict[str, TableUses]:
    """By the name of the table; a configuration that cannot be read is left out."""
    writers: dict[str, list[str]] = {}
    readers: dict[str, list[str]] = {}
    for ref in sorted(project.configuration_refs()):
        try:
            found = project.configuration(ref)
        except DefinitionError:
            continue
        for items, into in ((found.writes, writers), (found.reads, readers)):
            for table in dict.fromkeys(item.table for item in items):
                into.setdefault(table, []).append(ref)
    return {
        table: TableUses(tuple(writers.get(table, ())), tuple(readers.get(table, ())))
        for table in {**writers, **readers}
    }
