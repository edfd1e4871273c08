"""Rules after a phase, in runs of real processes: the way that is taken, and what the run ends as."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run
from orch_tui.engine.runs.takeover import take_over
from orch_tui.engine.trials.rehearsal import outcomes_of, rehearse, replayed_plan
from orch_tui.model.events.reasons import Cause
from orch_tui.model.run.runstate import RunState
from orch_tui.model.status import Status
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.project import Project, open_project

from tests.support.commands import command_here
from tests.support.engine_kit import make_commands, run, statuses
from tests.support.projects import latest_run


def work(rows: int = 1, code: int = 0) -> str:
    """A command that tells how many rows it wrote, and exits with a code."""
    return f'echo \'{{"files": [{{"path": "x", "rows": {rows}}}]}}\' > "$KBC_DATADIR/result.json"; exit {code}'


def flow(root: Path, phases: Mapping[str, tuple[Mapping[str, str], str]]) -> Project:
    """``{"phase": ({"task": "command"}, "the rules as TOML")}``; the ids of phases are their names."""
    project = make_commands(root, {name: tasks for name, (tasks, _) in phases.items()})
    path = root / "orchestrations" / "o.toml"
    text = path.read_text()
    for name, (_, rules) in phases.items():
        more = f"next = [{rules}]\n" if rules else ""
        text = text.replace(f'name = "{name}"\n', f'name = "{name}"\nid = "{name}"\n{more}')
    path.write_text(text)
    return open_project(project.root)


def reasons(state: RunState) -> dict[str, str]:
    return {task.id: task.reason for task in state.tasks.values() if task.status is Status.SKIPPED}


NOTHING_CAME = """
  { name = "nothing came", when = 'task["load"].rows == 0', goto = "alert" },
  { name = "broken", on = "failure", goto = "alert" },
"""


def daily(root: Path, rows: int = 1, code: int = 0) -> Project:
    return flow(
        root,
        {
            "load": ({"load": work(rows, code)}, NOTHING_CAME),
            "publish": ({"publish": work()}, '{ goto = "end" }'),
            "alert": ({"alert": work()}, ""),
        },
    )


def test_the_first_rule_that_holds_is_taken_and_what_it_passes_over_says_so(tmp_path: Path) -> None:
    # WHEN the first phase writes no rows
    state = run(daily(tmp_path, rows=0))
    # THEN
    assert statuses(state) == {"load": Status.SUCCESS, "publish": Status.SKIPPED, "alert": Status.SUCCESS}
    assert reasons(state) == {"publish": 'phase "load" went on to "alert": nothing came'}
    assert state.status is Status.SUCCESS
    decision = state.phases["load"].decision
    assert decision is not None and [(one.rule, one.holds, one.seen) for one in decision.tried] == [
        (0, True, {'task["load"].rows': 0})
    ]


def test_a_rule_without_a_condition_comes_last_and_may_end_the_run(tmp_path: Path) -> None:
    state = run(daily(tmp_path))
    assert statuses(state) == {"load": Status.SUCCESS, "publish": Status.SUCCESS, "alert": Status.SKIPPED}
    assert reasons(state) == {"alert": 'phase "publish" ended the run: otherwise'}
    assert state.status is Status.SUCCESS


def test_a_failure_that_a_rule_took_care_of_is_a_warning_of_the_run(tmp_path: Path) -> None:
    state = run(daily(tmp_path, rows=0, code=1))
    # THEN the rule about rows did not count: it is for after a success
    assert statuses(state) == {"load": Status.ERROR, "publish": Status.SKIPPED, "alert": Status.SUCCESS}
    assert state.status is Status.WARNING and state.because is not None
    assert state.because.cause is Cause.TASK_FAILED
    assert state.phases["load"].status is Status.ERROR and state.phases["load"].handled


def test_nothing_goes_on_after_a_failure_that_no_rule_is_for(tmp_path: Path) -> None:
    project = flow(
        tmp_path,
        {"load": ({"load": work(code=1)}, '{ goto = "publish" }'), "publish": ({"publish": work()}, "")},
    )
    state = run(project)
    assert statuses(state)["publish"] is Status.SKIPPED and state.status is Status.ERROR
    assert reasons(state) == {"publish": 'phase "load" failed'}


@pytest.mark.parametrize("ends_as", ["success", "warning", "error"])
def test_a_rule_may_say_as_what_the_run_ends(tmp_path: Path, ends_as: str) -> None:
    rule = f'{{ name = "enough", on = "any", goto = "end", as = "{ends_as}" }}'
    project = flow(tmp_path, {"load": ({"load": work(code=1)}, rule), "publish": ({"publish": work()}, "")})
    state = run(project)
    assert state.status.value == ends_as
    assert state.reason == ("" if ends_as == "success" else 'phase "load" ended the run: enough')


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ('task["load"].metrics.late > 3', "there is no"),
        ('1 / task["load"].rows == 1', "a division by zero"),
        ('task["load"].rows', 'it gives "0", which is neither true nor false'),
        ('task["later"].rows > 1', "no operation > for null, int"),
    ],
)
def test_what_cannot_be_decided_ends_the_run_in_an_error_and_is_not_guessed(
    tmp_path: Path, condition: str, why: str
) -> None:
    rules = f'{{ name = "which", when = \'{condition}\', goto = "later" }}'
    project = flow(
        tmp_path,
        {"load": ({"load": work(rows=0)}, rules), "next": ({"next": work()}, ""), "later": ({"later": work()}, "")},
    )
    state = run(project)
    assert statuses(state) == {"load": Status.SUCCESS, "next": Status.SKIPPED, "later": Status.SKIPPED}
    assert state.status is Status.ERROR and state.because is not None and state.because.cause is Cause.UNDECIDED
    assert why in state.reason and 'the rule "which" after phase "load"' in state.reason


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        ('{ goto = "nowhere" }', 'goes to "nowhere", and there is no such phase'),
        ('{ when = "true", goto = "a" }', 'goes back to "a"; a rule only goes forward'),
        ("{ when = 'task.a.rows = 1', goto = \"b\" }", "a comparison has two signs: == (character 13"),
        ('{ when = \'task["aa"].rows == 1\', goto = "b" }', 'there is no task "aa"; did you mean "a"?'),
        ('{ when = \'vars.day == "1"\', goto = "b" }', 'no variable "day" is declared'),
        ('{ when = "true", goto = "b", as = "error" }', 'says as what the run ends, but goes on to "b"'),
    ],
)
def test_a_run_whose_rules_are_wrong_is_refused_and_check_says_where(tmp_path: Path, rules: str, sentence: str) -> None:
    project = flow(tmp_path, {"a": ({"a": "true"}, rules), "b": ({"b": "true"}, "")})
    # WHEN it is to be run THEN nothing starts
    with pytest.raises(RunRefused, match=r"^the rule"):
        plan_run(project, RunRequest("o"))
    # AND the check says it with the place
    checked = command_here(tmp_path, "check")
    assert checked.returncode == 2 and sentence in checked.stdout + checked.stderr, checked.stdout + checked.stderr
    assert "orchestrations/o.toml:5" in checked.stdout + checked.stderr
    assert not (tmp_path / ".orch" / "runs").exists()


def test_a_run_that_is_continued_keeps_to_what_was_decided(tmp_path: Path) -> None:
    # GIVEN a run that went past a phase, and failed later
    project = daily(tmp_path, rows=0)
    alert = tmp_path / "configurations" / "command" / "alert.toml"
    good = alert.read_text()
    alert.write_text(good.replace("exit 0", "exit 1"))
    first = run(project)
    assert statuses(first)["alert"] is Status.ERROR
    # WHEN it is continued
    alert.write_text(good)
    second = run(open_project(tmp_path), rerun="last")
    # THEN the phase that was passed over is passed over again
    assert statuses(second) == {"load": Status.SKIPPED, "publish": Status.SKIPPED, "alert": Status.SUCCESS}
    assert second.tasks["load"].reused and reasons(second)["publish"].startswith('phase "load" went on to')


def cut_before(journal: Path, event: str) -> None:
    """The journal as it was when its executor was killed before it wrote this event."""
    text = journal.read_text()
    journal.write_text(text[: text.index(f'[[event]]\ntype = "{event}"')])


def test_rules_of_a_continued_run_see_what_reused_tasks_and_phases_were(tmp_path: Path) -> None:
    # GIVEN a run that failed before a rule which asks about an earlier phase
    seen = 'task["load"].rows > 3 && task["load"].status == "success" && phase["one"].status == "success"'
    phases = {
        "one": ({"load": work(12)}, ""),
        "two": ({"late": "test -e ready"}, f"{{ name = 'much', when = '{seen}', goto = 'four' }}"),
        "three": ({"idle": "true"}, ""),
        "four": ({"last": "test -e done"}, ""),
    }
    project = flow(tmp_path, phases)
    first = run(project)
    assert first.tasks["late"].status is Status.ERROR
    # WHEN it is continued, twice
    (tmp_path / "ready").touch()
    second = run(project, rerun=first.header.id)
    (tmp_path / "done").touch()
    third = run(project, rerun=second.header.id)
    # THEN it goes the way of a run without a failure, and so does its replay
    for state in (second, third):
        assert state.tasks["load"].reused and state.tasks["idle"].status is Status.SKIPPED
        decision = state.phases["two"].decision
        assert decision is not None and decision.taken == 0
    assert third.status is Status.SUCCESS
    again = json.loads(command_here(tmp_path, "rehearse", "--replay", second.header.id, "--json").stdout)
    assert [phase["status"] for phase in again["phases"]][2] == "skipped"


@pytest.mark.parametrize("mended", ['task["a"].exit_code == 0', 'task["a"].exit_code == 1'], ids=["holds", "does-not"])
def test_what_could_not_be_decided_is_decided_by_a_run_that_goes_on_once_the_rule_is_mended(
    tmp_path: Path, mended: str
) -> None:
    # GIVEN a run that ended since a rule could not be decided
    rule = '{ name = "late", when = \'task["a"].rows > 3\', goto = "c" }'
    flow(tmp_path, {"a": ({"a": "true"}, rule), "b": ({"b": "true"}, ""), "c": ({"c": "true"}, "")})
    done = command_here(tmp_path, "run", "o")
    assert (
        done.returncode == 1 and "Once the rule is mended, go on from it: orch-tui run o --rerun-failed" in done.stdout
    )
    # WHEN it is gone on with as it is THEN it ends in the same way: nothing is guessed
    again = run(open_project(tmp_path), rerun="last")
    assert again.because is not None and again.because.cause is Cause.UNDECIDED
    assert statuses(again)["b"] is Status.SKIPPED
    # WHEN the rule is mended THEN it is decided by what is reused, and only what is behind it is run
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace('task["a"].rows > 3', mended))
    told = command_here(tmp_path, "run", "o", "--rerun-failed", "--dry-run").stdout
    assert 'phase 2 "b"  1 task  may run, if not "late"' in told
    third = run(open_project(tmp_path), rerun="last")
    holds = mended.endswith("0")
    assert third.tasks["a"].reused and statuses(third)["b"] is (Status.SKIPPED if holds else Status.SUCCESS)
    assert third.status is Status.SUCCESS and third.tasks["c"].status is Status.SUCCESS
    decision = third.phases["a"].decision
    assert decision is not None and decision.tried[0].seen == {'task["a"].exit_code': 0}
    # AND its replay goes the same way, as does who takes it over before that was decided
    again = rehearse(replayed_plan(third, None), outcomes_of(third), 0.0, third).state
    assert statuses(again) == statuses(third)
    directory = latest_run(tmp_path, "o")
    cut_before(directory / JOURNAL, "decided")
    active = take_over(open_project(tmp_path), directory, by="test")
    assert active.wait(60) is Status.SUCCESS and statuses(active.state) == statuses(third)


def test_nothing_is_offered_to_go_on_with_where_every_task_has_succeeded(tmp_path: Path) -> None:
    rule = '{ when = \'task["a"].rows > 3\', goto = "end" }'
    flow(tmp_path, {"a": ({"a": "true"}, rule)})
    done = command_here(tmp_path, "run", "o")
    assert done.returncode == 1 and "cannot be decided" in done.stdout and "--rerun-failed" not in done.stdout


def test_a_nested_run_that_a_rule_ended_in_an_error_is_no_success_when_it_is_gone_on_with(tmp_path: Path) -> None:
    # GIVEN a nested run whose tasks all succeeded, and that its rule ended in an error
    flow(tmp_path, {"a": ({"a": "true"}, '{ name = "bad", goto = "end", as = "error" }')})
    outer = '[[phases]]\nid = "p"\nname = "P"\n[[phases.tasks]]\nid = "n"\nconfiguration = "orchestration/o"\n'
    (tmp_path / "orchestrations" / "outer.toml").write_text(f'name = "Outer"\n{outer}')
    assert command_here(tmp_path, "run", "outer").returncode == 1
    # WHEN the outer one is gone on with THEN it still is one, and says why
    again = command_here(tmp_path, "run", "outer", "--rerun-failed")
    assert again.returncode == 1 and "ended the run: bad" in again.stdout


@pytest.mark.parametrize("event", ["decided", "phase_skipped", "run_ended"])
def test_who_takes_a_run_over_goes_the_same_way(tmp_path: Path, event: str) -> None:
    # GIVEN a run whose executor was killed around a decision
    project = daily(tmp_path, rows=0)
    before = run(project)
    directory = latest_run(tmp_path, "o")
    cut_before(directory / JOURNAL, event)
    # WHEN the definition has changed, and another process goes on with the run
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace("rows == 0", "rows != 0"))
    active = take_over(open_project(tmp_path), directory, by="test")
    assert active.wait(60) is Status.SUCCESS
    # THEN
    after = active.state
    assert statuses(after) == statuses(before) and after.phases["load"].decision == before.phases["load"].decision
    assert (directory / JOURNAL).read_text().count('type = "decided"') == 1


def test_a_phase_of_which_nothing_runs_has_nothing_to_decide_by(tmp_path: Path) -> None:
    project = daily(tmp_path)
    state = run(project, phases=("publish", "alert"))
    assert state.phases["load"].decision is None
    assert statuses(state) == {"load": Status.SKIPPED, "publish": Status.SUCCESS, "alert": Status.SKIPPED}


# -- random flows against a reading of the rules that shares no line with the program --------------------------------

CONDITIONS: tuple[tuple[str, Any], ...] = (
    ("true", lambda facts: True),
    ("false", lambda facts: False),
    ('task["t0"].rows == 0', lambda facts: facts.get(0, (None, None))[0] == 0),
    ('task["t1"].status == "error"', lambda facts: 1 in facts and facts[1][1] != 0),
    ('phase["p0"].status == "success"', lambda facts: facts[0][1] == 0),
    ('task["t2"].exit_code != null && task["t2"].exit_code > 0', lambda facts: 2 in facts and facts[2][1] > 0),
)


def by_hand(
    results: list[tuple[int, int]], rules: list[list[tuple[int | None, str, int | str, str | None]]]
) -> tuple[list[bool], str]:
    """Which phases run, and what the run is, as a person would tell it with a finger on the page."""
    facts: dict[int, tuple[int, int]] = {}
    ran = [False] * len(results)
    number, word = 0, "success"
    while number < len(results):
        ran[number], facts[number] = True, results[number]
        failed = results[number][1] != 0
        go: int | str | None = None
        for condition, after, goto, ends_as in rules[number]:
            if after != "any" and (after == "failure") != failed:
                continue
            if condition is None or CONDITIONS[condition][1](facts):
                go = goto
                if failed and word == "success":
                    word = "warning"
                if goto == "end" and ends_as:
                    word = ends_as
                break
        if go is None and failed:
            return ran, "error"
        if go == "end":
            break
        number = number + 1 if go is None else int(go)
    return ran, word


def random_flow(chance: random.Random) -> tuple[list[tuple[int, int]], list[list[Any]]]:
    size = chance.randint(3, 5)
    results = [(chance.choice([0, 5]), chance.choice([0, 0, 1])) for _ in range(size)]
    rules: list[list[Any]] = []
    for number in range(size):
        mine: list[Any] = []
        for _ in range(chance.randint(0, 3)):
            goto = chance.choice([*range(number + 1, size), "end"])
            ends_as = chance.choice([None, "success", "warning", "error"]) if goto == "end" else None
            condition = chance.choice([None, *range(len(CONDITIONS))])
            mine.append((condition, chance.choice(["success", "failure", "any"]), goto, ends_as))
        rules.append(mine)
    return results, rules


def as_toml(rules: list[Any]) -> str:
    written = []
    for condition, after, goto, ends_as in rules:
        when = "" if condition is None else f"when = '{CONDITIONS[condition][0]}', "
        to = goto if goto == "end" else f"p{goto}"
        more = f', as = "{ends_as}"' if ends_as else ""
        written.append(f'{{ {when}on = "{after}", goto = "{to}"{more} }}')
    return ", ".join(written)


def attempt(root: Path, seed: int) -> None:
    results, rules = random_flow(random.Random(seed))
    phases = {
        f"p{number}": ({f"t{number}": work(*result)}, as_toml(rules[number])) for number, result in enumerate(results)
    }
    state = run(flow(root, phases))
    ran, word = by_hand(results, rules)
    assert [state.tasks[f"t{number}"].status is not Status.SKIPPED for number in range(len(results))] == ran, seed
    assert state.status.value == word, (seed, state.reason)
    # AND the recorded run, replayed, goes the same way by the same facts
    again = rehearse(replayed_plan(state, None), outcomes_of(state), 0.0, state).state
    assert statuses(again) == statuses(state) and again.status is state.status, seed
    assert [phase.decision for phase in again.phases.values()] == [phase.decision for phase in state.phases.values()]


@pytest.mark.parametrize("start", range(0, 30, 10))
def test_random_flows_go_the_way_that_a_reader_of_their_rules_expects(tmp_path: Path, start: int) -> None:
    for seed in range(start, start + 10):
        attempt(tmp_path / str(seed), seed)


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_very_many_random_flows(tmp_path: Path) -> None:
    for seed in range(1000, 2500):
        attempt(tmp_path / str(seed), seed)


def test_what_rules_cannot_ask_for_is_said_in_the_log_of_its_task(tmp_path: Path) -> None:
    # GIVEN a program that tells a number that is none, and then writes half a line
    told = '{"metrics": {"share": NaN, "n": 3}}'
    command = f"echo '{told}' > \"$KBC_DATADIR/result.json\"; printf 'the end'"
    rule = """{ name = "three", when = 'task["load"].metrics["n"] == 3', goto = "third" }"""
    project = flow(
        tmp_path, {"first": ({"load": command}, rule), "second": ({"b": "true"}, ""), "third": ({"c": "true"}, "")}
    )
    # WHEN it runs
    state = run(project)
    directory = next((project.root / ".orch" / "runs" / "o").iterdir())
    # THEN the other number is there to decide with, the journal is JSON, and the log says what is not
    assert state.status is Status.SUCCESS and state.tasks["b"].status is Status.SKIPPED
    (log,) = [path.read_text() for path in directory.glob("tasks/load/*/log")]
    line = 'rules cannot ask for the metric "share": nan is no number to reckon with'
    assert log.endswith(f"the end\norch-tui: warning: result.json: {line}\n")
    assert "NaN" not in (directory / JOURNAL).read_text()


def test_what_rules_may_pass_over_and_what_they_did_is_told_in_text_and_json(tmp_path: Path) -> None:
    # GIVEN a flow whose first phase may go past the second, which always ends the run
    project = daily(tmp_path, rows=0)
    # WHEN its plan is asked for
    told = command_here(tmp_path, "run", "o", "--dry-run").stdout
    # THEN it says what has to hold for each phase that may be passed over
    assert 'phase 2 "publish"  1 task  may run, if not "nothing came"' in told
    assert 'phase 3 "alert"  1 task  may run, if phase "publish" is passed over' in told
    assert "  ○ may run   Command · alert" in told and "  rule on failure: broken → alert" in told
    assert "1 will run, 2 may run. Nothing was started." in told
    plan = json.loads(command_here(tmp_path, "run", "o", "--dry-run", "--json").stdout)["phases"]
    assert plan[1]["needed"] == [{"need": "none-taken", "phase": "load", "rules": [0]}]
    assert plan[0]["may_run"] is None and plan[1]["may_run"] == 'may run, if not "nothing came"'
    assert plan[0]["rules"][1] == {"name": "broken", "on": "failure", "goto": "alert"}
    # AND a run says what became of each rule
    run(project)
    told = command_here(tmp_path, "show", "o").stdout
    assert '  rule nothing came → alert: taken (task["load"].rows is 0)' in told
    assert "  rule on failure: broken → alert: only after failure" in told
    assert "  rule otherwise → end: not asked" in told
    phases = json.loads(command_here(tmp_path, "show", "o", "--json").stdout)["phases"]
    assert phases[0]["rules"] == plan[0]["rules"] and phases[0]["decision"]["rule"] == 0
    assert phases[2]["rules"] == []


def test_a_run_tells_when_none_of_its_rules_holds(tmp_path: Path) -> None:
    daily(tmp_path, rows=3)
    told = command_here(tmp_path, "run", "o").stdout
    assert 'phase 1 "load": no rule holds (task["load"].rows is 3)' in told
