"""A launcher whose tasks are done at once and in this process: each makes a new version of the tables that it writes,
and says which versions it read, as the programs of components do."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orch_tui.engine.processes.launcher import AttemptSpec, Exit, Identity, StopRequest
from orch_tui.engine.runs.start import RunRequest, plan_run, start_run
from orch_tui.model.failure import FailureKind
from orch_tui.model.run.runstate import RunState
from orch_tui.project.attempt_dir import exit_file, result_file
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project
from orch_tui.storage.storage import Storage

from tests.support.tables import put


class _Done:
    identity = Identity(1, 0, 0)

    def __init__(self, code: int) -> None:
        self._code = code

    async def wait(self, stop: StopRequest, killing: Callable[[FailureKind, float], None]) -> Exit:
        return Exit(self._code)


class TableLauncher:
    """``ran`` are the references of the configurations that ran, in order; ``failing`` those that end with 1, and
    ``failing_items`` the items whose parts do; ``variables`` are those that one sets, by its reference."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._storage = Storage(project.paths.storage)
        self.ran: list[str] = []
        self.failing: set[str] = set()
        self.failing_items: set[str] = set()
        self.variables: dict[str, dict[str, Any]] = {}

    def start(self, spec: AttemptSpec, inherit: tuple[int, ...] = ()) -> _Done:
        ref = f"{spec.environment['KBC_COMPONENTID']}/{spec.environment['KBC_CONFIGID']}"
        self.ran.append(ref)
        code = 1 if ref in self.failing or spec.environment.get("ORCH_ITEM") in self.failing_items else 0
        if not code:
            self._work(ref, spec.directory)
        exit_file(spec.directory).write_text(f"{code}\n")
        return _Done(code)

    def _work(self, ref: str, directory: Path) -> None:
        configuration = self._project.configuration(ref)
        read = {item.table: self._storage.get(item.table) for item in configuration.inputs}
        for output in configuration.outputs:
            put(self._storage, output.table, "select 1 as k", run=directory.parent.parent.parent.name)
        made = {item.table: self._storage.get(item.table) for item in configuration.outputs}
        told = {
            "variables": self.variables.get(ref, {}),
            "inputs": [{"table": table, "version": info.version} for table, info in read.items() if info is not None],
            "tables": [{"table": table, "version": info.version} for table, info in made.items() if info is not None],
        }
        result_file(directory).write_text(json.dumps(told))

    def run(self, request: RunRequest) -> RunState:
        """Run to the end; the state that the journal on disk folds to."""
        active = start_run(self._project, plan_run(self._project, request), by="test", launcher=self)
        assert active.wait(60) is not None, "the run did not end"
        return read_run(active.directory)
