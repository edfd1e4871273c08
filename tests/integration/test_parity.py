"""Without a screen: what the live panel tells is in ``watch`` and ``show`` as well, for pipes and screen readers."""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.model.run.runstate import RunHeader
from orch_tui.model.status import Status
from orch_tui.project.journal.file import Journal
from orch_tui.project.paths import make_private
from orch_tui.project.project import Project, open_project

from tests.support.commands import command_here
from tests.support.projects import latest_run, make_project, start, wait_for_file
from tests.support.reasons import in_words

GATE = 'touch "$ORCH_PROJECT/begun"; while [ ! -e "$ORCH_PROJECT/gate" ]; do sleep 0.05; done'


@contextmanager
def journal_of(project: Project, run: str, began: float, *told: Event) -> Iterator[Journal]:
    """A run of ``daily`` that has told these things, and is executed as long as it is open."""
    directory = project.paths.run("daily", run)
    make_private(directory)
    plan = plan_run(project, RunRequest("daily"))
    journal = Journal.create(directory, RunHeader(run, "daily", "Daily", began, "ann@host"), plan)
    journal.append(events.executor(began, pid=1, start=(1, 1), host="h", boot_id="b", by="ann@host"))
    journal.append(events.phase_started(began, "first"))
    for event in told:
        journal.append(event)
    yield journal
    journal.close()


def began(task: str, at: float) -> tuple[Event, Event]:
    return events.spawning(at, task, 1), events.started(at, task, 1, pid=9, start=(1, 1))


def earlier(project: Project, number: int, seconds: float) -> None:
    """A run of some days ago, in which ``a`` took all of the time but a second."""
    at = time.time() - 86400 * number
    told = [*began("a", at), events.ended(at + seconds - 1, "a", 1, Status.SUCCESS)]
    for task, since in (("b", at), ("c", at + seconds - 1)):
        if any(task == one.id for one in project.orchestration("daily").tasks()):
            told += [*began(task, since), events.ended(since + 1, task, 1, Status.SUCCESS)]
    ended = events.run_ended(at + seconds, Status.SUCCESS, None, seconds, {})
    with journal_of(project, f"2026010{9 - number}T000000.000Z-aa", at, *told, ended):
        pass


def read_until(process: subprocess.Popen[str], wanted: list[str]) -> str:
    """Its lines until each wanted text was in one."""
    assert process.stdout is not None
    seen = ""
    while not all(text in seen for text in wanted):
        line = process.stdout.readline()
        assert line, f"it ended after:\n{seen}"
        seen += line
    return seen


def test_marks_and_the_time_left_are_told(tmp_path: Path) -> None:
    # GIVEN a run that usually takes 300 s and is in its third minute, with a task that usually takes 19 s and is silent
    root = make_project(tmp_path / "p", {"daily": {"First": {"a": "true", "b": "true"}, "Second": {"c": "true"}}})
    project = open_project(root)
    for number in (1, 2, 3):
        earlier(project, number, 300.0 if number != 2 else 20.0)
    now = time.time()
    since = now - 125
    retry = events.waiting(now, "b", in_words("retry"), now + 3600)
    with journal_of(project, "20261122T000000.000Z-aa", since, *began("a", since), retry) as journal:
        log = project.paths.run("daily", "20261122T000000.000Z-aa") / "tasks" / "a" / "1" / "log"
        log.parent.mkdir(parents=True)
        log.touch()
        os.utime(log, (now - 70, now - 70))
        # WHEN it is shown
        shown = command_here(root, "show").stdout
        # THEN there is all that the panel has
        assert re.search(r"processing  2:\d\d, about 2:\d\d left", shown)
        assert re.search(r"Command · a .*  quiet for 1:\d\d", shown) and "longer" not in shown.splitlines()[1]
        assert re.search(r"Command · b .*  retry in (59:\d\d|1:00:00)", shown)
        assert 'phase "First" not finished (2 left)' in shown
        # WHEN it is watched
        watch = start(root, "watch")
        seen = read_until(watch, ["usually takes 5:00", "is quiet: it has written nothing for 1:"])
        assert "about 2:" in seen and "Command · a is quiet" in seen
        # THEN the same is told, each of it once, until the run has ended
        journal.append(events.run_ended(time.time(), Status.SUCCESS, None, 131.0, {}))
        rest = watch.communicate(timeout=30)[0]
        assert watch.returncode == 0 and "quiet" not in rest and "usually" not in rest


def test_what_takes_long_is_told(tmp_path: Path) -> None:
    # GIVEN a run that took 10 s three times and has taken 60
    root = make_project(tmp_path / "p", {"daily": {"First": {"a": "true"}}})
    project = open_project(root)
    for number in (1, 2, 3):
        earlier(project, number, 10.0)
    since = time.time() - 60
    with journal_of(project, "20261122T000000.000Z-aa", since, *began("a", since)) as journal:
        shown = command_here(root, "show").stdout
        assert "about to end, longer than usual (10 s)" in shown.splitlines()[1]
        assert re.search(r"Command · a .*  longer than usual \(9\.0 s\)", shown)
        watch = start(root, "watch")
        read_until(watch, ["the run takes longer than usual (10 s)", "Command · a takes longer than usual (9.0 s)"])
        journal.append(events.run_ended(time.time(), Status.SUCCESS, None, 61.0, {}))
        watch.communicate(timeout=30)
    # AND of a run that is over it is still said
    assert "longer than usual (10 s)" in command_here(root, "show").stdout


def test_a_nested_run_is_shown_in_place_and_named_while_it_is_watched(tmp_path: Path) -> None:
    # GIVEN a run with a nested one under way
    inner = {"In": {"deep": GATE}, "After": {"last": "echo the end"}}
    nest = {"configuration": "orchestration/inner"}
    root = make_project(tmp_path / "p", {"inner": inner, "daily": {"First": {"nest": nest}}})
    run = start(root, "run", "daily")
    wait_for_file(root / "begun", run)
    nested = latest_run(root, "inner").name
    # WHEN the outer run is shown and watched
    shown = command_here(root, "show", "daily").stdout
    watch = start(root, "watch", "daily")
    seen = read_until(watch, ["is a run of its own"])
    # THEN the nested one is in it, with its tasks and why they wait
    assert f"run {nested}, nested" in shown
    deep = next(line for line in shown.splitlines() if "Command · deep" in line)
    assert deep.startswith("      ") and "processing" in deep
    assert 'phase "In" not finished (1 left)' in next(line for line in shown.splitlines() if "Command · last" in line)
    assert f"orch-tui watch {nested}" in seen
    # AND it can be watched itself, to its end
    inner_watch = start(root, "watch", nested)
    (root / "gate").touch()
    assert "Command · last" in inner_watch.communicate(timeout=30)[0]
    watch.communicate(timeout=30)
    assert run.wait(30) == 0 and watch.returncode == 0
    assert json.loads(command_here(root, "show", nested, "--json").stdout)["parent"].endswith("/nest")
