"""The chain of a task: processors, the program, processors; what one wrote is what the next one reads.

Sources: https://developers.keboola.com/extend/component/processors/ (configuration, what a processor gets).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from orch_tui.components.keboola.builtin_processors import is_builtin, run_builtin
from orch_tui.components.keboola.data_folder import DataFolder
from orch_tui.components.keboola.launching import Launch, find_program
from orch_tui.components.keboola.parameters import Parameters, Processor
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.parameters import model_errors
from orch_tui.model.errors import UserError
from orch_tui.model.texts.text import safe_line, valid_id


class Stage:
    """One of the processors of a task, whose program (if it is none of ours) is there."""

    def __init__(self, processor: Processor, ctx: Context) -> None:
        """Raises: UserError: its program is not named or not there."""
        self.id = processor.definition.component
        self._given = processor.parameters
        self._ctx = ctx
        self._own: Parameters | None = None
        self.stopped = False
        defaults = _defaults(self.id, ctx)
        if not any(defaults.get(key) for key in ("program", "module", "command")):
            if is_builtin(self.id):
                return
            raise UserError(
                f"the processor {safe_line(self.id, 100)} is not installed: write "
                f"components/{safe_line(self.id, 100)}.toml "
                'with runner = "keboola" and its venv and program (or command) under [defaults]'
            )
        try:
            self._own = Parameters.model_validate({**defaults, "parameters": self._given})
        except ValidationError as error:
            wrong = "; ".join(model_errors(Parameters, {**defaults, "parameters": self._given}))
            raise UserError(f"components/{safe_line(self.id, 100)}.toml: {wrong}") from error
        find_program(self._own, ctx)

    def run(self, folder: DataFolder) -> None:
        """Raises: UserError, SystemExit when it failed."""
        self._ctx.log(f"processor {safe_line(self.id, 100)}")
        if self._own is None:
            run_builtin(self.id, self._given, folder, self._ctx.log)
            return
        config = {
            "parameters": self._given,
            "image_parameters": self._own.image_parameters,
            "storage": {},
            "action": "run",
        }
        launch = Launch(find_program(self._own, self._ctx), self._own, self._ctx, self.id)
        with folder.serving(config, None):
            ended = launch.run(folder, as_data=self._own.data_folder == "/data")
        self.stopped = launch.stopped
        launch.require_success(ended)


def _defaults(component: str, ctx: Context) -> Mapping[str, Any]:
    """What the project's file of this component says under ``[defaults]``; empty without one."""
    from orch_tui.project.paths import ProjectPaths
    from orch_tui.project.project import Project

    if not valid_id(component) or not ProjectPaths(ctx.project).component(component).is_file():
        return {}
    found = Project(ctx.project, tolerant=True).component(component)
    if found is None:
        raise UserError(f"components/{component}.toml cannot be read; orch-tui check says why")
    if found.runner != "keboola":
        raise UserError(f'components/{component}.toml is no component of Keboola; write runner = "keboola" into it')
    return found.defaults
