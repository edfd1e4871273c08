"""Contexts of tasks of Keboola's component, without a program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orch_tui.components.keboola.parameters import Parameters
from orch_tui.components.kit.component import Context
from orch_tui.components.kit.contract import Input, Output
from orch_tui.model.components.configuration import WriteMode
from orch_tui.project.paths import ProjectPaths
from orch_tui.storage.storage import Storage


def parameters(**more: Any) -> Parameters:
    return Parameters.model_validate({"command": ["true"], **more})


def context(tmp_path: Path, *, inputs: dict[str, str] | None = None) -> Context:
    """``inputs`` are tables of the storage by the names of the inputs."""
    data = tmp_path / ".orch" / "data"
    for part in ("in/tables", "in/files", "out/tables", "out/files"):
        (data / part).mkdir(parents=True, exist_ok=True)
    ctx = Context(data, tmp_path, "t", component="acme.ex", configuration="one", run="r")
    storage = Storage(ProjectPaths(tmp_path).storage)
    for name, table in (inputs or {}).items():
        path = data / "in" / "tables" / f"{name}.parquet"
        info = storage.stage(table, path)
        assert info is not None
        ctx.inputs[name] = Input(name, table, path, info.rows, list(info.columns), info.version)
    return ctx


def output(ctx: Context, name: str, table: str, mode: WriteMode = WriteMode.FULL, key: tuple[str, ...] = ()) -> Output:
    """A declared output of the context."""
    ctx.outputs[name] = Output(name, table, mode, key, ctx.data_dir / "out" / "tables" / f"{name}.parquet")
    return ctx.outputs[name]
