"""Whole runs whose built-in tasks are forked: results, kills of the executor, takeover, and nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from orch_tui.engine.processes.process import kill_processes, read_stat, tagged
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.status import Status
from orch_tui.project.journal.file import read_run
from orch_tui.project.project import Project, open_project

from tests.support.engine_kit import run, statuses, until
from tests.support.projects import started


def make_sql(root: Path, statements: dict[str, str], *, parallel: int = 1) -> Project:
    """An orchestration ``o`` of SQL tasks, each of which makes the table of its name."""
    (root / "orchestrations").mkdir(parents=True)
    (root / "configurations" / "sql").mkdir(parents=True)
    (root / "orch.toml").write_text('name = "Test"\n')
    lines = ['name = "O"', f"max_parallel = {parallel}", "[[phases]]", 'name = "P"']
    for name, sql in statements.items():
        (root / "configurations" / "sql" / f"{name}.toml").write_text(
            f'name = "{name}"\n[parameters]\nsql = """{sql}"""\n[[outputs]]\nname = "{name}"\ntable = "made/{name}"\n'
        )
        lines += ["[[phases.tasks]]", f'id = "{name}"', f'configuration = "sql/{name}"', "grace = 1"]
    (root / "orchestrations" / "o.toml").write_text("\n".join(lines) + "\n")
    return open_project(root)


def forkers(project: Path) -> list[int]:
    """Processes that fork attempts of a project's runs."""
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            arguments = Path(f"/proc/{entry}/cmdline").read_bytes()
            environment = Path(f"/proc/{entry}/environ").read_bytes()
        except OSError:
            continue
        if (
            b"orch_tui.components.kit.processes.forker" in arguments
            and os.fsencode(f"ORCH_PROJECT={project}\0") in environment
        ):
            found.append(int(entry))
    return found


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[1])


@pytest.fixture
def victims(tmp_path: Path) -> Iterator[list[subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
    kill_processes(tagged((tmp_path / ".orch" / "runs" / "o").glob("*/tasks/*/*")))


_LONG = "create table {} as select sum(a.range * b.range) as a from range(4000000) a, range(4000000) b"


def test_a_run_of_built_in_tasks_ends_as_ever_and_leaves_no_process(tmp_path: Path) -> None:
    # GIVEN four tasks, one of which fails
    fine = "create table {} as select 1 as a"
    project = make_sql(tmp_path, {name: fine.format(name) for name in "abc"} | {"d": "select error('told you')"})
    # WHEN
    state = run(project)
    # THEN
    assert statuses(state) == dict.fromkeys("abc", Status.SUCCESS) | {"d": Status.ERROR}
    last = state.tasks["d"].attempts[-1]
    assert last.exit_code == 1 and "told you" in last.reason
    # AND the forked ones needed a fraction of what the first one did
    used = [attempt.usage for task in state.tasks.values() for attempt in task.attempts]
    cpu = [one.cpu for one in used if one is not None and one.cpu is not None]
    assert len(cpu) == 4 and max(cpu[1:]) < cpu[0]
    assert forkers(tmp_path) == []


def test_a_forked_task_outlives_its_executor_and_is_adopted_and_the_forker_goes_with_it(
    tmp_path: Path, victims: list[subprocess.Popen[str]]
) -> None:
    # GIVEN a run whose second task is forked, and works
    project = make_sql(tmp_path, {"a": "create table a as select 1 as a", "b": _LONG.format("b")})
    process = started([sys.executable, "-m", "tests.integration.kill_me", str(tmp_path)], stdout=subprocess.PIPE)
    victims.append(process)
    assert process.stdout is not None
    directory = Path(process.stdout.readline().strip())

    def pid() -> int | None:
        attempts = read_run(directory).tasks["b"].attempts
        return attempts[0].pid if attempts else None

    until(pid, 60)
    worker = pid()
    assert worker is not None
    forker = parent_of(worker)
    assert forkers(tmp_path) == [forker]
    # WHEN the executor is killed THEN the task goes on, and the forker stays for its end
    process.send_signal(signal.SIGKILL)
    process.wait()
    stat = read_stat(worker)
    assert stat is not None and stat.state not in "ZX" and forkers(tmp_path) == [forker]
    # WHEN another takes over THEN it is the same process that it follows
    active = take_over(project, directory, by="test")
    assert active.state.tasks["b"].attempts[0].pid == worker and len(active.state.tasks["b"].attempts) == 1
    # WHEN the task is killed by a fault THEN its code is known, and the forker has gone
    os.kill(worker, signal.SIGSEGV)
    assert active.wait(60) is Status.ERROR
    assert read_run(directory).tasks["b"].attempts[0].exit_code == 128 + signal.SIGSEGV
    until(lambda: forkers(tmp_path) == [])


def test_a_forker_without_attempts_goes_with_its_executor(tmp_path: Path, victims: list[subprocess.Popen[str]]) -> None:
    # GIVEN a run that forked its second task, and whose third is no built-in one and waits
    make_sql(tmp_path, {"a": "create table a as select 1 as a", "b": "create table b as select 1 as a"})
    (tmp_path / "configurations" / "command").mkdir()
    (tmp_path / "configurations" / "command" / "c.toml").write_text(
        'name = "c"\n[parameters]\ncommand = "touch there; exec sleep 600"\n'
    )
    orchestration = tmp_path / "orchestrations" / "o.toml"
    task = '[[phases]]\nname = "Q"\n[[phases.tasks]]\nid = "c"\nconfiguration = "command/c"\n'
    orchestration.write_text(orchestration.read_text() + task)
    process = started([sys.executable, "-m", "tests.integration.kill_me", str(tmp_path)], stdout=subprocess.PIPE)
    victims.append(process)
    assert process.stdout is not None
    directory = Path(process.stdout.readline().strip())
    until((tmp_path / "there").exists, 60)
    assert len(forkers(tmp_path)) == 1
    sleeper = read_run(directory).tasks["c"].attempts[0].pid
    assert sleeper is not None
    # WHEN the executor is killed THEN the forker goes at once
    process.send_signal(signal.SIGKILL)
    process.wait()
    until(lambda: forkers(tmp_path) == [])
    os.killpg(sleeper, signal.SIGKILL)
