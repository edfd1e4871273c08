"""Several programs that save into one project at once: no edit is lost without a word."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.concurrent import save_lock
from orch_tui.project.concurrent.save_lock import saving
from orch_tui.project.project import open_project
from orch_tui.project.saving.catalog import InUse, delete_configuration, rename_configuration, rename_orchestration
from orch_tui.project.saving.drafts import draft_slots, found_drafts
from orch_tui.project.saving.writer import ChangedOnDisk, SaveError, save_orchestration, write_new

from tests.support.projects import environment, started
from tests.unit.project.conftest import MakeProject

# Adds phases of its own to one orchestration and texts to one configuration; what is refused is tried again, as a
# person would. Every save that was not refused must be in the file at the end.
_SAVER = """
import sys
from dataclasses import replace
from pathlib import Path
from orch_tui.model.edits.edits import new_phase
from orch_tui.project.project import open_project
from orch_tui.project.saving.writer import ChangedOnDisk, save_configuration, save_orchestration

root, name, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
project, refused = open_project(root), 0
flow, settings = project.paths.orchestration("o"), project.paths.configuration("sql", "c")
print("ready", flush=True)
sys.stdin.readline()
for number in range(count):
    while True:
        project.forget(flow)
        project.forget(settings)
        try:
            if number % 2:
                value = project.configuration("sql/c")
                parameters = {**value.parameters, f"{name}{number}": "x"}
                save_configuration(project, replace(value, parameters=parameters), project.source(settings))
            else:
                value = project.orchestration("o")
                save_orchestration(project, new_phase(value, f"{name}{number}"), project.source(flow))
            break
        except ChangedOnDisk:
            refused += 1
print(refused, flush=True)
"""


def _savers(root: Path, programs: int, count: int) -> tuple[int, list[str]]:
    """How often a save was refused, and what was saved and is not there."""
    running = [
        started(
            [sys.executable, "-c", _SAVER, str(root), f"s{number}n", str(count)],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for number in range(programs)
    ]
    for program in running:
        assert program.stdout is not None and program.stdout.readline() == "ready\n"
    refused = 0
    for program in running:
        assert program.stdin is not None
        program.stdin.write("go\n")
        program.stdin.flush()
    for program in running:
        out, _ = program.communicate(timeout=600)
        assert program.returncode == 0
        refused += int(out)
    project = open_project(root)
    there = {phase.name for phase in project.orchestration("o").phases} | set(project.configuration("sql/c").parameters)
    wanted = {f"s{number}n{at}" for number in range(programs) for at in range(count)}
    return refused, sorted(wanted - there)


@pytest.fixture
def root(make_project: MakeProject) -> Path:
    files = {
        "orchestrations/o.toml": '# kept\nname = "O"\n[[phases]]\nname = "First"\n',
        "configurations/sql/c.toml": '# kept\nname = "C"\n[parameters]\nfirst = 1\n',
    }
    return make_project(files).root


def test_three_programs_that_save_at_once_lose_nothing(root: Path) -> None:
    refused, lost = _savers(root, 3, 12)
    assert lost == []
    assert "# kept" in (root / "orchestrations/o.toml").read_text()
    assert refused < 3 * 12 * 10


@pytest.mark.long
@pytest.mark.parametrize("turn", range(5))
def test_three_programs_that_save_at_once_lose_nothing_at_length(root: Path, turn: int) -> None:
    refused, lost = _savers(root, 3, 60)
    print(f"turn {turn}: 180 saves, {refused} refused and tried again, {len(lost)} lost")
    assert lost == []


def _elsewhere(work: Callable[[], object]) -> threading.Thread:
    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_save_waits_for_another_one_and_then_sees_what_it_wrote(root: Path) -> None:
    # GIVEN another program in the midst of a save
    project = open_project(root)
    path = project.paths.orchestration("o")
    value, base = project.orchestration("o"), project.source(path)
    outcome: list[object] = []

    def save() -> None:
        try:
            outcome.append(save_orchestration(project, Orchestration("o", "Mine"), base))
        except ChangedOnDisk as error:
            outcome.append(error)

    with saving(root):
        thread = _elsewhere(save)
        time.sleep(0.05)
        assert not outcome
        path.write_text(path.read_text() + "# theirs\n")
    thread.join(10)
    # THEN it is told of the change
    assert isinstance(outcome[0], ChangedOnDisk) and value.name == "O"
    assert "# theirs" in path.read_text()


def test_a_program_that_never_ends_its_save_is_a_sentence(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a program that holds the project and does not go on
    monkeypatch.setattr(save_lock, "_WAIT", 0.05)
    descriptor = os.open(root, os.O_RDONLY)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    # WHEN / THEN
    with pytest.raises(SaveError, match="another program is saving"):
        write_new(open_project(root), root / "orchestrations" / "new.toml", 'name = "N"\n')
    assert not (root / "orchestrations" / "new.toml").exists()
    os.close(descriptor)


def test_where_a_directory_cannot_be_locked_a_file_is(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a network file system, which refuses locks on directories
    flock = fcntl.flock

    def refusing(descriptor: int, operation: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EBADF, os.strerror(errno.EBADF))
        flock(descriptor, operation)

    monkeypatch.setattr(fcntl, "flock", refusing)
    monkeypatch.setattr(save_lock, "_WAIT", 0.05)
    # WHEN / THEN one excludes the other all the same
    failures: list[OSError] = []

    def other() -> None:
        try:
            with saving(root):
                pass
        except OSError as error:
            failures.append(error)

    with saving(root):
        _elsewhere(other).join()
    assert len(failures) == 1
    _elsewhere(other).join()
    assert len(failures) == 1


def test_a_save_within_a_save_does_not_wait_for_itself(root: Path) -> None:
    with saving(root), saving(root):
        write_new(open_project(root), root / "orchestrations" / "new.toml", 'name = "N"\n')
    # AND afterwards the project is free for others
    thread = _elsewhere(lambda: write_new(open_project(root), root / "orchestrations" / "more.toml", 'name = "N"\n'))
    thread.join(5)
    assert (root / "orchestrations" / "more.toml").exists()


def _uses(ref: str) -> str:
    return f'name = "O"\n[[phases]]\nname = "P"\n[[phases.tasks]]\nid = "t"\nconfiguration = "{ref}"\n'


def test_a_rename_reaches_tasks_that_another_program_has_just_added(root: Path) -> None:
    # GIVEN a program that has read the orchestrations, one of which another program edits then
    project = open_project(root)
    assert project.orchestration("o").phases[0].tasks == ()
    (root / "orchestrations" / "o.toml").write_text(_uses("sql/c"))
    (root / "orchestrations" / "new.toml").write_text(_uses("sql/c"))
    # WHEN
    rename_configuration(project, "sql/c", "d")
    # THEN every task follows
    for name in ("o", "new"):
        assert 'configuration = "sql/d"' in (root / "orchestrations" / f"{name}.toml").read_text()


def test_what_another_program_uses_meanwhile_is_not_deleted(root: Path) -> None:
    project = open_project(root)
    assert project.orchestration("o").phases[0].tasks == ()
    (root / "orchestrations" / "o.toml").write_text(_uses("sql/c"))
    with pytest.raises(InUse):
        delete_configuration(project, "sql/c")


def test_the_draft_of_a_screen_that_is_open_does_not_move(make_project: MakeProject) -> None:
    # GIVEN a draft that a screen keeps, and one that was left behind
    project = make_project({"orchestrations/o.toml": _uses("sql/c"), "configurations/sql/c.toml": "[parameters]\n"})
    slots = draft_slots(project, "o", "ann")
    project.paths.make_state()
    kept, left = slots.new(), None
    kept.write('name = "Kept"\n')
    left = slots.new()
    left.write('name = "Left"\n')
    left.release()
    # WHEN the orchestration gets another id THEN the one that was left follows
    rename_orchestration(project, "o", "p")
    assert kept.path.exists() and not left.path.exists()
    assert [draft.orchestration.name for draft in found_drafts(project, "p")[0]] == ["Left"]
    kept.release()
