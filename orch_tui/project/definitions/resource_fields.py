"""Resources of a task in a definition and in a journal."""

from __future__ import annotations

from typing import Any

from orch_tui.model.orchestration.resources import (
    NAMES,
    Resources,
    parse_resources,
    read_resource,
    resource_text,
    resource_values,
)
from orch_tui.project.toml.decode import Table

__all__ = ["are_resources", "parse_resources", "read_resources", "resource_text", "resource_values"]


def read_resources(owner: Table, key: str) -> Resources | None:
    """What a definition has; what is wrong is reported."""
    table = owner.table(key, 'a table like { cpus = 4, time = "2h" }')
    if table is None:
        return None
    values: dict[str, Any] = {}
    if table.raw("memory") is not None:
        remedy = 'write memory = "8GB" beside resources'
        table.error("memory", "value", f"{table.name('memory')}: memory is a limit of its own", remedy)
    for name in NAMES:
        if (value := table.raw(name)) is None:
            continue
        try:
            values[name] = read_resource(name, value)
        except ValueError as error:
            table.error(name, "value", f"{table.name(name)}: {error}")
    table.finish()
    return Resources(**values) if values else None


def are_resources(value: Any) -> bool:
    """Whether a journal's value is what :func:`resource_text` writes."""
    try:
        return isinstance(value, str) and parse_resources(value) is not None
    except ValueError:
        return False
