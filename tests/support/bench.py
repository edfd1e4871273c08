"""A project and an attempt's data folder for tests of components, without an engine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from orch_tui.components.kit.component import Context, Input, Output
from orch_tui.model.components.configuration import WriteMode

from tests.support.tables import database, only


class Bench:
    def __init__(self, root: Path) -> None:
        self.project = root / "project"
        self.data = root / "attempt"
        self.project.mkdir(parents=True)
        for part in ("in/tables", "in/files", "out/tables", "out/files"):
            (self.data / part).mkdir(parents=True)
        self.lines: list[str] = []

    def context(
        self,
        inputs: Mapping[str, str] | None = None,
        outputs: tuple[str, ...] = ("result",),
        mode: WriteMode = WriteMode.FULL,
        state: dict[str, Any] | None = None,
    ) -> Context:
        """``inputs`` are names with the query that makes their rows."""
        staged = {}
        for name, query in (inputs or {}).items():
            path = self.data / "in" / "tables" / f"{name}.parquet"
            with database() as con:
                con.execute(f"copy ({query}) to '{str(path).replace(chr(39), chr(39) * 2)}' (format parquet)")
                columns = [tuple(row[:2]) for row in con.execute(f"describe ({query})").fetchall()]
                count = con.execute(f"select count(*) from ({query})").fetchone()
            staged[name] = Input(name, f"in/{name}", path, count[0] if count else 0, columns, 1)
        writes = {
            name: Output(name, f"out/{name}", mode, (), self.data / "out" / "tables" / f"{name}.parquet")
            for name in outputs
        }
        bench = self

        class Recording(Context):
            def log(self, text: str) -> None:
                bench.lines.append(text)

        return Recording(self.data, self.project, "task", inputs=staged, outputs=writes, state=state or {})

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.project / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    def rows(self, name: str = "result") -> list[tuple[Any, ...]]:
        path = self.data / "out" / "tables" / f"{name}.parquet"
        with database() as con:
            return con.execute(f"from {only(path)}").fetchall()

    def columns(self, name: str = "result") -> dict[str, str]:
        path = self.data / "out" / "tables" / f"{name}.parquet"
        with database() as con:
            rows = con.execute(f"describe (from {only(path)})").fetchall()
        return {row[0]: row[1] for row in rows}
