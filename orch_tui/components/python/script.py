"""The component ``python``: a script on the data folder, run by this or another interpreter."""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator

from orch_tui.components import kit
from orch_tui.components.kit.csv.tables import read_csv_outputs, write_csv_input
from orch_tui.components.kit.faults import tell_fault
from orch_tui.components.kit.processes.environment import Environment
from orch_tui.components.kit.processes.runner import stop_code
from orch_tui.components.kit.processes.subprocess import run_child
from orch_tui.model.components.fault import Fault
from orch_tui.model.texts.text import safe_line
from orch_tui.project.attempt_dir import log_file, output_tables
from orch_tui.project.files.own_files import open_own, replace_own
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.opening import open_storage

_SCRIPT = "script.py"
_PARAMETER = "script"
# As Python writes it in tracebacks and syntax errors: docs.python.org/3/library/traceback.html.
_IN_SCRIPT = re.compile(r'^ *File "(?:[^"\n]*/)?script\.py", line (\d+)', re.MULTILINE)
_TAIL = 64 << 10
"""How many bytes of the log are looked through."""


class Parameters(kit.Parameters):
    script: str = Field(
        title="Script",
        description=(
            "Python text. It runs in the data folder, reads in/tables and writes out/tables; "
            "os.environ holds what Environment names."
        ),
        json_schema_extra={"x-widget": "python", "x-check": "python", "x-literal": True},
    )
    python: str | None = Field(
        None,
        title="Interpreter",
        description="Another Python: a program, or a virtual environment's directory, relative to the project.",
    )
    tables: Literal["parquet", "csv"] = Field(
        "parquet", title="Tables", description="The form in which the script reads and writes tables."
    )
    environment: Environment = Field(default_factory=dict)

    @field_validator("script")
    @classmethod
    def _something_to_run(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("the script is empty")
        return value


def run(parameters: Parameters, ctx: kit.Context) -> None:
    """Run the script; its exit code is the task's.

    Raises:
        UserError: the interpreter does not exist, or what the script wrote cannot be read.
        SystemExit: the script did not end with 0.
    """
    interpreter = _interpreter(parameters.python, ctx)
    script = ctx.data_dir / _SCRIPT
    # References stay references in the text: no secret is written to this file.
    replace_own(script, parameters.script)
    if parameters.tables == "csv":
        storage = open_storage(ProjectPaths(ctx.project))
        for item in ctx.inputs.values():
            info = storage.get(item.table)
            write_csv_input(item, info.primary_key if info is not None else ())
    ended = run_child([interpreter, "-u", _SCRIPT], cwd=ctx.data_dir, env={**os.environ, **parameters.environment})
    if (code := stop_code(ended)) != 0:
        if (fault := last_fault(log_file(ctx.data_dir))) is not None:
            tell_fault(ctx.data_dir, fault, ctx.redactor)
        raise SystemExit(code)
    if parameters.tables == "csv":
        ctx.outputs = read_csv_outputs(ctx.outputs, output_tables(ctx.data_dir))


def last_fault(log: Path) -> Fault | None:
    """The line of the script that the last traceback in the log names, and what went wrong; None without one."""
    try:
        with os.fdopen(open_own(log), "rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - _TAIL))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return None
    places = list(_IN_SCRIPT.finditer(text))
    lines = [line for line in text.splitlines() if line.strip()]
    return Fault((_PARAMETER,), int(places[-1][1]), safe_line(lines[-1])) if places else None


def _interpreter(wanted: str | None, ctx: kit.Context) -> str:
    if wanted is None:
        return sys.executable
    if "/" not in wanted and (found := shutil.which(wanted)):
        return found
    path = ctx.resolve(wanted)
    if path.is_dir():
        path = path / "bin" / "python"
    if not path.is_file():
        raise kit.UserError(
            f'the interpreter "{wanted}" does not exist ({Path(path)}); name a Python program or the directory of a '
            "virtual environment"
        )
    return str(path)


if __name__ == "__main__":
    kit.main(Parameters, run)
