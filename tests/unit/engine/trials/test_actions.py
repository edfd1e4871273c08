"""Actions of components: what an answer means, on whatever line it stands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.trials.actions import ActionRun
from orch_tui.project.project import open_project

COMPONENT = """
name = "Own"
type = "extractor"
actions = ["testConnection", "tables"]
command = '''cat "$KBC_CONFIGID.txt"'''
"""


@pytest.mark.parametrize(
    ("said", "ok", "message", "body"),
    [
        ('{"status": "success", "answer": [1, 2]}', True, "answered", [1, 2]),
        ('{"status": "OK", "message": "two"}', True, "two", {"status": "OK", "message": "two"}),
        ('{"tables": ["a"]}', True, "answered", {"tables": ["a"]}),
        ('{"status": "error", "message": "no such schema"}', False, "no such schema", ()),
        ('{"status": "denied"}', False, "the program answered denied", ()),
        ('[1]\n{"half\nlast', True, "answered", [1]),
        ("nothing of that", True, "answered", "nothing of that"),
    ],
)
def test_an_action_of_its_own_is_judged_by_its_status(
    tmp_path: Path, said: str, ok: bool, message: str, body: Any
) -> None:
    # GIVEN a program that answers so
    files = {
        "orch.toml": 'name = "T"\n',
        "components/own.toml": COMPONENT,
        "configurations/own/c.toml": "[parameters]\n",
        "c.txt": f"connecting\n{said}\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    # WHEN it is asked
    result = ActionRun(tmp_path, open_project(tmp_path).configuration("own/c"), "tables").run()
    # THEN
    assert (result.ok, result.message) == (ok, message)
    assert body == () or result.answer == body
