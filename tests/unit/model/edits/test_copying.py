"""Phases of another orchestration come as copies; a configuration gets an orchestration of its own."""

from __future__ import annotations

import pytest
from orch_tui.model.edits import edits
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions
from orch_tui.model.orchestration.rules import Rule

HERE = Orchestration(
    "here", "Here", phases=(Phase("load", "Load", (Task("a", "x/a"),)), Phase("end", "End", (Task("z", "x/z"),)))
)
OTHER = Orchestration(
    "other", "Other",
    phases=(
        Phase("load", "load", (Task("a", "x/a", variables={"day": "1"}), Task("b", "x/b")), 2, (Rule("tell"),)),
        Phase("empty", "Empty"),
        Phase("tell", "Tell", (Task("t", "x/t", options=TaskOptions(timeout=5.0)),)),
    ),
    defaults=TaskOptions(timeout=60.0, delay=1.0),
)  # fmt: skip


def test_phases_come_with_free_names_and_ids_and_with_what_their_tasks_had() -> None:
    # WHEN
    new = edits.copy_phases(HERE, OTHER, 1)
    # THEN
    assert [phase.name for phase in new.phases] == ["Load", "load 2", "Tell", "End"]
    assert len({phase.id for phase in new.phases}) == 4
    first, second = new.phases[1], new.phases[2]
    assert [task.id for task in first.tasks] == ["a-2", "b"] and first.max_parallel == 2
    assert first.tasks[0].variables == {"day": "1"}
    assert first.tasks[1].options == TaskOptions(timeout=60.0, delay=1.0)
    assert second.tasks[0].options == TaskOptions(timeout=5.0, delay=1.0)
    # AND rules stay behind, since what they ask for is there
    assert first.rules == ()
    assert edits.copy_phases(HERE, OTHER).phases[-1].name == "Tell"


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (Orchestration("o", "O", phases=(Phase("p", "P"),)), "no tasks"),
        (Orchestration("o", "O", phases=(Phase("p", "P", (Task("t", "orchestration/here"),)),)), "cannot run itself"),
    ],
    ids=["empty", "itself"],
)
def test_what_cannot_come_is_refused(other: Orchestration, says: str) -> None:
    with pytest.raises(edits.EditError, match=says):
        edits.copy_phases(HERE, other)


def test_an_automation_runs_one_configuration_by_a_schedule() -> None:
    # WHEN
    value = edits.automation_of("x/campaigns", "Campaigns", "0 6 * * *", ["campaigns"])
    # THEN
    assert (value.id, value.name, value.schedules[0].cron) == ("campaigns-2", "Campaigns", "0 6 * * *")
    assert [task.configuration for task in value.tasks()] == ["x/campaigns"]
