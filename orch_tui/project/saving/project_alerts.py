"""Saving the alerts of ``orch.toml``, which are for all orchestrations; all else in the file stays byte for byte."""

from __future__ import annotations

from typing import Any

from orch_tui.model.orchestration.alerts import AlertRule
from orch_tui.model.problem import Problem, Severity
from orch_tui.project.definitions.settings import ProjectSettings, decode_settings
from orch_tui.project.files.source import DefinitionError, SourceText, parse_toml
from orch_tui.project.project import Project
from orch_tui.project.saving.orchestration_text import with_line_ends
from orch_tui.project.saving.starts_text import edit_alerts
from orch_tui.project.saving.writer import replace_text, write_new
from orch_tui.project.toml.decode import Place
from orch_tui.project.toml.edit import edit_errors

_KEY = "alerts"


def save_project_alerts(project: Project, alerts: tuple[AlertRule, ...], base: SourceText | None) -> None:
    """Write them. ``base`` is the file as it was when editing began, None where there was none.

    Raises:
        ChangedOnDisk: the file is not ``base`` any more.
        DefinitionError: it cannot be read, or not be written so that it reads back equal; nothing was changed.
        SaveError: the file cannot be written; nothing was changed.
    """
    path = project.paths.settings
    text = _composed(base.text if base is not None else "", alerts)
    if base is None:
        write_new(project, path, text)
    elif text != base.text:
        replace_text(project, path, base.text, text)
    project.reload_settings()


def _composed(text: str, alerts: tuple[AlertRule, ...]) -> str:
    old, raw = _read(text)
    mark, bare = ("\ufeff", text[1:]) if text.startswith("\ufeff") else ("", text)
    try:
        edited = with_line_ends(edit_alerts(bare, raw, old.alerts, alerts), "\r\n" if "\r\n" in bare else "\n")
        new, document = _read(edited)
        same = {key: value for key, value in document.items() if key != _KEY} == {
            key: value for key, value in raw.items() if key != _KEY
        }
        if new.alerts == alerts and same:
            return mark + edited.removeprefix("\n" if not bare else "")
        message = "the alerts cannot be written so that they read back equal"
    except edit_errors():
        message = "the alerts of this file are written in a way that cannot be edited here"
    raise DefinitionError([Problem(Severity.ERROR, "unwritable", message, "edit the file itself", "orch.toml")])


def _read(text: str) -> tuple[ProjectSettings, dict[str, Any]]:
    place, data = Place("orch.toml", text), parse_toml(text, "orch.toml")
    settings = decode_settings(data, place, "project")
    if place.broken:
        raise DefinitionError(place.problems)
    return settings, data
