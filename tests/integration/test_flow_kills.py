"""Decisions, approvals, variables and what people do to a run whose executors are killed: each once, and for good."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.requests.requests import ask
from orch_tui.model.events.interventions import Intervention, InterventionKind
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import JOURNAL, is_executed, read_run

from tests.support.engine_kit import make_commands, statuses, until
from tests.support.projects import end, latest_run, start

_MOST_KILLS = 8
_PATIENCE = 120
"""Seconds for a process to begin, on a machine that does much else."""
_NEXT = {
    "load": """[{ name = "many", when = 'vars.rows > 3 && now.getFullYear() > 2000', goto = "facts" }]""",
    "more": """[{ when = 'vars.limit > 5 || task["load"].variables.rows == 12', goto = "publish" }]""",
}


_EXPRESSIONS = """name = "Facts"
[parameters.expressions]
double = "vars.rows * 2"
told = 'task["load"].variables.rows'
"""


def flow(root: Path) -> None:
    """load (sets rows) → rule → facts (sets double and told) → ask (sets limit), with a task beside, one that fails for
    good and one that is held → rule → publish; two phases are passed over."""
    result = '{"variables": {"rows": 12}}'
    load = (
        f"echo x >> tries-load; until test -e go; do sleep 0.02; done; echo '{result}' > \"$KBC_DATADIR/result.json\""
    )
    phases: dict[str, dict[str, Any]] = {
        "load": {"load": {"command": load, "sets": '["rows"]'}},
        "small": {"small": "touch ran-small"},
        "facts": {"idle-facts": "true"},
        "ask": {
            "beside": "echo x >> tries-beside; sleep 0.1",
            "broken": "echo x >> tries-broken; exit 3",
            "stopped": "echo x >> tries-stopped",
            "unwanted": "echo x >> tries-unwanted",
        },
        "more": {"more": "echo x >> tries-more"},
        "idle": {"idle": "touch ran-idle"},
        "publish": {"publish": "echo {{ rows }} {{ double }} {{ told }} {{ limit }} >> published"},
    }
    make_commands(root, phases)
    path = root / "orchestrations" / "o.toml"
    text = path.read_text()
    for phase in phases:
        rules = f"next = {_NEXT[phase]}\n" if phase in _NEXT else ""
        text = text.replace(f'[[phases]]\nname = "{phase}"', f'[[phases]]\nid = "{phase}"\n{rules}name = "{phase}"')
    approval = '[[phases.tasks]]\nid = "asked"\nconfiguration = "approval/ask"\nsets = ["limit"]\n'
    text = text.replace('[[phases]]\nid = "more"', approval + '[[phases]]\nid = "more"')
    path.write_text(text.replace("command/idle-facts", "variables/facts"))
    (root / "configurations" / "variables").mkdir()
    (root / "configurations" / "variables" / "facts.toml").write_text(_EXPRESSIONS)
    (root / "configurations" / "approval").mkdir()
    (root / "configurations" / "approval" / "ask.toml").write_text(
        'name = "Ask"\n[parameters]\ntext = "Publish {{ rows }}?"\nfields = [{ name = "limit", type = "integer" }]\n'
    )


def _size(root: Path) -> int:
    """How much the journal of the run holds; 0 before there is one."""
    return sum(path.stat().st_size for path in (root / ".orch" / "runs").glob(f"o/*/{JOURNAL}"))


def _strike(root: Path, process: subprocess.Popen[str], before: int, rng: random.Random) -> bool:
    """Kill the executor some time after it has written something; whether it still lived."""
    until(lambda: _size(root) > before or process.poll() is not None, _PATIENCE)
    time.sleep(rng.random() * 0.5)
    lived = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=_PATIENCE)
    return lived


def _decisions(state: RunState) -> dict[str, object]:
    return {phase.id: phase.decision for phase in state.phases.values() if phase.decision is not None}


class People:
    """What they ask of the run, each thing once: at the beginning, and later whatever the run has come to."""

    def __init__(self) -> None:
        self._left = [
            (self._started, InterventionKind.RELEASE, None, "ask"),
            (self._failed_once, InterventionKind.RETRY, "broken", None),
            (self._failed_twice, InterventionKind.MARK_DONE, "broken", None),
            (self._started, InterventionKind.LIMIT, None, "more"),
            (self._started, InterventionKind.RELEASE, "stopped", None),
            (self._done_with, InterventionKind.APPROVE, "asked", None),
        ]

    def begin(self, run: Path) -> None:
        """Before its phase is reached: it is held, with a breakpoint in it and a task that is not wanted."""
        self._ask(run, InterventionKind.HOLD, None, "ask")
        self._ask(run, InterventionKind.HOLD, "stopped", None)
        self._ask(run, InterventionKind.SKIP, "unwanted", None)

    def act(self, run: Path, rng: random.Random) -> None:
        """Sometimes one of them or several do what can be done now; whether anybody executes the run or not."""
        while self._left and rng.random() < 0.7 and self._left[0][0](read_run(run)):
            _, kind, task, phase = self._left.pop(0)
            self._ask(run, kind, task, phase)

    def see_to_the_end(self, run: Path, process: subprocess.Popen[str]) -> None:
        end = time.monotonic() + _PATIENCE
        while process.poll() is None:
            assert time.monotonic() < end, f"the run does not end: {len(self._left)} things are left to be asked"
            self.act(run, random.Random(3))
            time.sleep(0.02)

    def _ask(self, run: Path, kind: InterventionKind, task: str | None, phase: str | None) -> None:
        if kind is InterventionKind.APPROVE:
            # Two people at once: the first of them holds.
            for person in (1, 2):
                ask(run, Intervention("", kind, f"p{person}@host", "", task, given={"limit": person}))
        else:
            ask(run, Intervention("", kind, "p1@host", f"{kind.value} it", task, phase, self._limit(kind)))

    @staticmethod
    def _limit(kind: InterventionKind) -> int | None:
        return 1 if kind is InterventionKind.LIMIT else None

    @staticmethod
    def _started(state: RunState) -> bool:
        return state.phases["ask"].started is not None

    @staticmethod
    def _failed_once(state: RunState) -> bool:
        return state.tasks["broken"].status is Status.ERROR

    @staticmethod
    def _failed_twice(state: RunState) -> bool:
        # An attempt that had not begun when its executor was killed is none.
        broken = state.tasks["broken"]
        return broken.status is Status.ERROR and len(broken.attempts) - broken.uncounted == 2

    @staticmethod
    def _done_with(state: RunState) -> bool:
        return state.tasks["asked"].question is not None and state.tasks["broken"].marked_done


def _trial(root: Path, rng: random.Random, where: str) -> int:
    """One run, gone on with until it has ended; the number of kills that struck an executor."""
    root.mkdir()
    flow(root)
    process, kills, before = start(root, "run", "o"), 0, 0
    seen: dict[str, object] = {}
    said: list[Intervention] = []
    values: dict[str, object] = {}
    people = People()
    try:
        until(lambda: _size(root) > 0, _PATIENCE)
        run = latest_run(root, "o")
        people.begin(run)
        (root / "go").touch()
        for _ in range(_MOST_KILLS):
            kills += _strike(root, process, before, rng)
            until(lambda: not is_executed(run), _PATIENCE)
            state = read_run(run)
            # THEN what was decided, done by people or set once holds for ever
            now = _decisions(state)
            assert {phase: now[phase] for phase in seen} == seen, where
            assert state.interventions.all[: len(said)] == said, where
            assert {name: state.values[name] for name in values} == values, where
            seen, said, values = now, [*state.interventions.all], {**state.values}
            if state.finished:
                break
            people.act(run, rng)
            before = _size(root)
            process = start(root, "run", "--resume", run.name)
        else:
            people.see_to_the_end(run, process)
        process.communicate(timeout=_PATIENCE)
    finally:
        end(process)
    _check(root, read_run(run), seen, where)
    return kills


def _check(root: Path, state: RunState, seen: dict[str, object], where: str) -> None:
    assert statuses(state) == {
        "load": Status.SUCCESS,
        "small": Status.SKIPPED,
        "idle-facts": Status.SUCCESS,
        "beside": Status.SUCCESS,
        "broken": Status.WARNING,
        "stopped": Status.SUCCESS,
        "unwanted": Status.SKIPPED,
        "asked": Status.SUCCESS,
        "more": Status.SUCCESS,
        "idle": Status.SKIPPED,
        "publish": Status.SUCCESS,
    }, f"{where}: {[(task.id, task.status, task.reason) for task in state.tasks.values()]}"
    # Each thing that people asked for was done once, and of two answers the first holds.
    done = [(one.kind.value, one.task or one.phase) for one in state.interventions.all]
    assert sorted(done) == sorted(_ASKED), f"{where}: {done}"
    assert len(state.tasks["asked"].attempts) == 1 and state.values["limit"].value == 1, where
    assert all(one.by == "p1@host" for one in state.interventions.all), where
    # Nothing began while it was held.
    released = {
        one.task or one.phase: one.at for one in state.interventions.all if one.kind is InterventionKind.RELEASE
    }
    assert (state.tasks["stopped"].attempts[0].spawned) >= released["stopped"], where
    assert min(state.tasks[task].attempts[0].spawned for task in ("beside", "broken", "asked")) >= released["ask"], (
        where
    )
    # Decided once, and no value is another one.
    journal = (root / ".orch" / "runs" / "o" / state.header.id / JOURNAL).read_text()
    assert journal.count('type = "decided"') == 2 and journal.count('type = "asked"') == 1, where
    assert {phase: _decisions(state)[phase] for phase in seen} == seen, where
    assert {name: one.value for name, one in state.values.items()} == _VALUES, where
    # Nothing is done twice but what was asked for, and nothing that was passed over.
    names = ("load", "beside", "broken", "stopped", "more")
    tries = {name: (root / f"tries-{name}").read_text().count("x") for name in names}
    assert tries == {"load": 1, "beside": 1, "broken": 2, "stopped": 1, "more": 1}, f"{where}: {tries}"
    assert (root / "published").read_text() == "12 24 12 1\n", where
    left = [name for name in ("ran-small", "ran-idle", "tries-unwanted") if (root / name).exists()]
    assert not left, f"{where}: {left}"


_VALUES = {"rows": 12, "double": 24, "told": 12, "limit": 1}
_ASKED = [
    ("hold", "ask"),
    ("hold", "stopped"),
    ("skip", "unwanted"),
    ("release", "ask"),
    ("retry", "broken"),
    ("mark-done", "broken"),
    ("limit", "more"),
    ("release", "stopped"),
    ("approve", "asked"),
]


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "least", [pytest.param(4, id="short"), pytest.param(200, id="at-length", marks=pytest.mark.long)]
)
def test_whenever_executors_are_killed_each_decision_and_answer_holds(tmp_path: Path, least: int) -> None:
    seed = int(os.environ.get("ORCH_TUI_SEED") or (1 if os.environ.get("CI") else random.randrange(10**9)))
    kills = trials = 0
    while kills < least:
        kills += _trial(tmp_path / str(trials), random.Random(seed + trials), f"seed {seed + trials}")
        trials += 1
    print(f"from seed {seed}: {trials} runs, {kills} kills")
