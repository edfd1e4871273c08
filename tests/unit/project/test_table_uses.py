"""Who writes and who reads a table, by the definitions."""

from __future__ import annotations

from pathlib import Path

from orch_tui.project.project import open_project
from orch_tui.project.table_uses import TableUses, table_uses

_FILES = {
    "configurations/command/a.toml": '[parameters]\ncommand = "true"\n[[outputs]]\ntable = "raw/rows"\n',
    "configurations/command/b.toml": (
        '[parameters]\ncommand = "true"\n[[inputs]]\ntable = "raw/rows"\n[[outputs]]\ntable = "out/sum"\n'
    ),
    "configurations/command/broken.toml": "[parameters\n",
}


def test_writers_and_readers_of_each_table(tmp_path: Path) -> None:
    # GIVEN a configuration that writes a table, one that reads it and writes another, and a broken one
    (tmp_path / "orch.toml").write_text('name = "P"\n')
    for name, text in _FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    assert table_uses(open_project(tmp_path)) == {
        "raw/rows": TableUses(("command/a",), ("command/b",)),
        "out/sum": TableUses(("command/b",), ()),
    }
