"""A recorded run, replayed, goes the way that it went: random flows in real processes, with people who take part."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.requests.requests import ask
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run, start_run
from orch_tui.engine.trials.rehearsal import outcomes_of, rehearse, replayed_plan
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.run.intervening import awaiting
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project

from tests.support.commands import command_here
from tests.support.engine_kit import make_commands, statuses, until

_ASK = 'name = "Ask"\n[parameters]\ntext = "Go on?"\nfields = [{ name = "limit", type = "integer", default = 3 }]\n'


def _command(rng: random.Random, name: str) -> str:
    """What it tells and how it ends; some fail at the first try only."""
    told: dict[str, Any] = {"files": [{"path": "x", "rows": rng.randint(0, 3)}], "metrics": {"m": rng.randint(0, 2)}}
    if rng.random() < 0.5:
        told["variables"] = {"v": rng.randint(0, 3)}
    end = rng.choice(
        ("exit 0", "exit 0", "exit 0", "exit 0", "exit 1", f"test -e again-{name} || {{ touch again-{name}; exit 3; }}")
    )
    return f"echo '{json.dumps(told)}' > \"$KBC_DATADIR/result.json\"; {end}"


def _task(rng: random.Random, name: str) -> dict[str, Any]:
    task: dict[str, Any] = {"command": _command(rng, name), "sets": '["v"]'}
    if rng.random() < 0.2:
        task["continue_on_failure"] = "true"
    if rng.random() < 0.2:
        task["retry"] = '{ attempts = 1, delay = "0s" }'
    if rng.random() < 0.1:
        task["enabled"] = "false"
    return task


def _condition(rng: random.Random, phase: int, tasks: list[str]) -> str:
    task = rng.choice(tasks)
    return rng.choice(
        (
            f'task["{task}"].rows != null && task["{task}"].rows > {rng.randint(0, 3)}',
            f'task["{task}"].status == "{rng.choice(("success", "error", "warning", "skipped"))}"',
            f'task["{task}"].attempts == {rng.randint(1, 2)}',
            f"vars.v != null && int(vars.v) > {rng.randint(0, 3)}",
            f'phase["p{rng.randint(0, phase)}"].status == "{rng.choice(("success", "error", "warning"))}"',
            f'task["{task}"].metrics.m == {rng.randint(0, 2)}',
            f'task["{task}"].rows > 1',
        )
    )


def _rules(rng: random.Random, phase: int, count: int, tasks: list[str]) -> str:
    rules = []
    for _ in range(rng.randint(0, 3)):
        goto = rng.choice([*(f"p{later}" for later in range(phase + 1, count)), "end"])
        when = "" if rng.random() < 0.2 else f"when = '{_condition(rng, phase, tasks)}', "
        ends_as = f', as = "{rng.choice(("success", "warning", "error"))}"' if goto == "end" else ""
        rules.append(f'{{ {when}on = "{rng.choice(("success", "failure", "any"))}", goto = "{goto}"{ends_as} }}')
    return f"next = [{', '.join(rules)}]\n" if rules else ""


def random_project(root: Path, rng: random.Random) -> Project:
    """Two to five phases of commands, in some of them a question to people."""
    count, tasks = rng.randint(2, 5), list[str]()
    phases = {}
    rules, asking = [], set()
    for number in range(count):
        names = [f"t{number}-{index}" for index in range(rng.randint(1, 3))]
        tasks += names
        phases[f"p{number}"] = {name: _task(rng, name) for name in names}
        rules.append(_rules(rng, number, count, tasks))
        if rng.random() < 0.25:
            asking.add(number)
    make_commands(root, phases)
    path = root / "orchestrations" / "o.toml"
    parts = path.read_text().split("[[phases]]\n")
    for number in range(count):
        question = f'[[phases.tasks]]\nid = "q{number}"\nconfiguration = "approval/ask"\n' if number in asking else ""
        parts[number + 1] = f'[[phases]]\nid = "p{number}"\n{rules[number]}{parts[number + 1]}{question}'
    path.write_text("".join(parts))
    (root / "configurations" / "approval").mkdir()
    (root / "configurations" / "approval" / "ask.toml").write_text(_ASK)
    return open_project(root)


def _take_part(run: Path, rng: random.Random, answered: set[str]) -> bool:
    """Answer what is asked, and decide what becomes of failures while they are held; True once the run has ended."""
    state = read_run(run)
    for task in state.asking:
        if task.id not in answered:
            answered.add(task.id)
            kind = rng.choice((InterventionKind.APPROVE, InterventionKind.APPROVE, InterventionKind.REJECT))
            ask(run, Intervention("", kind, "ann", task=task.id, given={"limit": 5} if kind == "approve" else {}))
    for task in awaiting(state):
        if (key := f"{task.id} {len(task.attempts)}") in answered:
            continue
        answered.add(key)
        kind = InterventionKind.RETRY if len(task.attempts) == 1 else InterventionKind.MARK_DONE
        if kind is InterventionKind.RETRY and task.attempts and task.attempt and task.attempt.question is not None:
            kind = InterventionKind.MARK_DONE
        ask(run, Intervention("", kind, "ann", task=task.id))
        if kind is InterventionKind.RETRY and not rng.random() < 0.5:
            ask(run, Intervention("", InterventionKind.RELEASE, "ann", phase=task.phase))
    for phase in state.phases.values():
        tasks = [state.tasks[one] for one in phase.tasks]
        held = state.interventions.hold(phase=phase.id) is not None and phase.started is not None
        if held and (key := f"release {phase.id}") not in answered and not awaiting(state) and rng.random() < 0.5:
            answered.add(key)
            ask(run, Intervention("", InterventionKind.RELEASE, "ann", phase=phase.id))
        assert tasks
    return state.finished


def recorded(project: Project, rng: random.Random, rerun: str | None = None) -> RunState | None:
    """A run to its end, as its journal tells it; None when there is nothing to run."""
    try:
        plan = plan_run(project, RunRequest("o", rerun=rerun))
        active = start_run(project, plan, by="test")
    except RunRefused:
        return None
    for phase in plan.phases:
        if rng.random() < 0.15:
            ask(active.directory, Intervention("", InterventionKind.HOLD, "ann", phase=phase.id))
        for task in phase.tasks:
            if rng.random() < 0.05:
                ask(active.directory, Intervention("", InterventionKind.SKIP, "ann", task=task.id))
    answered: set[str] = set()
    until(lambda: _take_part(active.directory, rng, answered), 120)
    active.wait(60)
    return read_run(active.directory)


def check_replay(state: RunState, where: str) -> None:
    again = rehearse(replayed_plan(state, None), outcomes_of(state), 0.0, state).state
    assert statuses(again) == statuses(state), where
    assert [phase.status for phase in again.phases.values()] == [phase.status for phase in state.phases.values()], where
    assert [phase.decision for phase in again.phases.values()] == [phase.decision for phase in state.phases.values()], (
        where
    )
    assert again.status is state.status, f"{where}: {again.reason} / {state.reason}"


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("flows", [pytest.param(3, id="short"), pytest.param(300, id="long", marks=pytest.mark.long)])
def test_every_recorded_run_replayed_goes_the_way_that_it_went(tmp_path: Path, flows: int) -> None:
    seed = int(os.environ.get("ORCH_TUI_SEED") or (1 if os.environ.get("CI") else random.randrange(10**9)))
    ended, runs = set[Status](), 0
    for number in range(flows):
        rng, root, where = random.Random(seed + number), tmp_path / str(number), f"seed {seed + number}"
        root.mkdir()
        project = random_project(root, rng)
        first = recorded(project, rng)
        if first is None:
            continue
        check_replay(first, where)
        runs += 1
        ended.add(first.status)
        # AND one that continues it
        second = recorded(project, rng, "last") if rng.random() < 0.5 else None
        if second is not None:
            check_replay(second, f"{where}, continued")
            runs += 1
        if number == 0:
            told = json.loads(command_here(root, "rehearse", "--replay", "last", "--json").stdout)
            last = second or first
            assert {one["id"]: one["status"] for one in told["phases"]} == {
                one.id: one.status.value for one in last.phases.values()
            }
    print(f"from seed {seed}: {runs} runs of {flows} flows, that ended in {', '.join(sorted(ended))}")
