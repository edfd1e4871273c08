"""Telling which line of which parameter made a task fail, so that a form can open there."""

from __future__ import annotations

import contextlib
from pathlib import Path

from orch_tui.model.components.fault import KEY, Fault
from orch_tui.model.errors import UserError
from orch_tui.model.texts.json_text import parse_json
from orch_tui.project.attempt_dir import result_file
from orch_tui.project.files.own_files import read_own_text, replace_json
from orch_tui.project.masking.redactor import Redactor


class FaultyParameter(UserError):
    """A user error in the text of a parameter; ``line`` (from 1) is one of that text."""

    def __init__(self, message: str, parameter: str, line: int | None = None) -> None:
        super().__init__(message)
        self.fault = Fault((parameter,), line, message)


def tell_fault(data_dir: Path, fault: Fault, redactor: Redactor) -> None:
    """Put the fault into ``result.json``. A full disk hides nothing: the message is in the log as well."""
    path = result_file(data_dir)
    with contextlib.suppress(OSError, ValueError):
        body = parse_json(read_own_text(path)) if path.exists() else {}
        replace_json(path, redactor.value({**body, KEY: fault.as_json()}))
