"""The way through the phases, over random flows: the one that an evaluator finds that was written on its own."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from typing import Any

import pytest
from orch_tui.engine.trials.rehearsal import Outcome, rehearse
from orch_tui.model.orchestration.orchestration import NO_OPTIONS
from orch_tui.model.orchestration.rules import END, After, EndAs, Rule
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.status import Status

_STATUSES = (Status.SUCCESS, Status.SUCCESS, Status.WARNING, Status.ERROR, Status.TERMINATED, Status.CANCELLED)


@dataclass
class Flow:
    """A plan, what its tasks end with, and their rows."""

    plan: RunPlan
    ends: dict[str, Status]
    rows: dict[str, int]


def random_flow(rng: random.Random) -> Flow:
    phases: list[PlannedPhase] = []
    ends: dict[str, Status] = {}
    rows: dict[str, int] = {}
    count = rng.randint(1, 6)
    for number in range(count):
        tasks = []
        for index in range(rng.choice((0, 1, 1, 1, 2, 3))):
            name = f"t{number}-{index}"
            decision = rng.choices((Decision.RUN, Decision.SKIPPED), (9, 1))[0]
            tolerated = rng.random() < 0.2
            tasks.append(PlannedTask(name, f"c/{name}", name, f"p{number}", decision, None, "", tolerated, NO_OPTIONS))
            ends[name], rows[name] = rng.choice(_STATUSES), rng.randint(0, 3)
        rules = tuple(_rule(rng, number, count, list(ends)) for _ in range(rng.choice((0, 0, 1, 2, 3))))
        phases.append(PlannedPhase(f"p{number}", f"P{number}", tuple(tasks), 2, rules))
    return Flow(RunPlan("o", "O", tuple(phases)), ends, rows)


def _rule(rng: random.Random, number: int, count: int, tasks: list[str]) -> Rule:
    later = [f"p{other}" for other in range(number + 1, count)]
    goto = rng.choice([*later, END])
    when = None if rng.random() < 0.3 or not tasks else _condition(rng, rng.choice(tasks))
    ends_as = rng.choice((None, *EndAs)) if goto == END else None
    return Rule(goto, when, rng.choice(tuple(After)), "", ends_as)


def _condition(rng: random.Random, task: str) -> str:
    return rng.choice(
        (
            f'task["{task}"].rows > {rng.randint(0, 3)}',
            f'task["{task}"].status == "{rng.choice(("success", "error", "skipped", "warning"))}"',
            "1 / 0 == 1" if rng.random() < 0.1 else "true",
            f'task["{task}"].rows == null || task["{task}"].rows == {rng.randint(0, 3)}',
        )
    )


# -- an evaluator of its own: it knows the sentences of the documentation only ----------------------------------------


def brute_force(flow: Flow) -> tuple[dict[str, str], str]:
    """The status of each task, and that of the run."""
    status = {task.id: ("skipped" if task.decision is Decision.SKIPPED else "waiting") for task in flow.plan.tasks()}
    names = [phase.id for phase in flow.plan.phases]
    at, as_what = 0, None
    ran: set[str] = set()
    handled: set[str] = set()
    while at < len(names):
        phase = flow.plan.phases[at]
        mine = [task for task in phase.tasks if task.decision is Decision.RUN]
        if not mine:
            at += 1
            continue
        ran.add(phase.id)
        for task in mine:
            end = flow.ends[task.id].value
            status[task.id] = "warning" if end == "error" and task.continue_on_failure else end
        failed = any(status[task.id] not in ("success", "warning") and not task.continue_on_failure for task in mine)
        chosen: Rule | None = None
        undecided = False
        for rule in phase.rules:
            if (rule.on is After.SUCCESS and failed) or (rule.on is After.FAILURE and not failed):
                continue
            answer = True if rule.when is None else holds(rule.when, status, flow, ran)
            if answer is None:
                undecided = True
            if answer is None or answer:
                chosen = rule if answer else None
                break
        if undecided:
            as_what = "error"
            break
        if chosen is None:
            if failed:
                break
            at += 1
            continue
        if failed:
            handled.add(phase.id)
        if chosen.goto == END:
            as_what = chosen.ends_as.value if chosen.ends_as is not None else None
            break
        at = names.index(chosen.goto)
    ended = {task: "skipped" if word == "waiting" else word for task, word in status.items()}
    return ended, as_what or _worst(flow, status, handled)


def _worst(flow: Flow, status: dict[str, str], handled: set[str]) -> str:
    order = ("success", "warning", "cancelled", "terminated", "error")
    words = ["success"]
    for task in flow.plan.tasks():
        word = status[task.id]
        if word in ("waiting", "skipped"):
            continue
        bad = word in ("error", "cancelled", "terminated")
        tolerated = bad and (task.continue_on_failure or task.phase in handled)
        words.append("warning" if tolerated else word)
    return max(words, key=order.index)


def holds(text: str, status: dict[str, str], flow: Flow, ran: set[str]) -> bool | None:
    """None where it cannot be decided."""
    if text == "true":
        return True
    if text.startswith("1 / 0"):
        return None
    task = text.split('"')[1]
    began = status[task] not in ("waiting", "skipped")
    if ".status ==" in text:
        return ("waiting" if status[task] == "waiting" else status[task]) == text.rsplit('"', 2)[1] or (
            status[task] == "waiting" and _passed_over(task, flow, ran) and text.endswith('"skipped"')
        )
    if "null" in text:
        return not began or flow.rows[task] == int(text.rsplit(" ", 1)[1])
    return flow.rows[task] > int(text.rsplit(" ", 1)[1]) if began else None


def _passed_over(task: str, flow: Flow, ran: set[str]) -> bool:
    """Tasks of phases before one that has run are skipped by then."""
    names = [phase.id for phase in flow.plan.phases]
    mine = next(phase.id for phase in flow.plan.phases if any(one.id == task for one in phase.tasks))
    return names.index(mine) < max(names.index(one) for one in ran)


def walked(flow: Flow) -> tuple[dict[str, str], str]:
    outcomes = {
        task: Outcome(end, attempts=1, error="" if end is Status.SUCCESS else "why", results=_results(flow.rows[task]))
        for task, end in flow.ends.items()
    }
    state = rehearse(flow.plan, outcomes, 1_700_000_000.0).state
    return {task.id: task.status.value for task in state.tasks.values()}, state.status.value


def _results(rows: int) -> dict[str, Any]:
    return {"rows": rows, "tables": {}, "files": 1, "metrics": {}}


@pytest.mark.parametrize(
    "flows", [pytest.param(300, id="short"), pytest.param(10_000, id="at-length", marks=pytest.mark.long)]
)
def test_random_flows_go_the_way_that_another_evaluator_says(flows: int) -> None:
    seed = int(os.environ.get("ORCH_TUI_SEED") or (1 if os.environ.get("CI") else random.randrange(10**9)))
    turns = 0
    for number in range(flows):
        flow = random_flow(random.Random(seed + number))
        expected = brute_force(flow)
        assert walked(flow) == expected, f"seed {seed + number}: {flow}"
        turns += "skipped" in expected[0].values()
    print(f"from seed {seed}: {flows} flows, {turns} with tasks passed over")
    # THEN it was about something
    assert turns > flows / 10
