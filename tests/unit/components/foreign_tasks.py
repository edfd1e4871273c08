"""Tasks around programs of others that fail: run in this process, which takes a fraction of the time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from orch_tui.components.contract import UserError, read_task_config
from orch_tui.components.kit import Context, Input
from orch_tui.components.parameters import load_parameters
from orch_tui.components.redact import Redactor

from tests.e2e.attempts import Attempt


def failure_of(given: Attempt, model: Any, run: Callable[[Any, Context], None], monkeypatch: pytest.MonkeyPatch) -> str:
    """The message of the error for the user that the attempt ends with, as the kit would write it."""
    for name in ("ORCH_SECRETS", *given.env.get("ORCH_SECRETS", "").split(",")):
        monkeypatch.setenv(name, given.env.get(name, ""))
    config = read_task_config(given.env)
    redactor = Redactor.from_environment(given.env)
    inputs: dict[str, Input] = {}
    outputs = {output.name: output for output in config.outputs}
    ctx = Context(config.data_dir, config.project, config.task, inputs, outputs, redactor=redactor)
    with pytest.raises(UserError) as caught:
        run(load_parameters(model, config.parameters, redactor), ctx)
    return redactor.text(str(caught.value))
