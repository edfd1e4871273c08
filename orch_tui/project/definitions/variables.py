"""Variables in definitions: those that an orchestration or project declares, and those that a task sets."""

from __future__ import annotations

from typing import Any

from orch_tui.model.orchestration.orchestration import Variable
from orch_tui.model.variables.values import VARIABLE_NAME
from orch_tui.project.toml.decode import Table, found, quote


def read_variables(table: Table | None) -> tuple[Variable, ...]:
    """Declared variables: ``name = "value"`` or ``name = { value = "…", description = "…" }``."""
    if table is None:
        return ()
    result = []
    for name, value in table.data.items():
        _check_name(table, name)
        if not isinstance(value, dict):
            text = _text(table, name, value)
            if text is not None:
                result.append(Variable(name, text))
            continue
        inner = Table(value, table.place, (*table.path, name))
        given = inner.raw("value")
        text = None if given is None else _text(inner, "value", given)
        result.append(Variable(name, text, inner.text("description")))
        inner.finish()
    return tuple(result)


def read_task_variables(table: Table | None) -> dict[str, str]:
    """The variables that a task sets: ``name = "value"``."""
    result: dict[str, str] = {}
    for name, value in table.data.items() if table is not None else ():
        assert table is not None
        _check_name(table, name)
        text = _text(table, name, value)
        if text is not None:
            result[name] = text
    return result


def read_names(table: Table, key: str) -> tuple[str, ...]:
    """Names of variables: ``sets = ["rows_expected"]``."""
    names = tuple(dict.fromkeys(table.strings(key)))
    for name in names:
        _check_name(table, name, key)
    return names


def _text(table: Table, key: str, value: Any) -> str | None:
    """Variables are texts; numbers, true and false are taken as they are written."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    table.error(key, "type", f"{table.name(key)} must be a text, not {found(value)}", "put it into quotes")
    return None


def _check_name(table: Table, name: str, key: str | None = None) -> None:
    if not VARIABLE_NAME.fullmatch(name):
        message = f"{quote(name)} cannot be the name of a variable"
        remedy = "begin with a letter, go on with letters, digits, _ . and -"
        table.error(name if key is None else key, "value", message, remedy)
