"""Pauses of schedules, kept in the project: who paused what until when, and why."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from orch_tui.model.errors import OrchError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import read_own_text, replace_json
from orch_tui.project.paths import ProjectPaths, make_private
from orch_tui.scheduling.store import recording, scheduling_directory
from orch_tui.scheduling.values import Pause

_KEPT_SECONDS = 60 * 86400.0
"""A pause that ended so long ago is forgotten."""


class DamagedPauses(OrchError):
    """What is kept of pauses cannot be read."""


def pauses_directory(paths: ProjectPaths) -> Path:
    """A directory with nothing else in it, so that a change in it is one of pauses."""
    return scheduling_directory(paths) / "pauses"


def _file(paths: ProjectPaths) -> Path:
    return pauses_directory(paths) / "pauses.json"


def read_pauses(paths: ProjectPaths) -> tuple[Pause, ...]:
    """All that are kept, past ones too. Raises: OSError; DamagedPauses."""
    try:
        text = read_own_text(_file(paths))
    except FileNotFoundError:
        return ()
    try:
        return tuple(map(_pause, parse_json(text)))
    except (TypeError, KeyError, ValueError) as error:
        raise DamagedPauses(
            f"{paths.relative(_file(paths))} is damaged, and nobody knows what is paused; remove it, then pause again"
        ) from error


def held_pauses(paths: ProjectPaths) -> tuple[Pause, ...]:
    """The pauses, for those who only show them: none where they cannot be read, which a scheduler says."""
    try:
        return read_pauses(paths)
    except (OSError, DamagedPauses):
        return ()


def pause(paths: ProjectPaths, new: Pause) -> None:
    """Pause an orchestration, or all; one of the same that holds is replaced. Raises: OSError, DamagedPauses."""
    with recording(paths):
        kept = [_ended(one, new.begin) if one.orchestration == new.orchestration else one for one in read_pauses(paths)]
        _write(paths, [*kept, new], new.begin)


def lift(paths: ProjectPaths, orchestration: str, now: float) -> list[Pause]:
    """End the pauses that hold for an orchestration by name, or for all (empty); which they were.

    Raises: OSError, DamagedPauses.
    """
    with recording(paths):
        pauses = read_pauses(paths)
        lifted = [one for one in pauses if one.orchestration == orchestration and one != _ended(one, now)]
        if lifted:
            _write(paths, [_ended(one, now) if one in lifted else one for one in pauses], now)
        return lifted


def _ended(one: Pause, now: float) -> Pause:
    """The pause, ended now unless it ended before."""
    return one if one.end is not None and one.end <= now else replace(one, end=max(now, one.begin))


def _write(paths: ProjectPaths, pauses: list[Pause], now: float) -> None:
    kept = [one for one in pauses if one.end is None or one.end > max(one.begin, now - _KEPT_SECONDS)]
    make_private(pauses_directory(paths))
    replace_json(_file(paths), [_values(one) for one in kept])


def _values(one: Pause) -> dict[str, Any]:
    values = {"orchestration": one.orchestration, "begin": one.begin, "end": one.end, "by": one.by}
    return values | ({"reason": one.reason} if one.reason else {})


def _pause(values: dict[str, Any]) -> Pause:
    end = values["end"]
    return Pause(
        str(values["orchestration"]),
        float(values["begin"]),
        None if end is None else float(end),
        str(values["by"]),
        str(values.get("reason", "")),
    )
