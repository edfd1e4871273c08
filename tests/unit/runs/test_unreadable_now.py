"""A run whose journal cannot be read for a moment: nothing is decided by that, so nothing is lost or done twice."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from orch_tui.engine.attempts.nested import nested_before, nested_in_run, values_of_nested
from orch_tui.engine.runs.beside import is_beside
from orch_tui.engine.runs.start import ActiveRun, RunRequest, plan_run, start_run
from orch_tui.model.events import events
from orch_tui.model.orchestration.starts import Schedule
from orch_tui.model.run.plan import Decision, PlannedPhase, PlannedTask, RunPlan
from orch_tui.model.run.runstate import RunHeader, ScheduledTime
from orch_tui.model.status import Status
from orch_tui.project import history
from orch_tui.project.files.own_files import open_own
from orch_tui.project.history import judge_by, summarize
from orch_tui.project.journal import file as journal
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project, open_project
from orch_tui.runs.past.rerun import plan_reruns
from orch_tui.scheduling.store import FileLedger
from orch_tui.scheduling.values import Outcome, Record, Watched
from orch_tui.triggers.detecting import find, present

from tests.support.engine_kit import make_commands
from tests.unit.alerts.kit import here, rule

AT = 1_795_930_200.0
Unreadable = Callable[[Path], Callable[[], None]]


@pytest.fixture(params=[errno.EMFILE, errno.EIO, errno.ESTALE], ids=errno.errorcode.__getitem__)
def unreadable(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Unreadable:
    """Lets the journal of a run not be opened, until what is returned is called."""
    real, refused = open_own, set[Path]()

    def opened(path: Any, *arguments: Any) -> int:
        if Path(path).parent in refused:
            raise OSError(request.param, os.strerror(request.param), os.fspath(path))
        return real(path, *arguments)

    def refuse(directory: Path) -> Callable[[], None]:
        refused.add(directory)
        return refused.clear

    monkeypatch.setattr(history, "open_own", opened)
    monkeypatch.setattr(journal, "open_own", opened)
    return refuse


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_commands(tmp_path, {"p": {"t": "true"}})


def ended(project: Project, request: RunRequest | None = None, **more: Any) -> ActiveRun:
    """A run that has succeeded."""
    run = start_run(project, plan_run(project, request or RunRequest("o")), by="me", **more)
    assert run.wait(60) is Status.SUCCESS
    return run


def test_people_are_told_why_and_nothing_is_decided_by_it(project: Project, unreadable: Unreadable) -> None:
    run = ended(project)
    readable = unreadable(run.directory)
    assert "run.toml" in (summarize(run.directory).broken or "")
    with pytest.raises(OSError):
        judge_by(run.directory)
    readable()
    assert judge_by(run.directory).status is Status.SUCCESS


def test_what_is_no_file_of_this_user_is_broken_for_good(project: Project) -> None:
    run = ended(project)
    (run.directory / "run.toml").rename(run.directory / "elsewhere")
    (run.directory / "run.toml").symlink_to("elsewhere")
    assert "symbolic link" in (judge_by(run.directory).broken or "")


def after(project: Project) -> Any:
    (project.root / "orchestrations" / "o.toml").open("a").write('\n[[triggers]]\nafter = "o"\n')
    return open_project(project.root).orchestration("o").triggers[0]


def test_a_trigger_hears_of_its_end_later(project: Project, unreadable: Unreadable) -> None:
    # GIVEN a trigger that waits for runs, and one that has ended, whose journal cannot be read now
    trigger = after(project)
    seen = present(project.paths, trigger, {})
    run = ended(project)
    readable = unreadable(run.directory)
    # WHEN it is looked for THEN it is no fact yet, AND later it is
    found = find(project.paths, trigger, seen, 0.0, {})
    assert not found.new
    readable()
    assert find(project.paths, trigger, found.all, 0.0, {}).new == {run.id: "success"}


def test_a_run_that_ends_behind_a_later_one_starts_one_too(project: Project) -> None:
    # GIVEN two runs beside each other (of a backfill), the first ones that there are
    trigger = after(project)
    seen = present(project.paths, trigger, {})
    task = PlannedTask("t", "command/t", "T", "p", Decision.RUN)
    plan, going = RunPlan("o", "O", (PlannedPhase("p", "P", (task,), 1),)), dict[str, Journal]()
    for run in ("20261122T000000000Z-1", "20261122T000000000Z-2"):
        make_private(project.paths.run("o", run))
        going[run] = Journal.create(project.paths.run("o", run), RunHeader(run, "o", "O", AT, "me"), plan)
    # WHEN the later one ends first THEN that is a fact
    for run in reversed(going):
        going[run].append(events.run_ended(AT + 5, Status.SUCCESS, None, 5.0, {Status.SUCCESS: 1}))
        going[run].close()
        found = find(project.paths, trigger, seen, 0.0, {})
        assert list(found.new) == [run]
        seen = found.all
    # AND so was the end of the earlier one, each once
    assert not find(project.paths, trigger, seen, 0.0, {}).new


def test_of_a_failure_is_told_later_and_of_others_at_once(tmp_path: Path, unreadable: Unreadable) -> None:
    # GIVEN two runs that failed, the first of which cannot be read now
    it = here(tmp_path, rule('["failed"]'))
    it.run("false")
    paths = open_project(tmp_path).paths
    (first,) = history.run_ids(paths, "o")
    it.run("false")
    readable = unreadable(paths.run("o", first))
    # WHEN it is looked THEN of the other is told, and soon looked again
    assert it.kinds() == ["failed"] and it.wake is not None
    assert it.kinds() == []
    # AND of the first as soon as it can be read, once
    readable()
    assert it.kinds() == ["failed"]
    assert it.kinds() == []


def test_a_scheduled_time_is_not_started_again(project: Project, unreadable: Unreadable) -> None:
    # GIVEN the run of a scheduled time, started by a process that died before it said so
    ledger = FileLedger(project.paths, Watched("o", "s", Schedule("@hourly"), ZoneInfo("UTC")))
    claim = ledger.claim(AT)
    assert claim is not None
    run = ended(project, scheduled=ScheduledTime("s", AT))
    claim.release()
    # WHEN the run cannot be read now THEN nobody gets its time
    readable = unreadable(run.directory)
    with pytest.raises(OSError):
        ledger.claim(AT)
    # AND once it can, the time has its run
    readable()
    assert ledger.claim(AT) is None and ledger.records(0) == [Record(AT, Outcome.STARTED, AT, run=run.id)]


def test_a_run_that_was_run_again_is_not_run_a_third_time(project: Project, unreadable: Unreadable) -> None:
    (project.root / "configurations/command/t.toml").write_text('[parameters]\ncommand = "test -e ok"\n')
    project = open_project(project.root)
    failed = start_run(project, plan_run(project, RunRequest("o")), by="me")
    assert failed.wait(60) is Status.ERROR
    (project.root / "ok").touch()
    again = ended(project, RunRequest("o", rerun=failed.id))
    summary = summarize(failed.directory)
    unreadable(again.directory)
    (planned,) = plan_reruns(project, [summary])
    assert planned.request is None and "cannot be read now" in planned.refused


def test_a_nested_run_is_not_begun_anew(project: Project, unreadable: Unreadable) -> None:
    # GIVEN the run of a nested orchestration that a task has begun
    outer = RunPlan("outer", "Outer", (), rerun_of="20200101T000000000Z-0")
    task = PlannedTask("n", "orchestration/o", "N", "p", Decision.RUN, sets=("rows",))
    inner = ended(project, nested_in="outer/20200101T000000000Z-0/n")
    found = nested_before(project.paths, outer, task)
    assert found is not None and found.id == inner.id
    # WHEN it cannot be read now THEN it is not known whether there is one
    unreadable(inner.directory)
    with pytest.raises(OSError):
        nested_in_run(project.paths, outer, "20200101T000000000Z-0", task)
    with pytest.raises(OSError):
        nested_before(project.paths, outer, task)
    # AND variables that it has set are a fault of the variables, and not of the run
    assert values_of_nested(task, lambda _: found)[1][0].startswith("the variables that its run has set cannot be read")


def test_a_run_is_not_taken_for_one_that_has_all_for_itself(project: Project, unreadable: Unreadable) -> None:
    run = ended(project, scheduled=ScheduledTime("backfill.PT1H", AT))
    readable = unreadable(run.directory)
    with pytest.raises(OSError):
        is_beside(project.paths, "o", None, run.id)
    readable()
    assert is_beside(project.paths, "o", None, run.id)
