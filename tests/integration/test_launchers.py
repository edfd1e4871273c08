"""Launchers: what any of them must do, and one of a package that a project names."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest
from orch_tui.engine.processes.launchers import LauncherMissing, make_launcher
from orch_tui.engine.runs.start import RunRefused
from orch_tui.engine.runs.takeover import take_over
from orch_tui.model.status import Status
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.project import Project, open_project

from tests.support.commands import command_here
from tests.support.engine_kit import begin, make_commands, run, until
from tests.support.executors import kill_process
from tests.support.launcher_contract import LauncherContract
from tests.support.projects import ROOT, latest_run, start, wait_for_file

PACKAGE = ROOT / "tests" / "support" / "sample_launcher"
# Field 19 of /proc/PID/stat, see proc_pid_stat(5).
NICENESS = "cut -d ' ' -f 19 /proc/self/stat"
POLITE = str(min(19, os.nice(0) + 19))


class TestLocal(LauncherContract):
    launcher = "orch_tui.engine.processes.local:LocalLauncher"


class TestPackage(LauncherContract):
    launcher = "tests.support.sample_launcher.polite_launcher:PoliteLauncher"


def install(site: Path, entries: str) -> Path:
    """The package as pip would lay it: the module, and the metadata of its entry points."""
    shutil.copytree(PACKAGE / "polite_launcher", site / "polite_launcher")
    metadata = site / "polite_launcher-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: polite-launcher\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[orch_tui.launchers]\n{entries}\n")
    return site


@pytest.fixture
def site(tmp_path: Path) -> Path:
    return install(tmp_path / "site", "polite = polite_launcher:PoliteLauncher")


@pytest.fixture
def installed(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In this process too."""
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.delitem(sys.modules, "polite_launcher", raising=False)


def polite(tmp_path: Path, script: str = NICENESS) -> Project:
    return make_commands(tmp_path / "p", {"P": {"a": script}}, 'runs_on = "polite"')


def test_a_project_names_the_launcher_of_a_package(tmp_path: Path, installed: None) -> None:
    # WHEN the project says so THEN its tasks are started by it
    project = polite(tmp_path)
    assert project.problems() == []
    state = run(project)
    assert state.status is Status.SUCCESS
    assert (latest_run(project.root, "o") / "tasks/a/1/log").read_text().strip() == POLITE
    # AND without, they are not
    plain = make_commands(tmp_path / "plain", {"P": {"a": NICENESS}})
    run(plain)
    assert (latest_run(plain.root, "o") / "tasks/a/1/log").read_text().strip() == str(os.nice(0))


def test_a_run_that_is_taken_over_goes_on_with_it(tmp_path: Path, site: Path, installed: None) -> None:
    # GIVEN a run whose executor is killed while its first task is under way
    task = f"touch ready; until [ -e go ]; do sleep 0.02; done; {NICENESS}"
    project = make_commands(tmp_path / "p", {"P": {"a": task}, "Q": {"b": NICENESS}}, 'runs_on = "polite"')
    process = start(project.root, "run", "o", env={"PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])})
    wait_for_file(project.root / "ready", process)
    kill_process(process.pid)
    process.communicate()
    # WHEN another one goes on with it
    directory = latest_run(project.root, "o")
    taken = take_over(project, directory, by="test")
    (project.root / "go").touch()
    until(lambda: not taken.alive)
    # THEN it has followed what ran, and started the rest, politely
    assert [(directory / f"tasks/{name}/1/log").read_text().strip() for name in "ab"] == [POLITE, POLITE]


def test_what_is_not_installed_is_told_by_check_and_nothing_is_started(tmp_path: Path) -> None:
    # GIVEN a project that names a launcher that is not there
    with pytest.raises(DefinitionError):
        polite(tmp_path)
    # THEN it is a problem of orch.toml, and its runs are refused
    for arguments in (("check",), ("run", "o")):
        done = command_here(tmp_path / "p", *arguments)
        assert done.returncode == 2
        assert 'runs_on is "polite"; the launchers and backends here are "local"' in done.stdout + done.stderr
    assert not (tmp_path / "p" / ".orch" / "runs" / "o").exists()


@pytest.mark.parametrize(
    ("value", "says"),
    [("no_such_module:Launcher", "ModuleNotFoundError"), ("polite_launcher:Nothing", "AttributeError")],
)
def test_what_a_package_cannot_make_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, value: str, says: str
) -> None:
    monkeypatch.syspath_prepend(str(install(tmp_path / "site", f"broken = {value}")))
    project = make_commands(tmp_path / "p", {"P": {"a": "true"}}, 'runs_on = "broken"')
    with pytest.raises(RunRefused, match=f'the launcher "broken" .* cannot be made: {says}'):
        begin(open_project(project.root))
    with pytest.raises(LauncherMissing, match="no package that is installed here"):
        make_launcher("other")
