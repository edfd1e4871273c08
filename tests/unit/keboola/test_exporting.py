"""Exports: what was not edited is as it was, what was edited comes back by an import, in either kind of JSON."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from orch_tui.keboola.back.flows import Surroundings, write_flow
from orch_tui.keboola.exporting import single_flow
from orch_tui.keboola.importing import Change, plan_import
from orch_tui.keboola.mapping.orchestrations import map_orchestration
from orch_tui.keboola.mapping.references import References
from orch_tui.keboola.pulled import plan_export, write_export
from orch_tui.keboola.reading.single import read_file
from orch_tui.keboola.values import KeboolaError
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions, Variable
from orch_tui.model.orchestration.retry import Backoff, Retry
from orch_tui.model.orchestration.rules import END, After, Rule
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.project.project import Project
from orch_tui.project.saving.writer import save_configuration, save_orchestration

from tests.support.keboola_projects import (
    REAL_CASES,
    branching_flow,
    bring_in,
    empty_project,
    legacy_orchestrator,
    pulled_directory,
    real_cases,
    snapshot,
    write_json,
)

CASES = [case["file"] for case in real_cases() if case["valid"]]
BODIES = {"flow": branching_flow, "orchestrator": legacy_orchestrator}


def _save(project: Project, value: Orchestration) -> None:
    save_orchestration(project, value, project.source(project.paths.orchestration(value.id)))
    project.reload()


@pytest.mark.skipif(not CASES, reason="the real orchestrations are not on this machine")
def test_real_orchestrations_go_out_as_they_came_in() -> None:
    for file in CASES:
        # GIVEN what it is here
        brought = read_file(REAL_CASES / file)
        stored = brought.stored[0]
        references = References()
        mapped = map_orchestration(stored, "daily", references, brought)
        made = {one.ref: one for one in mapped.made}
        around = Surroundings(made.get, lambda ref: {"configId": ref})
        # WHEN
        written = write_flow(mapped.value, stored, mapped, references, brought, around)
        # THEN
        assert written.body == json.loads((REAL_CASES / file).read_text(encoding="utf-8")), file
        assert written.notes == ()


@pytest.mark.parametrize("kind", BODIES)
def test_what_was_not_edited_goes_out_with_all_its_keys(tmp_path: Path, kind: str) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    write_json(tmp_path / "daily.json", BODIES[kind]())
    bring_in(project, tmp_path / "daily.json")
    # WHEN
    written = single_flow(project, "daily")
    # THEN the secret of an inline configuration, which Keboola encrypted, included
    assert written.body == BODIES[kind]()


@pytest.mark.parametrize("kind", ["keboola.flow", "keboola.orchestrator"])
@pytest.mark.parametrize("source", BODIES)
def test_each_goes_out_as_either_kind_and_comes_back_the_same(tmp_path: Path, source: str, kind: str) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    write_json(tmp_path / "daily.json", BODIES[source]())
    bring_in(project, tmp_path / "daily.json")
    # WHEN
    body = single_flow(project, "daily", kind).body
    other = empty_project(tmp_path / "there")
    write_json(tmp_path / "there.json" / "daily.json", body)
    bring_in(other, tmp_path / "there.json" / "daily.json")
    # THEN
    assert other.orchestration("daily") == project.orchestration("daily")


def _edits() -> list[Callable[[random.Random, Orchestration], Orchestration]]:
    """Edits of every kind that an orchestration can have."""

    def phase(value: Orchestration, number: int, **changed: Any) -> Orchestration:
        phases = list(value.phases)
        phases[number] = replace(phases[number], **changed)
        return replace(value, phases=tuple(phases))

    def any_phase(rng: random.Random, value: Orchestration) -> int:
        return rng.randrange(len(value.phases))

    def task(rng: random.Random, value: Orchestration, change: Callable[[Task], Task]) -> Orchestration:
        number = any_phase(rng, value)
        tasks = list(value.phases[number].tasks)
        if not tasks:
            return value
        place = rng.randrange(len(tasks))
        tasks[place] = change(tasks[place])
        return phase(value, number, tasks=tuple(tasks))

    def options(rng: random.Random, value: Orchestration, **changed: Any) -> Orchestration:
        return task(rng, value, lambda one: replace(one, options=replace(one.options, **changed)))

    def new_id(rng: random.Random, value: Orchestration) -> str:
        return f"new-{rng.randrange(10**6)}"

    def add_task(rng: random.Random, value: Orchestration) -> Orchestration:
        number = any_phase(rng, value)
        made = Task(new_id(rng, value), rng.choice(["keboola.ex-http/11", "sql/clean", "orchestration/other"]))
        return phase(value, number, tasks=(*value.phases[number].tasks, made))

    def add_phase(rng: random.Random, value: Orchestration) -> Orchestration:
        made = Phase(
            new_id(rng, value), f"Phase {rng.randrange(100)}", (Task(new_id(rng, value), "keboola.ex-http/11"),)
        )
        place = rng.randrange(len(value.phases) + 1)
        return replace(value, phases=(*value.phases[:place], made, *value.phases[place:]))

    def delete_phase(rng: random.Random, value: Orchestration) -> Orchestration:
        number = any_phase(rng, value)
        if len(value.phases) < 3:
            return value
        return replace(value, phases=value.phases[:number] + value.phases[number + 1 :])

    def move_task(rng: random.Random, value: Orchestration) -> Orchestration:
        first, second = any_phase(rng, value), any_phase(rng, value)
        if first == second or len(value.phases[first].tasks) < 2:
            return value
        moved, *rest = value.phases[first].tasks
        value = phase(value, first, tasks=tuple(rest))
        return phase(value, second, tasks=(*value.phases[second].tasks, moved))

    def delete_task(rng: random.Random, value: Orchestration) -> Orchestration:
        number = any_phase(rng, value)
        tasks = value.phases[number].tasks
        return phase(value, number, tasks=tasks[1:]) if len(tasks) > 1 else value

    def swap_phases(rng: random.Random, value: Orchestration) -> Orchestration:
        phases = list(value.phases)
        rng.shuffle(phases)
        return replace(value, phases=tuple(phases))

    def swap_tasks(rng: random.Random, value: Orchestration) -> Orchestration:
        number = any_phase(rng, value)
        return phase(value, number, tasks=value.phases[number].tasks[::-1])

    def rules(rng: random.Random, value: Orchestration) -> Orchestration:
        number = any_phase(rng, value)
        targets = [one.id for one in value.phases[number + 1 :]] + [END]
        made = [Rule(rng.choice(targets), "1 == 1", rng.choice(list(After)), "odd"), Rule(rng.choice(targets))]
        return phase(value, number, rules=tuple(made[rng.randrange(3) :]))

    return [
        lambda rng, value: replace(value, name=f"Name {rng.randrange(9)}", description=rng.choice(["", "Said."])),
        lambda rng, value: phase(value, any_phase(rng, value), name=f"Renamed {rng.randrange(99)}"),
        lambda rng, value: phase(value, any_phase(rng, value), max_parallel=rng.choice([None, 2])),
        lambda rng, value: phase(value, any_phase(rng, value), retry=rng.choice([None, Retry(2, 5.0), Retry(1, 0.5)])),
        lambda rng, value: task(rng, value, lambda one: replace(one, continue_on_failure=not one.continue_on_failure)),
        lambda rng, value: task(rng, value, lambda one: replace(one, enabled=not one.enabled)),
        lambda rng, value: task(rng, value, lambda one: replace(one, variables={"a": str(rng.randrange(9))})),
        lambda rng, value: task(rng, value, lambda one: replace(one, rows=rng.choice([(), ("r1",), ("7", "r2")]))),
        lambda rng, value: options(rng, value, timeout=rng.choice([None, 60.0])),
        lambda rng, value: options(rng, value, delay=rng.choice([None, 5.0, 0.5])),
        lambda rng, value: options(
            rng, value, retry=rng.choice([None, Retry(3, 10.0), Retry(2, 1.0, Backoff.DOUBLING)])
        ),
        lambda rng, value: replace(
            value, schedules=(Schedule(f"{rng.randrange(60)} 5 * * *", rng.random() < 0.5, "UTC"),)
        ),
        lambda rng, value: replace(value, variables=(Variable("day", rng.choice([None, "x"]), "The day."),)),
        lambda rng, value: replace(value, defaults=TaskOptions(timeout=rng.choice([None, 30.0]))),
        add_task,
        add_phase,
        delete_phase,
        move_task,
        delete_task,
        swap_phases,
        swap_tasks,
        rules,
    ]


def _has_work(value: Orchestration) -> bool:
    return all(any(task.enabled for task in phase.tasks) for phase in value.phases)


def _edited_at_random(project: Project, seed: int, edits: int, every: int) -> None:
    rng = random.Random(seed)
    kinds = _edits()
    value = project.orchestration("daily")
    for number in range(edits):
        edited = rng.choice(kinds)(rng, value)
        # Keboola refuses a flow with a phase in which nothing runs.
        value = edited if _has_work(edited) else value
        if number % every == every - 1:
            _save(project, value)
            single_flow(project, "daily")


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("edits", [40, pytest.param(1000, marks=pytest.mark.long)])
def test_random_edits_go_out_and_come_back(tmp_path: Path, kind: str, edits: int) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    body = BODIES[kind]()
    body["tasks"][2]["enabled"] = True
    write_json(tmp_path / "daily.json", body)
    bring_in(project, tmp_path / "daily.json")
    # WHEN
    _edited_at_random(project, edits, edits, every=5)
    written = single_flow(project, "daily").body
    other = empty_project(tmp_path / "there")
    write_json(tmp_path / "there.json" / "daily.json", written)
    bring_in(other, tmp_path / "there.json" / "daily.json")
    # THEN
    assert other.orchestration("daily") == project.orchestration("daily")
    # AND once more nothing changes
    assert single_flow(other, "daily").body == written


def test_what_keboola_would_refuse_is_not_written(tmp_path: Path) -> None:
    # GIVEN a flow with a phase in which nothing runs
    project = empty_project(tmp_path / "here")
    write_json(tmp_path / "daily.json", branching_flow())
    bring_in(project, tmp_path / "daily.json")
    value = project.orchestration("daily")
    _save(project, replace(value, phases=(*value.phases, Phase("empty", "Empty"))))
    # WHEN
    with pytest.raises(KeboolaError) as refused:
        single_flow(project, "daily")
    # THEN
    assert "Empty" in refused.value.sentence


def _exported(project: Project, pulled: Path) -> set[str]:
    """The files that an export changes."""
    before = snapshot(pulled)
    exported = plan_export(project, pulled)
    write_export(project, pulled, exported)
    assert not exported.problems
    after = snapshot(pulled)
    return {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}


def test_a_pulled_directory_that_was_not_edited_is_not_touched(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    bring_in(project, pulled)
    # WHEN
    changed = _exported(project, pulled)
    # THEN
    assert changed == set()


DAILY = "main/other/keboola.orchestrator/daily"


def test_an_edit_changes_only_its_files_and_comes_back(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    bring_in(project, pulled)
    value = project.orchestration("daily")
    first, second = value.phases
    schedule = replace(value.schedules[0], enabled=True)
    # WHEN a task is renamed, another moved into a new phase, and the schedule switched on
    new = Phase("more", "More", (Task("again", "keboola.ex-http/campaigns"),))
    _save(
        project,
        replace(value, phases=(first, replace(second, name="Clean up"), new), schedules=(schedule,)),
    )
    changed = _exported(project, pulled)
    # THEN
    assert changed == {
        f"{DAILY}/phases/002-clean/phase.json",
        f"{DAILY}/phases/003-more/phase.json",
        f"{DAILY}/phases/003-more/001-campaigns/task.json",
        f"{DAILY}/schedules/mornings/config.json",
    }
    phase = json.loads((pulled / DAILY / "phases/002-clean/phase.json").read_text(encoding="utf-8"))
    assert phase == {"name": "Clean up", "dependsOn": ["<previous>"], "foo": {"kept": None}}
    # AND an import and another export find nothing to do
    project.reload()
    assert all(item.change is Change.SAME for item in plan_import(project, pulled).items)
    assert _exported(project, pulled) == set()


def test_a_configuration_is_changed_where_it_was_edited(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    bring_in(project, pulled)
    for ref, old, new in (
        ("keboola.ex-http/campaigns", "https://example.com", "https://example.org/{{{{x}}"),
        ("keboola.python-transformation-v2/clean", "print('{{ day }}')", "print('{{ day }}', 1)"),
    ):
        component, _, name = ref.partition("/")
        value = project.configuration(ref)
        parameters = json.loads(json.dumps(value.parameters).replace(old, new))
        base = project.source(project.paths.configuration(component, name))
        save_configuration(project, replace(value, parameters=parameters), base)
    project.reload()
    # WHEN
    changed = _exported(project, pulled)
    # THEN
    code = "main/transformation/keboola.python-transformation-v2/clean/blocks/001-first/001-all/code.py"
    assert changed == {"main/extractor/keboola.ex-http/campaigns/config.json", code}
    body = json.loads((pulled / "main/extractor/keboola.ex-http/campaigns/config.json").read_text(encoding="utf-8"))
    assert body["parameters"] == {
        "baseUrl": "https://example.org/{{x}}", "#token": "KBC::ProjectSecure::abc", "limit": None, "#plain": "s3cret",
    }  # fmt: skip
    assert (pulled / code).read_text(encoding="utf-8") == "print('{{ day }}', 1)\n"
    # AND an import finds nothing new
    project.reload()
    assert all(item.change is Change.SAME for item in plan_import(project, pulled).items)


def test_what_was_changed_here_and_there_is_left_alone(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    bring_in(project, pulled)
    _save(project, replace(project.orchestration("daily"), name="Mine"))
    write_json(pulled / DAILY / "meta.json", {"name": "Theirs", "isDisabled": False})
    # WHEN
    before = snapshot(pulled)
    exported = plan_export(project, pulled)
    write_export(project, pulled, exported)
    # THEN
    assert exported.conflicts == ["orchestration/daily"]
    assert snapshot(pulled) == before


def test_what_was_made_here_goes_out_where_it_is_named(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    pulled = pulled_directory(tmp_path / "pulled")
    bring_in(project, pulled)
    value = Orchestration("mine", "Mine", phases=(Phase("all", "All", (Task("c", "keboola.ex-http/campaigns"),)),))
    save_orchestration(project, value, None)
    project.reload()
    # WHEN
    exported = plan_export(project, pulled, add=["mine"])
    write_export(project, pulled, exported)
    # THEN
    assert exported.new == ["other/keboola.flow/mine"]
    body = json.loads((pulled / "main/other/keboola.flow/mine/config.json").read_text(encoding="utf-8"))
    assert body["tasks"][0]["task"]["configId"] == "11"


def test_a_notification_that_was_edited_is_edited_there(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    write_json(tmp_path / "daily.json", branching_flow())
    bring_in(project, tmp_path / "daily.json")
    ref = project.orchestration("daily").phases[2].tasks[0].configuration
    value = project.configuration(ref)
    path = project.paths.configuration(*ref.split("/"))
    parameters = {**value.parameters, "text": "Other", "to": value.parameters["to"][:1]}
    save_configuration(project, replace(value, parameters=parameters), project.source(path))
    project.reload()
    # WHEN
    body = single_flow(project, "daily").body
    # THEN
    assert body["tasks"][4]["task"] == {
        "type": "notification", "title": "Load failed", "message": "Other",
        "recipients": [{"channel": "email", "address": "ops@example.com"}],
    }  # fmt: skip


def test_a_new_configuration_of_variables_goes_out_as_a_variable_task(tmp_path: Path) -> None:
    # GIVEN
    project = empty_project(tmp_path / "here")
    save_configuration(project, Configuration("variables", "day", "Day", "", {"expressions": {"day": '"x"'}}), None)
    save_orchestration(
        project, Orchestration("daily", "daily", phases=(Phase("p", "P", (Task("t", "variables/day"),)),)), None
    )
    project.reload()
    # WHEN
    body = single_flow(project, "daily").body
    # THEN
    assert body["tasks"][0]["task"] == {"type": "variable", "name": "day", "value": "x"}
