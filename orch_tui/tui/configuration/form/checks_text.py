"""The checks of a configuration as one text of the form: TOML, as they stand in the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from orch_tui.project.files.source import DefinitionError, parse_toml
from orch_tui.project.saving.configuration_text import list_text

Sets = Sequence[Mapping[str, Any]]
"""``[[checks]]`` of a configuration: one table of values for each set."""


def checks_text(sets: Sets) -> str:
    """``[[checks]]`` for each set."""
    return "\n".join(list_text("checks", dict(values)) for values in sets)


def read_checks_text(text: str, before: Sets, errors: list[str]) -> tuple[Mapping[str, Any], ...]:
    """The sets of such a text; ``before`` where it was not changed, or where ``errors`` gets a sentence. What they ask
    is for :func:`orch_tui.model.checks.reading.parse_checks` to say."""
    if text == checks_text(before):
        return tuple(before)
    try:
        document = parse_toml(text, "checks")
    except DefinitionError as error:
        errors += [f"line {problem.line}: {problem.message}" for problem in error.problems]
        return tuple(before)
    if others := [key for key in document if key != "checks"]:
        errors.append(f"{others[0]} stands outside of [[checks]]")
    sets = document.get("checks", [])
    if not (isinstance(sets, list) and all(isinstance(one, dict) for one in sets)):
        errors.append("write the header [[checks]] above each set of them")
    return tuple(before) if errors else tuple(sets)
