"""``[backends.NAME]`` of the kind ``dask``: what is taken, what is refused, and what ``check`` says beforehand."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRefused, RunRequest, plan_run, start_run
from orch_tui.model.orchestration.resources import Resources
from orch_tui.project.definitions.dask_settings import DaskSettings, TlsFiles
from orch_tui.project.definitions.settings import ProjectSettings, decode_settings
from orch_tui.project.lint.check import Linter, check
from orch_tui.project.project import open_project
from orch_tui.project.toml.decode import Place

from tests.support.engine_kit import make_commands

KIND = '[backends.lab]\nkind = "dask"\n'
HERE = f'{KIND}scheduler = "tcp://127.0.0.1:8786"\n'


def read(text: str) -> tuple[ProjectSettings, list[str]]:
    place = Place("orch.toml", text)
    settings = decode_settings(tomllib.loads(text), place, "x")
    return settings, [problem.message for problem in place.problems]


def settings_of(text: str) -> DaskSettings:
    settings, problems = read(text)
    assert problems == []
    found = settings.backends["lab"].dask
    assert found is not None
    return found


def test_a_scheduler_is_read_with_its_certificates_and_what_a_task_takes() -> None:
    tls = 'tls = { ca = "/c/ca.pem", cert = "/c/cert.pem", key = "/c/key.pem" }\n'
    own = 'resources = { slot = 2, CPU = "cpus", GPU = "gpus", MEMORY = "memory" }\nmax_jobs = 3\n'
    text = f'{KIND}scheduler = "tls://lab.example:8786"\n{tls}{own}'
    found = settings_of(text)
    assert found.scheduler == "tls://lab.example:8786" and found.tls == TlsFiles(
        "/c/ca.pem", "/c/cert.pem", "/c/key.pem"
    )
    assert read(text)[0].backends["lab"].max_jobs == 3 and not found.is_open
    # A task that says nothing takes a CPU; what it has none of is not asked for.
    assert found.taken(Resources(), None) == {"slot": 2, "CPU": 1}
    assert found.taken(Resources(cpus=4, gpus=1), 2**30) == {"slot": 2, "CPU": 4, "GPU": 1, "MEMORY": 2**30}
    assert found.unasked(Resources(cpus=4, gpus=1)) == []
    # A file that the scheduler writes may stand for its address.
    assert settings_of(f'{KIND}scheduler_file = "/shared/scheduler.json"\n').scheduler_file == "/shared/scheduler.json"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (KIND, "backends.lab does not say where its scheduler is"),
        (f'{HERE}scheduler_file = "/a"\n', "backends.lab has both scheduler and scheduler_file"),
        (f'{KIND}scheduler = "lab:8786"\n', 'backends.lab.scheduler is "lab:8786", which is no address'),
        (f'{KIND}scheduler = "tcp://me:pw@lab:8786"\n', "which is no address of a scheduler"),
        (f'{KIND}scheduler = "tls://lab:8786"\n', "backends.lab.scheduler needs certificates"),
        (f'{HERE}tls = {{ ca = "/a", cert = "/b", key = "/c" }}\n', "has certificates that tcp:// does not use"),
        (f'{HERE}tls = {{ ca = "/a", cert = "/b" }}\n', "backends.lab.tls.key is missing"),
        (f'{HERE}tls = {{ ca = "a", cert = "/b", key = "/c" }}\n', 'tls.ca is "a", which is no whole path'),
        (f"{HERE}resources = {{ slot = 0 }}\n", "backends.lab.resources.slot is"),
        (f'{HERE}resources = {{ slot = "disks" }}\n', 'can be a number above 0, or "cpus", "gpus" or "memory"'),
        (f"{HERE}max_jobs = 0\n", "max_jobs"),
        (f'{HERE}partition = "long"\n', "partition"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_where_it_stands(text: str, said: str) -> None:
    _, problems = read(text)
    assert any(said in problem for problem in problems), problems


def told(tmp_path: Path, backend: str) -> list[str]:
    """What check says of an orchestration with two tasks there, one of which wants a GPU."""
    tasks = {"a": {"command": "true", "resources": "{ gpus = 1 }"}, "b": {"command": "true"}}
    project = make_commands(tmp_path, {"P": tasks}, f'runs_on = "lab"\n{backend}')
    return [p.message for p in Linter(project).check(project.orchestration("o")) if p.code == "backend"]


def test_check_says_what_a_scheduler_cannot_keep(tmp_path: Path) -> None:
    # GIVEN a scheduler that everybody reaches THEN each thing is said once
    open_one = f'{KIND}scheduler = "tcp://10.0.0.5:8786"\n'
    messages = told(tmp_path / "open", open_one)
    assert len(messages) == 3
    assert any("keeps what waits in its memory alone" in text for text in messages)
    assert any("it has no login" in text for text in messages)
    assert any('the task "a" names gpus, which nobody asks for on "lab"' in text for text in messages)
    # GIVEN one of this machine alone, whose workers have what the task asks for THEN only what all have is left
    assert len(told(tmp_path / "here", f'{HERE}resources = {{ GPU = "gpus" }}\n')) == 1


def test_a_library_that_is_not_there_is_named_beforehand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert any("needs the package distributed (pip install" in text for text in told(tmp_path, HERE))
    project = open_project(tmp_path)
    with pytest.raises(RunRefused, match="needs the package distributed"):
        start_run(project, plan_run(project, RunRequest("o")), by="test")


def test_what_is_said_of_a_scheduler_is_said_once_where_it_stands(tmp_path: Path) -> None:
    # GIVEN two orchestrations whose tasks run on one scheduler
    task = {"command": "true"}
    text = f'runs_on = "lab"\n{KIND}scheduler = "tcp://10.0.0.5:8786"\n'
    project = make_commands(tmp_path, {"P": {"a": task}}, text)
    other = tmp_path / "orchestrations" / "other.toml"
    other.write_text((tmp_path / "orchestrations" / "o.toml").read_text())
    # WHEN the project is checked
    found = [problem for problem in check(open_project(project.root)) if problem.code == "backend"]
    # THEN each of both warnings is there once, at its table in orch.toml
    assert len(found) == 2 and {problem.file for problem in found} == {"orch.toml"}
    line = (tmp_path / "orch.toml").read_text().splitlines()[(found[0].line or 0) - 1]
    assert line == "[backends.lab]"
