"""What an attempt ran is compared with what it would be given now."""

from __future__ import annotations

from pathlib import Path

from orch_tui.engine.attempts.attempt_text import attempt_text
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import open_project

from tests.support.engine_kit import begin, make_commands, write_command

SETS = """echo '{"variables": {"day": "monday"}}' > $KBC_DATADIR/result.json"""


def test_values_of_items_of_tasks_and_of_the_task_itself_are_no_edits(tmp_path: Path) -> None:
    # GIVEN a run in which parameters got their values from an item, an earlier task, and a variable made of another
    project = make_commands(
        tmp_path,
        {
            "First": {"set": {"command": SETS, "sets": '["day"]'}},
            "Then": {
                "array": {"command": "true {{ item }} {{ item_number }}", "each": '["de", "fr"]'},
                "set-before": "true {{ day }}",
                "own": {"command": "true {{ out }}", "variables": '{ out = "{{ region }}/x" }'},
            },
        },
        settings='[variables]\nregion = "eu"',
    )
    active = begin(project)
    assert active.wait(60) is not None, "the run did not end"
    state = read_run(active.directory)
    ran = [state.task(id) for id in ("array@1", "array@2", "set-before", "own")]

    def told() -> list[str]:
        now = open_project(tmp_path)
        return [attempt_text(now, active.directory, state, task, 1).now for task in ran]

    # THEN none of them was edited
    assert told() == ["not edited since"] * 4
    # WHEN one is
    write_command(tmp_path, "array", "false {{ item }} {{ item_number }}")
    # THEN that is said of all of its parts
    assert told() == ["edited since"] * 2 + ["not edited since"] * 2
