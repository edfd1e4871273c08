"""The rows of a configuration as one text of the form: TOML, as they stand in the file."""

from __future__ import annotations

from collections.abc import Sequence

from orch_tui.model.components.configuration import ConfigurationRow
from orch_tui.project.definitions.configurations import read_rows
from orch_tui.project.files.source import DefinitionError, parse_toml
from orch_tui.project.saving.configuration_text import list_text, row_values
from orch_tui.project.toml.decode import Place, Table


def rows_text(rows: Sequence[ConfigurationRow]) -> str:
    """``[[rows]]`` for each."""
    return "\n".join(list_text("rows", row_values(row)) for row in rows)


def parse_rows(text: str, before: Sequence[ConfigurationRow], errors: list[str]) -> tuple[ConfigurationRow, ...]:
    """The rows of such a text; ``before`` where it was not changed, or where ``errors`` gets a sentence."""
    if text == rows_text(before):
        return tuple(before)
    try:
        document = parse_toml(text, "rows")
    except DefinitionError as error:
        errors += [f"line {problem.line}: {problem.message}" for problem in error.problems]
        return tuple(before)
    place = Place("rows", text)
    rows = read_rows(Table(document, place), _no_file)
    if others := [key for key in document if key != "rows"]:
        errors.append(f"{others[0]} stands outside of [[rows]]")
    errors += [f"line {problem.line}: {problem.message}" for problem in place.problems]
    return tuple(before) if errors else rows


def _no_file(named: str) -> str:
    raise ValueError(f"name the file {named} in the configuration's own file: here stands what is in it")
