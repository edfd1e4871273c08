"""The fields of triggers: read, refused, written into drafts; circles of triggers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from orch_tui.model.orchestration.starts import IfRunning
from orch_tui.model.orchestration.triggers import AfterOutcome, Trigger, TriggerKind
from orch_tui.project.definitions.trigger_fields import read_triggers, trigger_values
from orch_tui.project.lint.check import check
from orch_tui.project.project import open_project
from orch_tui.project.toml.decode import Place, Table

from tests.support.projects import make_project

FULL = [
    Trigger(TriggerKind.FILES, "in", "in/*.csv", stable=60.0, variables={"a": "1"}),
    Trigger(TriggerKind.TABLES, "t", "", ("raw/a", "raw/b"), enabled=False, cool_down=600.0),
    Trigger(TriggerKind.AFTER, "a", "load", outcome=AfterOutcome.ANY, if_running=IfRunning.SKIP),
]


def read(*tables: dict[str, Any]) -> tuple[tuple[Trigger, ...], list[str]]:
    place = Place("o.toml", "")
    found = read_triggers([Table(one, place, ("triggers", at)) for at, one in enumerate(tables)])
    return found, [problem.message for problem in place.problems]


@pytest.mark.parametrize("trigger", FULL, ids=lambda one: one.id)
def test_what_is_written_reads_back(trigger: Trigger) -> None:
    assert read(trigger_values(trigger)) == ((trigger,), [])


def test_ids_are_made_of_what_is_waited_for() -> None:
    triggers, problems = read({"files": "in/*.csv"}, {"files": "in/*.csv"}, {"after": "load"})
    assert len({one.id for one in triggers}) == 3 and problems == []


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({}, "waits for nothing"),
        ({"files": "a", "after": "b"}, "several things"),
        ({"tables": ["orders"]}, "no bucket/table"),
        ({"after": "x", "outcome": "done"}, '"success", "failure" or "any"'),
        ({"files": "a", "id": "a/b"}, "no possible id"),
        ({"files": "a", "stabel": "1s"}, "no key we know"),
    ],
)
def test_what_is_wrong_is_said(table: dict[str, Any], said: str) -> None:
    _, problems = read(table)
    assert len(problems) == 1 and said in problems[0]


def test_a_circle_of_triggers_is_an_error_with_its_way(tmp_path: Path) -> None:
    # GIVEN three that start each other, one of them by a table that it writes
    phases = {"P": {"t": "true"}}
    make_project(tmp_path, {"a": phases, "b": phases, "c": {"P": {"w": "true"}}})
    with (tmp_path / "configurations/command/w.toml").open("a") as file:
        file.write('\n[[outputs]]\nname = "x"\ntable = "raw/x"\n')
    for name, trigger in (("a", 'tables = ["raw/x"]'), ("b", 'after = "a"'), ("c", 'after = "b"')):
        with (tmp_path / "orchestrations" / f"{name}.toml").open("a") as file:
            file.write(f"\n[[triggers]]\n{trigger}\n")
    # THEN check prints the way, and a name that there is not
    with (tmp_path / "orchestrations" / "b.toml").open("a") as file:
        file.write('\n[[triggers]]\nafter = "nobody"\n')
    found = [one.message for one in check(open_project(tmp_path)) if one.code.startswith("trigger")]
    assert any("a → b → c → a" in message for message in found) and any('"nobody"' in message for message in found)


def test_a_table_that_nothing_writes_is_told(tmp_path: Path) -> None:
    # GIVEN a trigger for three tables: one is there, one is written by a configuration, one is neither
    make_project(tmp_path, {"a": {"P": {"w": "true"}}})
    with (tmp_path / "configurations/command/w.toml").open("a") as file:
        file.write('\n[[outputs]]\nname = "x"\ntable = "raw/orders"\n')
    (tmp_path / ".orch/storage/raw/here").mkdir(parents=True)
    with (tmp_path / "orchestrations" / "a.toml").open("a") as file:
        file.write('\n[[triggers]]\ntables = ["raw/here", "raw/orders", "raw/order"]\n')
    # WHEN, THEN
    found = [one for one in check(open_project(tmp_path)) if one.code == "trigger"]
    assert [one.message.partition("the table ")[2] for one in found] == ['"raw/order", which nothing writes']
    assert found[0].remedy == 'did you mean "raw/orders"?'
