"""What a configuration file and a component manifest mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from orch_tui.model.components.component import ANY_ACTION, TEST_CONNECTION, Component, ComponentType
from orch_tui.model.components.configuration import Configuration, ConfigurationRow, TableInput, TableOutput, WriteMode
from orch_tui.model.problem import Severity
from orch_tui.model.texts.text import valid_id
from orch_tui.project.definitions.shell import shell_argv
from orch_tui.project.toml.decode import Place, Table, did_you_mean, quote

if TYPE_CHECKING:
    from orch_tui.project.toml.lines import KeyPath

ReadText = Callable[[str], str]
_ROW_PARAMETERS = len(("rows", 0, "parameters"))
_TABLE_REMEDY = 'name it "bucket/table" with letters, digits, _ . and -'


def decode_configuration(
    data: dict[str, Any], place: Place, component: str, configuration_id: str, read_text: ReadText
) -> Configuration:
    """The configuration in ``data``. Only to be used when ``place.broken`` is false afterwards.

    ``read_text`` gives the text of a file named by ``{ file = "…" }``; it raises ValueError with a sentence.
    """
    table = Table(data, place)
    parameters = table.table("parameters")
    configuration = Configuration(
        component=component,
        id=configuration_id,
        name=table.text("name") or configuration_id,
        description=table.text("description"),
        parameters=_with_texts(parameters.data, ("parameters",), place, read_text) if parameters else {},
        inputs=tuple(_input(item) for item in table.tables("inputs")) if "inputs" in data else (),
        outputs=tuple(_output(item) for item in table.tables("outputs")) if "outputs" in data else (),
        pool=table.id("pool"),
        weight=table.integer("weight", 1),
        checks=tuple(item.data for item in table.tables("checks")) if "checks" in data else (),
        rows=read_rows(table, read_text) if "rows" in data else (),
        row_parallel=table.integer("row_parallel", 1) or 1,
        file=place.file,
    )
    _require_checks(configuration, place)
    table.asked.update(("inputs", "outputs", "checks", "rows"))
    table.finish()
    return configuration


def read_rows(owner: Table, read_text: ReadText) -> tuple[ConfigurationRow, ...]:
    """``[[rows]]``; what is wrong is reported to the table's place."""
    rows: list[ConfigurationRow] = []
    seen: set[str] = set()
    for table in owner.tables("rows"):
        row_id = table.id("id") or ""
        if "id" not in table.data or table.data["id"] == "":
            remedy = 'write id = "…" with letters, digits and _ . -'
            table.error(None, "missing-key", f"{table.name('id')} is missing", remedy)
        elif row_id in seen:
            message = f"{table.name('id')}: the row {quote(row_id)} is there twice"
            table.error("id", "duplicate-id", message, "give one of them another id")
        seen.add(row_id)
        parameters = table.table("parameters")
        path = (*table.path, "parameters")
        rows.append(
            ConfigurationRow(
                id=row_id,
                name=table.text("name") or row_id,
                description=table.text("description"),
                enabled=table.flag("enabled", True),
                parameters=_with_texts(parameters.data, path, table.place, read_text) if parameters else {},
                inputs=tuple(map(_input, table.tables("inputs"))),
                outputs=tuple(map(_output, table.tables("outputs"))),
            )
        )
        table.finish()
    return tuple(rows)


def _require_checks(configuration: Configuration, place: Place) -> None:
    """Report what is wrong with the checks: one that cannot be asked must never look like one that passes."""
    if not configuration.checks:
        return
    from orch_tui.model.checks.reading import CheckFault, parse_checks

    try:
        parse_checks(configuration.checks, [output.table for output in configuration.writes])
    except CheckFault as fault:
        place.report(Severity.ERROR, "check", fault.message, fault.remedy, ("checks", *fault.path))


def file_reference(value: Any) -> str | None:
    """The path in ``{ file = "…" }``; None for anything else."""
    if isinstance(value, dict) and len(value) == 1:
        path = value.get("file")
        if isinstance(path, str):
            return path
    return None


def _with_texts(value: Any, path: KeyPath, place: Place, read_text: ReadText) -> Any:
    if isinstance(value, dict):
        named = file_reference(value)
        if named is not None and path != ("parameters",) and (path[0] != "rows" or len(path) > _ROW_PARAMETERS):
            try:
                return read_text(named)
            except ValueError as error:
                place.report(Severity.ERROR, "missing-file", str(error), "correct the path or create the file", path)
                return ""
        return {key: _with_texts(item, (*path, key), place, read_text) for key, item in value.items()}
    if isinstance(value, list):
        return [_with_texts(item, (*path, index), place, read_text) for index, item in enumerate(value)]
    return value


def _storage_name(table: Table, key: str) -> str:
    name = table.needed_text(key, _TABLE_REMEDY)
    parts = name.split("/")
    if name and not (len(parts) == 2 and all(valid_id(part) for part in parts)):
        table.error(key, "reference", f"{table.name(key)}: {quote(name)} is no name of a table", _TABLE_REMEDY)
    return name


def _input(table: Table) -> TableInput:
    name = _storage_name(table, "table")
    result = TableInput(name, table.text("name") or name.rpartition("/")[2])
    table.finish()
    return result


def _output(table: Table) -> TableOutput:
    name = _storage_name(table, "table")
    result = TableOutput(
        name=table.text("name") or name.rpartition("/")[2],
        table=name,
        mode=table.choice("mode", WriteMode, WriteMode.FULL),
        primary_key=table.strings("primary_key"),
    )
    if result.mode is WriteMode.INCREMENTAL and not result.primary_key:
        message = f"{table.name('mode')} is incremental, but there is no primary_key"
        table.error("mode", "missing-key", message, 'add primary_key = ["…"] or take mode = "append"')
    table.finish()
    return result


def decode_component(
    data: dict[str, Any], place: Place, component_id: str, *, builtin: bool, directory: str
) -> Component:
    """The component of a manifest. Only to be used when ``place.broken`` is false afterwards."""
    table = Table(data, place)
    tables = table.text("tables", "parquet")
    if tables not in ("parquet", "csv"):
        message = f'tables is {quote(tables)}; it can be "parquet" or "csv"'
        table.error("tables", "value", message, did_you_mean(tables, ("parquet", "csv")) or "take one of these")
    inline = table.flag("inline", False)
    defaults = table.table("defaults")
    command = _command(table)
    runner = _runner(table, command)
    if not inline and not command and runner is None and not place.broken:
        message = "the component has no command"
        table.error("command", "missing-key", message, 'write command = ["program", "argument"] or inline = true')
    model = table.text("parameters_model")
    if model and not builtin:
        message = "parameters_model is for built-in components and does nothing here"
        table.warning("parameters_model", "unknown-key", message, "describe the parameters in [schema]")
    schema = table.table("schema")
    component = Component(
        id=component_id,
        name=table.text("name") or component_id,
        type=table.choice("type", ComponentType, ComponentType.OTHER),
        description=table.text("description"),
        command=command,
        inline=inline,
        tables=tables,
        staged=table.flag("staged", False),
        schema=schema.data if schema else None,
        parameters_model=(model or None) if builtin else None,
        actions=_actions(table, inline=inline),
        programs=table.strings("programs"),
        pool=table.id("pool"),
        weight=table.integer("weight", 1),
        sets=table.strings("sets"),
        expressions=table.strings("expressions"),
        sources=table.strings("sources"),
        targets=table.strings("targets"),
        directory=directory,
        file=place.file,
        builtin=builtin,
        runner=runner,
        defaults=defaults.data if defaults else {},
        installed_by=table.strings("installed_by"),
        processors=table.strings("processors"),
    )
    table.finish()
    return component


def _actions(table: Table, *, inline: bool) -> tuple[str, ...]:
    """The synchronous actions that the program answers to."""
    actions = table.strings("actions")
    if actions and inline:
        message = "actions does nothing here: with inline = true the program is another one in every configuration"
        table.warning("actions", "value", message, "take the key out, or give the component a command")
        return ()
    for name in actions:
        if name != ANY_ACTION and not valid_id(name):
            message = f"actions: {quote(name)} is no name of an action"
            table.warning("actions", "value", message, "use letters, digits, _ and -")
        elif name not in (TEST_CONNECTION, ANY_ACTION) and (hint := did_you_mean(name, [TEST_CONNECTION])):
            table.warning("actions", "value", f"actions: {quote(name)} is no test of the connection", hint)
    return actions


def _runner(table: Table, command: tuple[str, ...]) -> str | None:
    """The component that runs it, which has the command."""
    runner = table.id("runner")
    if command and runner is not None:
        message = "command does nothing beside runner, whose command it is"
        table.warning("command", "value", message, "take one of them out")
    return runner


def _command(table: Table) -> tuple[str, ...]:
    """The argument vector; a text is a script for a shell."""
    value = table.raw("command")
    if isinstance(value, str):
        return tuple(shell_argv(value)) if value.strip() else ()
    if value is not None and not isinstance(value, list):
        table.wrong_type("command", "a list of texts or one text for /bin/sh")
        return ()
    return table.strings("command")


def warn_of_shadow(place: Place, component_id: str) -> None:
    """Report that a component of the user's own hides a built-in one."""
    message = f"this component takes the place of the built-in component {quote(component_id)}"
    place.report(Severity.WARNING, "shadowed-component", message, "rename the file if that is not wanted", ("name",))
