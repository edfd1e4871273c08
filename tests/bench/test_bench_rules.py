"""What rules cost: nothing to a run that has none, little for each of many. ``pytest -m bench -s tests/bench``."""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import pytest
from orch_tui.engine.phases.rules import Rules, condition_of
from orch_tui.engine.trials.rehearsal import Outcome, rehearse
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.events.events import Event
from orch_tui.model.orchestration.rules import Rule
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunState

from tests.support.projects import environment, make_project

pytestmark = pytest.mark.bench
RULES = 1000
MOST_US = 50.0
ROUNDS = 7


def _conditions() -> list[str]:
    """Of the kinds that people write; none of them holds."""
    kinds = (
        'task["t{0}"].rows > 1000000 + {0}',
        'task["t{0}"].status == "error" && task["t{0}"].attempts > {0}',
        'vars.limit == "{0}" || phase["p0"].status == "warning"',
        'task["t{0}"].seconds > 100000.0 && now.getHours("Europe/Prague") < 6',
        '(task["t{0}"].error != null && task["t{0}"].error.contains("reset {0}"))',
    )
    return [kinds[number % len(kinds)].format(number) for number in range(RULES)]


def _plan(conditions: list[str]) -> RunPlan:
    tasks = tuple(
        PlannedTask(f"t{number}", f"command/t{number}", f"T{number}", "p0", Decision.RUN) for number in range(RULES)
    )
    rules = tuple(Rule("end", when=text) for text in conditions)
    last = PlannedTask("last", "command/last", "Last", "p1", Decision.RUN)
    phases = (PlannedPhase("p0", "P0", tasks, 10, rules), PlannedPhase("p1", "P1", (last,), 10))
    return RunPlan("o", "O", phases, {"limit": "none"})


class _Pen:
    """Writes nothing down, so that it is decided again."""

    def __init__(self, state: RunState) -> None:
        self.state = state
        self.state.phases["p0"].decision = None

    def now(self) -> RunTime:
        return RunTime(time.time())

    def record(self, event: Event, *, durable: bool = False) -> None:
        self.event = event


def test_a_thousand_rules_cost_less_than_fifty_microseconds_each() -> None:
    # GIVEN a run whose first phase has a thousand rules, and what a thousand tasks told
    texts = _conditions()
    plan = _plan(texts)
    before = _cpu()
    for text in texts:
        condition_of(text)
    compiled = (_cpu() - before) / RULES * 1e6
    outcomes = {f"t{number}": Outcome(results={"rows": number, "files": 1}) for number in range(RULES)}
    state = rehearse(plan, outcomes, time.time()).state
    # WHEN they are decided about, as after a phase: none of them holds
    each = []
    for _ in range(ROUNDS):
        pen = _Pen(state)
        before = _cpu()
        assert Rules(plan, pen).after(plan.phases[0]) is None
        each.append((_cpu() - before) / RULES * 1e6)
    least = min(each)
    told = f"{least:.1f} µs each (median {statistics.median(each):.1f})"
    print(f"\n{RULES} rules: {told}, compiled once in {compiled:.0f} µs each")
    assert least < MOST_US


def _cpu() -> float:
    """Seconds of this process and of those that it has waited for: other load of the machine is not in it."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _seconds(root: Path, orchestration: str) -> tuple[float, bool]:
    """Of ``run`` in a process of its own, and whether the library of conditions was loaded."""
    script = (
        "import sys, json\n"
        "from orch_tui.__main__ import main\n"
        "main()\n"
        "sys.stderr.write(json.dumps('cel_expr_python' in sys.modules))\n"
    )
    before = _cpu()
    done = subprocess.run(
        [sys.executable, "-c", script, "run", orchestration, "-q"],
        cwd=root,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    return _cpu() - before, json.loads(done.stderr.splitlines()[-1])


def test_a_run_without_conditions_starts_as_fast_as_before(tmp_path: Path) -> None:
    # GIVEN an orchestration without conditions, and one with
    root = make_project(
        tmp_path, {"plain": {"P": {"a": "true"}, "Q": {"b": "true"}}, "ruled": {"P": {"a": "true"}, "Q": {"b": "true"}}}
    )
    path = root / "orchestrations" / "ruled.toml"
    rules = "next = [{ when = '1 > 2', goto = 'end' }]\n[[phases.tasks]]"
    path.write_text(path.read_text().replace("[[phases.tasks]]", rules, 1))
    plain, ruled = [], []
    for _ in range(ROUNDS):
        seconds, loaded = _seconds(root, "plain")
        assert not loaded
        plain.append(seconds)
        seconds, loaded = _seconds(root, "ruled")
        assert loaded
        ruled.append(seconds)
    print(
        f"\na run without conditions takes {min(plain) * 1000:.0f} ms (library not loaded), with one "
        f"{min(ruled) * 1000:.0f} ms: {min(ruled) / min(plain):.2f} times"
    )
    assert min(plain) < min(ruled) * 1.05
