"""Whether the executor of a run answers, found out beside the run and said the same everywhere."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.cli.shared.output import Output
from orch_tui.cli.show.run import print_run
from orch_tui.engine.processes.process import boot_id, host, read_stat
from orch_tui.engine.requests.requests import CancelRequest, Mailbox, ask
from orch_tui.model.events import events
from orch_tui.model.events.events import Event
from orch_tui.project.journal.executors import ExecutorReader
from orch_tui.project.journal.file import JOURNAL
from orch_tui.project.journal.format import write_event
from orch_tui.project.project import Project
from orch_tui.runs.live.control import RunControl
from orch_tui.runs.live.feed import RunFeed
from orch_tui.runs.live.head import head_of
from orch_tui.runs.live.view import RunModel
from orch_tui.runs.people.responding import ANSWER, ExecutorLook, NoAnswer
from orch_tui.runs.words.standing import Standing
from orch_tui.tui.home.state.board import Look
from orch_tui.tui.home.state.live import Progress
from orch_tui.tui.widgets.line_tree import Row
from orch_tui.tui.workbench.tree.run_rows import head_rows, wait_rows

from tests.support.clocks import Machine
from tests.support.engine_kit import make_commands, until
from tests.support.set_clock import T0, UP, live_run, machine


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_commands(tmp_path, {"P": {"a": "true"}})


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that may be the executor of a journal."""
    with subprocess.Popen(["sleep", "1000"]) as started:
        yield started
        started.kill()


def _by(process: subprocess.Popen[bytes], **other: str) -> Event:
    stat = read_stat(process.pid)
    assert stat is not None
    who = {"host": host(), "boot_id": boot_id(), "by": "ann@host", **other}
    return events.executor(T0, pid=process.pid, start=(stat.start, stat.start), uptime=UP, **who)


def _is_stopped(process: subprocess.Popen[bytes]) -> bool:
    stat = read_stat(process.pid)
    return stat is not None and stat.state == "T"


def _text(rows: list[Row]) -> str:
    return "\n".join("".join(part.text for part in (*row.left, *row.right)) for row in rows)


def test_a_process_that_is_stopped_is_said_on_every_surface_until_it_goes_on(
    project: Project, process: subprocess.Popen[bytes], capsys: pytest.CaptureFixture[str]
) -> None:
    with live_run(project, "o", _by(process)) as directory:
        feed, clock = RunFeed(directory, project.paths), machine(after=14, set_by=0).clock
        state, live = feed.open()
        model = RunModel(directory, state, live=live, machine=clock)
        model.take(feed.read())
        assert model.no_answer is None
        # WHEN it is stopped
        process.send_signal(signal.SIGSTOP)
        until(lambda: _is_stopped(process))
        # THEN the next look finds it, and it is told in the words of one value
        assert model.take(feed.read())
        silent = model.no_answer
        assert silent is not None and silent == NoAnswer(directory.name, stopped=True, pid=process.pid)
        head, remedy = head_of(model, model.now()), f"kill -CONT {process.pid}"
        assert (head.standing, head.word, head.left) == (Standing.STOPPED, "stopped", None)
        assert "! stopped" in _text(head_rows(head, model, 60)) and remedy in _text(head_rows(head, model, 60))
        assert remedy in " ".join(_text(wait_rows(model, model.now(), 60)).split())
        print_run(Output(sys.stdout), project.paths, model)
        assert f"stopped: {silent.sentence}" in capsys.readouterr().out
        look = Look({}, {"o": Progress(directory.name, head, (), "")})
        assert look.unanswered() == [head]
        # WHEN it is cancelled THEN whoever asks is told, and the request waits
        assert RunControl(project).cancel(directory) == silent
        assert len(list((directory / "control").iterdir())) == 1
        # WHEN it goes on THEN nothing is said any more
        process.send_signal(signal.SIGCONT)
        until(lambda: not _is_stopped(process))
        assert model.take(feed.read()) and model.no_answer is None
        assert head_of(model, model.now()).standing is Standing.AS_ITS_STATUS


@pytest.mark.parametrize("set_by", [-3600.0, 0.0, 3600.0])
def test_a_request_that_is_not_taken_in_time_is_said_of_its_executor(
    project: Project, process: subprocess.Popen[bytes], set_by: float
) -> None:
    # GIVEN a request that nobody takes, and a clock that is set meanwhile
    with live_run(project, "o", _by(process, host="elsewhere")) as directory:
        here = Machine(T0, UP)
        look = ExecutorLook(directory, here.clock)
        assert look.look() is None
        asked = ask(directory, CancelRequest("ann"))
        os.utime(asked, (here.wall, here.wall))
        assert look.look() is None
        here.wall += set_by
        here.go_on(ANSWER)
        assert look.look() is None
        # WHEN it has waited too long
        here.go_on(0.5)
        found = look.look()
        # THEN that is said, and what can be done there
        assert found == NoAnswer(directory.name, stopped=False, pid=process.pid, host="elsewhere")
        assert "does not answer" in found.sentence and f"on elsewhere with: kill -KILL {process.pid}" in found.sentence
        # AND a new one that waits beside it changes nothing; with the first taken, it is waited for anew
        ask(directory, CancelRequest("ann", now=True))
        Mailbox(directory).deliver(lambda _: None)
        assert look.look() is None


def test_the_process_that_took_a_run_over_is_the_one_that_is_looked_at(tmp_path: Path) -> None:
    # GIVEN a journal with an executor, and records that only name the word
    file = tmp_path / JOURNAL
    reader = ExecutorReader(file)
    with pytest.raises(FileNotFoundError):
        reader.last()
    first, second = (
        events.executor(T0, pid=pid, start=(1, 1), host="h", boot_id="b", by='an "executor"') for pid in (7, 8)
    )
    named = events.spawning(T0, "executor", 1)
    file.write_text("".join(map(write_event, [first, named])))
    found = reader.last()
    assert found is not None and found["pid"] == 7
    # WHEN another takes it over, of whose record the end is not written yet
    whole = write_event(second)
    with file.open("a") as end:
        end.write(whole[:-10])
    assert reader.last() == found
    with file.open("a") as end:
        end.write(whole[-10:])
    # THEN it is that one, and nothing else of the file is read again
    found = reader.last()
    assert found is not None and found["pid"] == 8
    # AND WHEN the file is another one THEN nothing of the old one is left
    other = tmp_path / "other"
    other.write_text(write_event(named))
    other.replace(file)
    assert reader.last() is None
    # AND a damaged record is the business of who reads the run
    with file.open("a") as end:
        end.write('[[event]]\ntype = "executor"\nat = 1\n\n')
        end.write('[[event]]\ntype = "executor"\npid = \n\n')
    assert reader.last() is None
