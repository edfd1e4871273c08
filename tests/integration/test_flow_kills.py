"""Decisions, approvals and variables of a run whose executors are killed at random moments: each once, and for good."""

from __future__ import annotations

import json
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
_NEXT = {
    "load": """[{ name = "many", when = 'vars.rows > 3 && now.getFullYear() > 2000', goto = "ask" }]""",
    "more": """[{ when = 'vars.limit > 5 || task["load"].variables.rows == 12', goto = "publish" }]""",
}


def flow(root: Path) -> None:
    """load (sets rows) → rule → ask (sets limit), with a task beside → rule → publish; two phases are passed over."""
    result = '{"variables": {"rows": 12}}'
    load = f"echo x >> tries-load; sleep 0.1; echo '{result}' > \"$KBC_DATADIR/result.json\""
    phases: dict[str, dict[str, Any]] = {
        "load": {"load": {"command": load, "sets": '["rows"]'}},
        "small": {"small": "touch ran-small"},
        "ask": {"beside": "echo x >> tries-beside; sleep 0.1"},
        "more": {"more": "echo x >> tries-more"},
        "idle": {"idle": "touch ran-idle"},
        "publish": {"publish": "echo {{ rows }} {{ limit }} >> published"},
    }
    make_commands(root, phases)
    path = root / "orchestrations" / "o.toml"
    text = path.read_text()
    for phase in phases:
        rules = f"next = {_NEXT[phase]}\n" if phase in _NEXT else ""
        text = text.replace(f'[[phases]]\nname = "{phase}"', f'[[phases]]\nid = "{phase}"\n{rules}name = "{phase}"')
    approval = '[[phases.tasks]]\nid = "asked"\nconfiguration = "approval/ask"\nsets = ["limit"]\n'
    path.write_text(text.replace('[[phases]]\nid = "more"', approval + '[[phases]]\nid = "more"'))
    (root / "configurations" / "approval").mkdir()
    (root / "configurations" / "approval" / "ask.toml").write_text(
        'name = "Ask"\n[parameters]\ntext = "Publish {{ rows }}?"\nfields = [{ name = "limit", type = "integer" }]\n'
    )


def _size(root: Path) -> int:
    """How much the journal of the run holds; 0 before there is one."""
    return sum(path.stat().st_size for path in (root / ".orch" / "runs").glob(f"o/*/{JOURNAL}"))


def _strike(root: Path, process: subprocess.Popen[str], before: int, rng: random.Random) -> bool:
    """Kill the executor some time after it has written something; whether it still lived."""
    until(lambda: _size(root) > before or process.poll() is not None)
    time.sleep(rng.random() * 0.5)
    lived = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.communicate(timeout=60)
    return lived


def _decisions(state: RunState) -> dict[str, object]:
    return {phase.id: phase.decision for phase in state.phases.values() if phase.decision is not None}


def _trial(root: Path, rng: random.Random, where: str) -> int:
    """One run, gone on with until it has ended; the number of kills that struck an executor."""
    root.mkdir()
    flow(root)
    process, kills, before = start(root, "run", "o"), 0, 0
    seen: dict[str, object] = {}
    answers, run = 0, None
    try:
        for _ in range(_MOST_KILLS):
            kills += _strike(root, process, before, rng)
            run = latest_run(root, "o")
            _until_free(run)
            state = read_run(run)
            # THEN what was decided once is decided for ever
            now = _decisions(state)
            assert {phase: now[phase] for phase in seen} == seen, where
            seen = now
            if state.finished:
                break
            if state.tasks["asked"].question is not None and rng.random() < 0.5:
                # Two people, while nobody executes the run: the first of them holds.
                for _ in range(2):
                    answers += 1
                    one = Intervention("", InterventionKind.APPROVE, f"p{answers}@host", "", "asked")
                    ask(run, _with_limit(one, answers))
            before = _size(root)
            process = start(root, "run", "--resume", run.name)
        else:
            if not answers:
                _approve(latest_run(root, "o"), process)
        process.communicate(timeout=60)
    finally:
        end(process)
    assert run is not None
    _check(root, read_run(run), seen, where)
    return kills


def _until_free(run: Path) -> None:
    until(lambda: not is_executed(run))


def _approve(run: Path, process: subprocess.Popen[str]) -> None:
    """As soon as it asks."""
    until(lambda: bool(read_run(run).asking) or process.poll() is not None)
    ask(run, _with_limit(Intervention("", InterventionKind.APPROVE, "p1@host", "", "asked"), 1))


def _with_limit(one: Intervention, limit: int) -> Intervention:
    return Intervention(one.id, one.kind, one.by, one.note, one.task, given={"limit": limit})


def _check(root: Path, state: RunState, seen: dict[str, object], where: str) -> None:
    assert statuses(state) == {
        "load": Status.SUCCESS,
        "small": Status.SKIPPED,
        "beside": Status.SUCCESS,
        "asked": Status.SUCCESS,
        "more": Status.SUCCESS,
        "idle": Status.SKIPPED,
        "publish": Status.SUCCESS,
    }, f"{where}: {[(task.id, task.status, task.reason) for task in state.tasks.values()]}"
    # Asked once, answered once, by the first.
    assert len(state.tasks["asked"].attempts) == 1 and len(state.interventions.all) == 1, where
    assert state.interventions.all[0].by == "p1@host" and state.values["limit"].value == 1, where
    # Decided once, and no value is another one.
    journal = (root / ".orch" / "runs" / "o" / state.header.id / JOURNAL).read_text()
    assert journal.count('type = "decided"') == 2 and journal.count('type = "asked"') == 1, where
    assert {phase: _decisions(state)[phase] for phase in seen} == seen, where
    assert json.dumps(state.values["rows"].value) == "12", where
    # Nothing is done twice, and nothing that was passed over.
    tries = {name: (root / f"tries-{name}").read_text().count("x") for name in ("load", "beside", "more")}
    assert tries == {"load": 1, "beside": 1, "more": 1}, f"{where}: {tries}"
    assert (root / "published").read_text() == "12 1\n", where
    assert not (root / "ran-small").exists() and not (root / "ran-idle").exists(), where


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
