"""Tasks that wait for a person, in runs of real processes: asked once, answered once, over the death of executors."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from orch_tui.engine.record.run_clock import now_of
from orch_tui.engine.runs.start import ActiveRun
from orch_tui.model.events.reasons import Cause
from orch_tui.model.run.runstate import RunState
from orch_tui.model.run.waits import waits_for
from orch_tui.model.status import Status
from orch_tui.project.journal.file import is_executed, read_run
from orch_tui.project.project import Project, open_project

from tests.support.commands import command_here
from tests.support.engine_kit import begin, make_commands, run, statuses, until
from tests.support.projects import end, latest_run, start

ASK = """name = "Publish?"
[parameters]
text = "Publish {{ rows }} rows of {{ day }}?"
"""
LIMIT = """
[[parameters.fields]]
name = "limit"
type = "integer"
[[parameters.fields]]
name = "channel"
choices = ["mail", "chat"]
default = "mail"
"""
SETS = 'echo \'{"variables": {"rows": 12}}\' > "$KBC_DATADIR/result.json"'


def asking(root: Path, parameters: str = ASK, *, after: str = "true", options: str = "") -> Project:
    """load (sets rows) → ask, beside a command → after, one at a time."""
    make_commands(
        root, {"Load": {"load": SETS}, "Ask": {"beside": "true"}, "After": {"after": after}}, "max_parallel = 1"
    )
    path = root / "orchestrations" / "o.toml"
    task = f'[[phases.tasks]]\nid = "ask"\nconfiguration = "approval/ask"\n{options}\n'
    text = path.read_text().replace('id = "load"\n', 'id = "load"\nsets = ["rows"]\n')
    text = text.replace('name = "O"\n', 'name = "O"\nvariables = { day = "Monday" }\n')
    path.write_text(text.replace('[[phases]]\nname = "After"', task + '[[phases]]\nname = "After"'))
    (root / "configurations" / "approval").mkdir()
    (root / "configurations" / "approval" / "ask.toml").write_text(parameters)
    return open_project(root)


def asked(run: ActiveRun, task: str = "ask") -> RunState:
    """The run, as soon as it asks."""
    until(lambda: read_run(run.directory).tasks[task].question is not None)
    return read_run(run.directory)


def ended(run: ActiveRun) -> RunState:
    assert run.wait(60) is not None, "the run did not end"
    return read_run(run.directory)


def tell(root: Path, *words: str, code: int = 0) -> str:
    done = command_here(root, *words)
    assert done.returncode == code, (done.stdout, done.stderr)
    return done.stdout if code == 0 else done.stderr


def test_an_approval_asks_holds_no_slot_and_gives_its_fields_to_later_tasks(tmp_path: Path) -> None:
    # GIVEN a run of one task at a time that asks for an approval with fields
    project = asking(tmp_path, ASK + LIMIT, after="echo {{ limit }} {{ channel }} > answer")
    path = tmp_path / "orchestrations" / "o.toml"
    path.write_text(path.read_text().replace('"approval/ask"\n', '"approval/ask"\nsets = ["limit", "channel"]\n'))
    run = begin(open_project(project.root))
    # WHEN it waits THEN the task beside it runs all the same, and no process is there for it
    until(lambda: read_run(run.directory).tasks["beside"].status.final)
    state = asked(run)
    task, question = state.tasks["ask"], state.tasks["ask"].question
    assert question is not None and question.text == "Publish 12 rows of Monday?"
    assert task.status is Status.WAITING and task.attempt is not None and task.attempt.pid is None
    because = waits_for(state, task)
    assert because is not None and because.cause is Cause.ASKED
    assert not (run.directory / "tasks" / "ask").exists()
    # AND it is in the list, for people and for programs
    listed = tell(tmp_path, "approvals")
    assert "Publish 12 rows of Monday?" in listed and f"approve {run.id} ask --set" in listed
    (one,) = json.loads(tell(tmp_path, "approvals", "--json"))
    assert (one["run"], one["task"], one["until"], one["answer"]) == (run.id, "ask", None, None)
    assert [field["type"] for field in one["fields"]] == ["integer", "text"]
    # WHEN it is answered
    told = tell(tmp_path, "approve", run.id, "--set", "limit=5", "--set", "channel=chat", "--note", "go")
    assert "task ask is approved, by " in told and "limit = 5 (integer)" in told
    # THEN the run goes on with the values, and the journal has the answer, its author and its time
    state = ended(run)
    assert state.status is Status.SUCCESS
    assert (tmp_path / "answer").read_text() == "5 chat\n"
    answer = state.interventions.all[-1]
    assert answer.given == {"limit": 5, "channel": "chat"} and answer.note == "go" and answer.by and answer.at
    because = state.tasks["ask"].because
    assert because is not None and because.cause is Cause.APPROVED and because.fields["note"] == "go"
    shown = json.loads(tell(tmp_path, "show", run.id, "--json"))
    assert {one["name"]: one["value"] for one in shown["set_variables"]} == {"rows": 12, "limit": 5, "channel": "chat"}
    assert tell(tmp_path, "approvals") == "nothing waits for an approval\n"
    # AND a second answer is told of the first
    assert "has ended already" in tell(tmp_path, "approve", run.id, "ask", code=1)


@pytest.mark.parametrize(
    ("tolerated", "status", "after"), [(False, Status.ERROR, Status.SKIPPED), (True, Status.WARNING, Status.SUCCESS)]
)
def test_what_is_rejected_has_failed(tmp_path: Path, tolerated: bool, status: Status, after: Status) -> None:
    run = begin(asking(tmp_path, options="continue_on_failure = true" if tolerated else ""))
    asked(run)
    tell(tmp_path, "approve", run.id, "ask", "--reject", "--note", "too few")
    state = ended(run)
    assert statuses(state) == {"load": Status.SUCCESS, "beside": Status.SUCCESS, "ask": status, "after": after}
    assert state.tasks["ask"].reason.startswith("rejected by ") and state.tasks["ask"].reason.endswith(": too few")
    assert state.tasks["ask"].kind == "rejected"


@pytest.mark.parametrize("on_timeout", ["reject", "approve"])
def test_what_nobody_answers_in_time_becomes_what_it_says(tmp_path: Path, on_timeout: str) -> None:
    late = f'timeout = "20ms"\non_timeout = "{on_timeout}"\n[[parameters.fields]]\nname = "limit"\ndefault = "7"\n'
    state = run(asking(tmp_path, ASK + late))
    approved = on_timeout == "approve"
    assert state.tasks["ask"].status is (Status.SUCCESS if approved else Status.ERROR)
    assert state.tasks["ask"].reason.startswith("nobody answered within 0.0 s: ")
    assert ("limit" in state.values) is approved


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "limit (a whole number) is missing"),
        (("--set", "limit=many"), 'limit is a whole number, not "many"'),
        (("--set", "limit=1", "--set", "channel=pigeon"), "channel is one of mail, chat, not pigeon"),
        (("--set", "limit=1", "--set", "more=1"), 'it asks for no "more"; it asks for limit, channel'),
    ],
)
def test_an_answer_that_is_not_as_it_has_to_be_is_refused_and_nothing_is_lost(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    run = begin(asking(tmp_path, ASK + LIMIT))
    asked(run)
    assert sentence in tell(tmp_path, "approve", run.id, "ask", *words, code=1)
    assert asked(run).tasks["ask"].question is not None
    # THEN a good one is taken
    tell(tmp_path, "approve", run.id, "ask", "--set", "limit=1")
    assert ended(run).status is Status.SUCCESS


def test_of_two_people_who_answer_at_once_one_is_told_whose_answer_holds(tmp_path: Path) -> None:
    # GIVEN a question WHEN two answer it in the same moment, each in a process of their own
    run = begin(asking(tmp_path, ASK + LIMIT, after="echo {{ limit }} > used"))
    asked(run)
    task = {1: ["ask"], 2: []}
    both = [start(tmp_path, "approve", run.id, *task[limit], "--set", f"limit={limit}") for limit in (1, 2)]
    try:
        told = [one.communicate(timeout=60)[0] for one in both]
    finally:
        for one in both:
            end(one)
    # THEN one answer is taken, and the other one is told so
    assert sorted(one.returncode for one in both) == [0, 1], told
    late = next(text for one, text in zip(both, told, strict=True) if one.returncode == 1)
    assert "has its answer already: approved by " in late or "has ended already" in late, late
    state = ended(run)
    first = next(limit for limit, one in zip((1, 2), both, strict=True) if one.returncode == 0)
    assert state.values["limit"].value == first and (tmp_path / "used").read_text() == f"{first}\n"
    assert len(state.interventions.all) == 1


def test_who_is_not_among_the_approvers_cannot_answer(tmp_path: Path) -> None:
    run = begin(asking(tmp_path, ASK + 'approvers = ["somebody-else"]\n'))
    asked(run)
    assert "is for somebody-else to answer, not for " in tell(tmp_path, "approve", run.id, code=1)
    tell(tmp_path, "cancel", run.id)
    assert ended(run).tasks["ask"].status is Status.CANCELLED


def test_it_can_be_skipped_and_cannot_be_tried_again_while_it_waits(tmp_path: Path) -> None:
    run = begin(asking(tmp_path))
    asked(run)
    assert "waits for an approval; approve or reject it" in tell(tmp_path, "retry", run.id, "ask", code=1)
    assert "waits for an approval; approve or reject it" in tell(tmp_path, "mark-done", run.id, "ask", code=1)
    tell(tmp_path, "skip", run.id, "ask")
    state = ended(run)
    assert state.tasks["ask"].status is Status.SKIPPED and state.tasks["after"].status is Status.SUCCESS
    assert state.tasks["ask"].question is None


def test_in_a_held_run_it_can_be_answered_and_what_was_rejected_is_asked_again(tmp_path: Path) -> None:
    run = begin(asking(tmp_path))
    asked(run)
    tell(tmp_path, "hold", run.id)
    tell(tmp_path, "approve", run.id, "--reject")
    tell(tmp_path, "retry", run.id, "ask")
    tell(tmp_path, "release", run.id)
    until(lambda: len(read_run(run.directory).tasks["ask"].attempts) == 2)
    tell(tmp_path, "approve", run.id)
    state = ended(run)
    assert state.tasks["ask"].status is Status.SUCCESS and state.status is Status.SUCCESS


def test_a_run_that_is_continued_does_not_ask_again_what_was_approved(tmp_path: Path) -> None:
    project = asking(tmp_path, ASK + LIMIT, after="test -e good")
    first = begin(project)
    asked(first)
    tell(tmp_path, "approve", first.id, "--set", "limit=3")
    assert ended(first).status is Status.ERROR
    (tmp_path / "good").touch()
    second = run(open_project(tmp_path), rerun="last")
    assert second.tasks["ask"].reused and second.values["limit"].value == 3
    assert second.status is Status.SUCCESS


def test_an_executor_that_is_killed_loses_no_question_and_no_answer(tmp_path: Path) -> None:
    # GIVEN a run whose executor is killed while it asks
    asking(tmp_path, ASK + 'timeout = "1h"\n')
    process = start(tmp_path, "run", "o")
    try:
        until(lambda: _asks(tmp_path))
    finally:
        process.kill()
        process.communicate()
    directory = latest_run(tmp_path, "o")
    until(lambda: not is_executed(directory))
    before = read_run(directory).tasks["ask"]
    # WHEN two answer while nobody executes it
    told = tell(tmp_path, "approve", directory.name, "ask", "--note", "one")
    assert "the answer holds when it is resumed" in told
    assert "has its answer already: " in tell(tmp_path, "approve", directory.name, "ask", "--reject", code=1)
    (one,) = json.loads(tell(tmp_path, "approvals", "--json"))
    assert one["answer"]["reason"] == "one" and not one["live"]
    # THEN the first holds when the run goes on, and nothing is asked again
    assert command_here(tmp_path, "run", "--resume", directory.name).returncode == 0
    state = read_run(directory)
    task = state.tasks["ask"]
    assert state.status is Status.SUCCESS and len(task.attempts) == 1
    assert task.attempts[0].spawned == before.attempts[0].spawned
    assert task.because is not None and task.because.fields["note"] == "one"


def test_a_time_limit_goes_on_over_the_death_of_an_executor(tmp_path: Path) -> None:
    asking(tmp_path, ASK + 'timeout = "1s"\n')
    process = start(tmp_path, "run", "o")
    try:
        until(lambda: _asks(tmp_path))
    finally:
        process.kill()
        process.communicate()
    # WHEN its time is over THEN a late answer is none, whoever executes the run
    directory = latest_run(tmp_path, "o")
    end_of_time = read_run(directory).tasks["ask"].until or 0.0
    until(lambda: not is_executed(directory) and now_of(read_run(directory)) > end_of_time)
    late = tell(tmp_path, "approve", directory.name, "ask", code=1)
    assert "the time to answer task ask is over; it is rejected when the run goes on" in late
    resumed = command_here(tmp_path, "run", "--resume", "last")
    assert resumed.returncode == 1
    state = read_run(latest_run(tmp_path, "o"))
    assert state.tasks["ask"].kind == "timeout" and len(state.tasks["ask"].attempts) == 1


def _asks(root: Path) -> bool:
    """Whether the run asks by now."""
    return any('type = "asked"' in path.read_text() for path in (root / ".orch" / "runs").glob("o/*/run.toml"))
