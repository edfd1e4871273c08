"""Versions of definitions, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from orch_tui.cli.shared.output import Output
from orch_tui.model.texts.text import safe_line
from orch_tui.project.kept.comparing import FieldChange, field_changes
from orch_tui.project.kept.versions import Version, Versions

if TYPE_CHECKING:
    from orch_tui.project.kept.commits import Commit
    from orch_tui.project.kept.run_definitions import UsedDefinitions
    from orch_tui.project.saving.roll_back import State


def _time(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")


def versions_json(ref: str, versions: Sequence[Version], commits: Sequence[Commit]) -> dict[str, Any]:
    return {
        "definition": ref,
        "versions": [
            {
                "version": one.number,
                "at": _time(one.at),
                "by": one.by,
                "change": one.change.value,
                "run": one.run or None,
                "of": one.of or None,
                "note": one.note,
                "files": dict(one.files),
            }
            for one in versions
        ],
        "commits": [
            {"commit": one.id, "at": _time(one.at), "by": one.author, "subject": one.subject} for one in commits
        ],
    }


def _fields_by_file(before: State, after: State) -> dict[str, list[FieldChange]]:
    """Of the files that are TOML in both states and changed."""
    found = {}
    for path in after.texts:
        if path.endswith(".toml") and path in before.texts:
            changes = field_changes(before.texts[path], after.texts[path])
            if changes:
                found[path] = changes
    return found


def changes_json(before: State, after: State, lines: Sequence[str]) -> dict[str, Any]:
    return {
        "before": before.words,
        "after": after.words,
        "same": not lines,
        "fields": [
            {"file": path, "field": one.path, "before": _plain(one.before), "after": _plain(one.after)}
            for path, changes in _fields_by_file(before, after).items()
            for one in changes
        ],
        "lines": list(lines),
    }


def _plain(value: Any) -> Any:
    """TOML has dates and times, JSON has not."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def print_changes(out: Output, before: State, after: State, lines: Sequence[str], *, fields: bool) -> None:
    if not lines:
        out.line("the same")
        return
    if not fields:
        for line in lines:
            out.line(out.paint(safe_line(line, 1000), {"+": "green", "-": "red"}.get(line[:1], "")))
        return
    by_file = _fields_by_file(before, after)
    for path, changes in by_file.items():
        out.line(out.bold(safe_line(path, 300)))
        for one in changes:
            out.line(f"  {safe_line(one.path, 300)}: {_shown(one.before)} → {_shown(one.after)}")
    for path in sorted({*before.texts, *after.texts} - by_file.keys()):
        if before.texts.get(path) != after.texts.get(path):
            out.line(f"{out.bold(safe_line(path, 300))}: {_what(path, before.texts, after.texts)}")


def _what(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> str:
    if path not in before:
        return "new"
    return "its text or comments changed; see it without --fields" if path in after else "gone"


def _shown(value: Any) -> str:
    return "(not there)" if value is None else safe_line(repr(value) if isinstance(value, str) else str(value), 200)


def used_json(versions: Versions, run: str, used: Sequence[UsedDefinitions]) -> dict[str, Any]:
    """For each process that executed the run, its definitions with the versions that they are."""
    return {"run": run, "states": [_state_json(versions, one) for one in used]}


def _state_json(versions: Versions, used: UsedDefinitions) -> dict[str, Any]:
    definitions = []
    for ref, files in used.definitions.items():
        kept = versions.of(ref)
        number = next((one.number for one in reversed(kept) if dict(one.files) == dict(files)), None)
        now = bool(kept) and dict(kept[-1].files) == dict(files)
        definitions.append({"definition": ref, "version": number, "now": now, "files": dict(files)})
    return {"definitions": definitions, "others": dict(used.others)}
