"""The outbox: one file for each alert and channel, written before anything is sent.

``.orch/alerts/outbox/<id>.json``, where the id follows from the event and the channel: whoever finds the same event
makes the same file, and the second finds it there. What was sent stays for some weeks, so that it is known as told.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from orch_tui.alerts.files import outbox_directory
from orch_tui.alerts.values import Alert, Entry, State
from orch_tui.model.errors import OrchError
from orch_tui.model.orchestration.alerts import AlertKind, Channel, ChannelKind
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.files.own_files import read_own, replace_json
from orch_tui.project.paths import ProjectPaths, make_private

_KEPT_SECONDS = 30 * 86400.0
_KEPT_MOST = 2000
"""Of what was sent; what waits or was given up is not forgotten."""


class NoSuchAlert(OrchError):
    """There is no entry of this id."""


class Outbox:
    """Methods raise OSError when the disk does not let them."""

    def __init__(self, paths: ProjectPaths) -> None:
        self._paths = paths
        self._directory = outbox_directory(paths)

    def put(self, alert: Alert, channels: Sequence[Channel], now: float) -> int:
        """Make an entry for each channel, unless there is one; how many were made. Only while :func:`files.looking`."""
        made = 0
        for channel in dict.fromkeys(channels):
            entry = Entry(alert, channel, now, after=now)
            path = self._path(entry.id)
            if not path.exists():
                self._paths.make_state()
                make_private(self._directory)
                replace_json(path, _values(entry))
                made += 1
        return made

    def keep(self, entry: Entry) -> None:
        """Replace an entry by what became of it."""
        replace_json(self._path(entry.id), _values(entry))

    def read(self, entry_id: str) -> Entry | None:
        """An entry by its id; None when there is none any more, or it is not readable."""
        return _read(self._path(entry_id))

    def entries(self) -> list[Entry]:
        """All, the earliest first; what cannot be read is left out."""
        try:
            with os.scandir(self._directory) as found:
                paths = [Path(one.path) for one in found if one.name.endswith(".json") and one.name[:1] != "."]
        except FileNotFoundError:
            return []
        read = (_read(path) for path in paths)
        return sorted((one for one in read if one is not None), key=lambda one: (one.made, one.id))

    def find(self, beginning: str) -> Entry:
        """The entry whose id begins so. Raises: NoSuchAlert."""
        found = [entry for entry in self.entries() if entry.id.startswith(beginning)]
        if len(found) != 1:
            what = "no alert" if not found else f"{len(found)} alerts"
            raise NoSuchAlert(f'{what} with an id that begins with "{beginning}"; see orch-tui alerts')
        return found[0]

    def waiting(self) -> list[Entry]:
        return [entry for entry in self.entries() if entry.state is State.WAITING]

    def prune(self, now: float) -> None:
        """Forget what was sent long ago."""
        sent = [entry for entry in self.entries() if entry.state is State.SENT]
        old = [entry for entry in sent if now - (entry.ended or entry.made) > _KEPT_SECONDS]
        for entry in {one.id: one for one in (*old, *sent[: max(0, len(sent) - _KEPT_MOST)])}.values():
            self.remove(entry.id)

    def remove(self, entry_id: str) -> None:
        self._path(entry_id).unlink(missing_ok=True)

    def _path(self, entry_id: str) -> Path:
        return self._directory / f"{entry_id}.json"


def _read(path: Path) -> Entry | None:
    with contextlib.suppress(FileNotFoundError, ValueError, KeyError, TypeError):
        return _entry(parse_json(read_own(path)))
    return None


def _values(entry: Entry) -> dict[str, Any]:
    alert = entry.alert
    return {
        "key": alert.key,
        "event": alert.kind.value,
        "at": alert.at,
        "title": alert.title,
        "text": alert.text,
        "orchestration": alert.orchestration,
        "run": alert.run,
        "scope": alert.scope,
        "details": dict(alert.details),
        "channel": {"kind": entry.channel.kind.value, "text": entry.channel.text},
        "made": entry.made,
        "state": entry.state.value,
        "tried": entry.tried,
        "after": entry.after,
        "error": entry.error,
        "ended": entry.ended,
    }


def _entry(values: dict[str, Any]) -> Entry:
    alert = Alert(
        str(values["key"]),
        AlertKind(values["event"]),
        float(values["at"]),
        str(values["title"]),
        str(values["text"]),
        str(values["orchestration"]),
        str(values["run"]),
        str(values.get("scope", "")),
        {str(key): str(value) for key, value in values.get("details", {}).items()},
    )
    channel = Channel(ChannelKind(values["channel"]["kind"]), str(values["channel"]["text"]))
    ended = values["ended"]
    return Entry(
        alert,
        channel,
        float(values["made"]),
        State(values["state"]),
        int(values["tried"]),
        float(values["after"]),
        str(values["error"]),
        None if ended is None else float(ended),
    )
