"""What starts an orchestration, and who is told of it, in the text of its file: schedules, triggers, alerts.

Alerts stand in the project's own file too.

Tables that were not edited stay as they are, with their comments; of an edited one only the keys that changed. New ones
come last in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any

from orch_tui.model.orchestration.alerts import AlertRule
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.definitions.alert_fields import alert_values
from orch_tui.project.definitions.schedule_fields import schedule_values
from orch_tui.project.definitions.trigger_fields import trigger_values
from orch_tui.project.toml.edit import TextEdit
from orch_tui.project.toml.text import table_lines

Values = dict[str, Any]

_VALUES: Mapping[str, Callable[[Any], Values]] = {
    "schedules": schedule_values,
    "triggers": trigger_values,
    "alerts": alert_values,
}
STARTS = tuple(_VALUES)
"""The fields of an orchestration that are edited here, which are their keys in the file too."""


def edit_starts(text: str, raw: Mapping[str, Any], old: Orchestration, new: Orchestration) -> str:
    """``text``, which reads as ``old`` and ``raw``, with the schedules, triggers and alerts of ``new``.

    Line ends become plain ones. Raises: one of ``edit_errors()``.
    """
    return _edit(text, raw, {key: (getattr(old, key), getattr(new, key)) for key in STARTS})


def edit_alerts(text: str, raw: Mapping[str, Any], old: Sequence[AlertRule], new: Sequence[AlertRule]) -> str:
    """The same of a file of which only the alerts are edited."""
    return _edit(text, raw, {"alerts": (old, new)})


def _edit(text: str, raw: Mapping[str, Any], changes: Mapping[str, tuple[Sequence[Any], Sequence[Any]]]) -> str:
    edit, added = TextEdit(text), ""
    for key, (before, after) in changes.items():
        if before == after:
            continue
        known, values_of = raw.get(key) or [], _VALUES[key]
        items = _items(known, [values_of(one) for one in before], [values_of(one) for one in after])
        if items and known:
            edit.change((), {key: known}, {key: items})
            continue
        edit.remove(key)
        added += "".join(f"\n{table_lines(f'[[{key}]]', values)}" for values in items)
    return edit.text() + added


def _items(raw: Sequence[Values], before: Sequence[Values], after: Sequence[Values]) -> list[Values]:
    """The tables as they are to be: those that stay as ``raw`` has them, with keys that we do not know."""
    found: list[Values] = []
    matcher = SequenceMatcher(None, [repr(one) for one in before], [repr(one) for one in after], autojunk=False)
    for _, first, last, new_first, new_last in matcher.get_opcodes():
        both = min(last - first, new_last - new_first)
        pairs = zip(range(first, first + both), range(new_first, new_first + both), strict=True)
        found += [_edited(raw[old], before[old], after[new]) for old, new in pairs]
        found += after[new_first + both : new_last]
    return found


def _edited(raw: Values, before: Values, after: Values) -> Values:
    gone = {key for key in before if key not in after}
    changed = {key: value for key, value in after.items() if key not in before or before[key] != value}
    return {key: value for key, value in raw.items() if key not in gone} | changed
