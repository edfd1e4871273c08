"""``[backends.NAME]`` and ``runs_on``: what is taken, and what is refused beforehand."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run, start_run
from orch_tui.model.problem import Severity
from orch_tui.model.status import Status
from orch_tui.project.definitions.settings import ProjectSettings, decode_settings
from orch_tui.project.lint.check import Linter
from orch_tui.project.toml.decode import Place

from tests.support.engine_kit import make_commands

CLUSTER = '[backends.cluster]\nkind = "slurm"\n'


def read(text: str) -> tuple[ProjectSettings, list[str]]:
    place = Place("orch.toml", text)
    settings = decode_settings(tomllib.loads(text), place, "x")
    return settings, [problem.message for problem in place.problems]


def test_a_backend_is_read_with_what_its_queue_is_told() -> None:
    more = 'partition = "long"\naccount = "a"\nmax_jobs = 3\noptions = ["--qos=low", "-p2"]\n'
    settings, problems = read(f'runs_on = "cluster"\n{CLUSTER}{more}')
    assert problems == [] and settings.is_far(None) and settings.is_place("cluster") and settings.is_place("local")
    one = settings.backends["cluster"]
    assert (one.partition, one.account, one.max_jobs, one.options) == ("long", "a", 3, ("--qos=low", "-p2"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[backends.c]\n", "backends.c.kind is missing; it can be "),
        (
            '[backends.c]\nkind = "slrum"\n',
            'backends.c.kind is "slrum", and no backend of that kind is installed here; it can be ',
        ),
        ('[backends.local]\nkind = "slurm"\n', '"local" is the name of a launcher'),
        ('[backends."a b"]\nkind = "slurm"\n', '"a b" is no possible id'),
        (f'{CLUSTER}options = ["--requeue"]\n', "orch-tui sets --requeue itself"),
        (f'{CLUSTER}options = ["-Jmine"]\n', "orch-tui sets -J itself"),
        (f'{CLUSTER}options = ["low"]\n', "options begin with -"),
        (f'{CLUSTER}partition = "--wrap=x"\n', "which is no name"),
        (f"{CLUSTER}max_jobs = 0\n", "max_jobs"),
        (f"{CLUSTER}nodes = 3\n", "nodes"),
        ('runs_on = "nowhere"\n', 'runs_on is "nowhere"; the launchers and backends here are "local"'),
        ("[defaults]\nresources = { cpus = 0 }\n", "defaults.resources.cpus"),
        ('[defaults]\nresources = { memory = "8G" }\n', "memory is a limit of its own"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(text: str, said: str) -> None:
    _, problems = read(text)
    assert any(said in problem for problem in problems), problems


def test_check_and_run_refuse_a_place_that_is_not_there(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"a": {"command": "true", "runs_on": '"clutser"'}}}, CLUSTER)
    problems = Linter(project).check(project.orchestration("o"))
    told = next(problem for problem in problems if problem.code == "backend")
    assert told.message == 'the task "a" runs on "clutser"; it can be "local" or "cluster"'
    assert "cluster" in told.remedy and told.task == "a"
    with pytest.raises(RunRefused, match='runs on "clutser"'):
        plan_run(project, RunRequest("o"))
    # AND a run that is told to stay here can be started
    plan = plan_run(project, RunRequest("o", backend="local"))
    assert [task.options.runs_on for task in plan.tasks()] == ["local"]
    with pytest.raises(RunRefused, match='runs on "elsewhere"'):
        plan_run(project, RunRequest("o", backend="elsewhere"))


def test_check_and_run_refuse_a_backend_whose_programs_are_not_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # GIVEN a machine without Slurm, and a task that is to run there
    project = make_commands(tmp_path, {"P": {"a": {"command": "true", "runs_on": '"cluster"'}}}, CLUSTER)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    # WHEN it is checked THEN that is an error, once
    (told,) = [one for one in Linter(project).check(project.orchestration("o")) if one.code == "backend"]
    assert told.severity is Severity.ERROR and told.task == "a" and "--backend local" in told.remedy
    assert told.message.startswith('the backend "cluster" needs sbatch and squeue and scancel, which this machine')
    # AND a run says the same, and leaves nothing behind
    plan = plan_run(project, RunRequest("o"))
    with pytest.raises(RunRefused, match="needs sbatch"):
        start_run(project, plan, by="test")
    assert not project.paths.runs("o").exists()
    # AND one that is told to stay here runs
    plan = plan_run(project, RunRequest("o", backend="local"))
    active = start_run(project, plan, by="test")
    assert active.wait(60) is Status.SUCCESS


def test_resources_that_nobody_asks_for_are_a_warning(tmp_path: Path) -> None:
    project = make_commands(tmp_path, {"P": {"a": {"command": "true", "resources": "{ cpus = 2 }"}}})
    assert [p.code for p in Linter(project).check(project.orchestration("o"))] == ["backend"]
