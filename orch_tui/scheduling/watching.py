"""The schedules of a project's orchestrations, read again when their files change."""

from __future__ import annotations

import os
from pathlib import Path

from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.definitions.schedule_fields import schedule_ids
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.schedules.time_zones import zone_of
from orch_tui.scheduling.values import Watched


def schedules_of(orchestration: Orchestration, timezone: str) -> list[Watched]:
    """Those of one orchestration, disabled ones too; ``timezone`` is the project's, empty for the machine's."""
    ids = schedule_ids(orchestration.schedules, timezone)
    return [
        Watched(orchestration.id, name, one, zone_of(one.timezone or timezone))
        for name, one in zip(ids, orchestration.schedules, strict=True)
    ]


class Schedules:
    """All of a project. Those whose file cannot be read now stay as they were: their starts fail, and say why. So do
    the settings of the project, which others have with it: without them all would be due by the clock of another zone.
    """

    def __init__(self, project: Project) -> None:
        self._project = project
        self._stamp: object = None
        self._known: dict[str, list[Watched]] = {}

    def read(self) -> list[Watched]:
        """The schedules as the files have them now.

        Raises: OSError: nobody knows now which files there are; DefinitionError: the settings were never readable.
        """
        stamp = self._stamp_of_files()
        if stamp != self._stamp:
            refused = False
            try:
                self._project.reload(tolerant=False)
            except DefinitionError as error:
                if self._project.settings_fault is not None:
                    # There never were others: nobody knows when anything is due.
                    raise
                refused = error.passes
            timezone = self._project.settings.timezone
            known = {}
            for name in self._project.orchestration_ids():
                try:
                    known[name] = schedules_of(self._project.orchestration(name), timezone)
                except DefinitionError as error:
                    known[name] = self._known.get(name, [])
                    refused = refused or error.passes
            # What was refused for a moment leaves no trace on the files when it is given again.
            self._known, self._stamp = known, None if refused else stamp
        return [watched for schedules in self._known.values() for watched in schedules]

    def _stamp_of_files(self) -> object:
        """Raises: OSError."""
        paths = self._project.paths
        try:
            with os.scandir(paths.orchestrations) as entries:
                files = [entry.path for entry in entries if entry.name.endswith(".toml")]
        except FileNotFoundError:
            files = []
        return [(path, *_stat(path)) for path in (*sorted(files), os.fspath(paths.settings))]


def _stat(path: str) -> tuple[int, ...]:
    try:
        status = os.stat(path)
    except OSError:
        return ()
    return status.st_mtime_ns, status.st_size, status.st_ino


def watched_directories(project: Project) -> list[Path]:
    """Where a change of a file may change a schedule."""
    return [project.root, project.paths.orchestrations]
