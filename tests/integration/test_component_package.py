"""A package of somebody else that brings a component: found by its entry point, shown, checked, run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.projects import ROOT

PACKAGE = ROOT / "tests" / "support" / "sample_package"
CONFIGURATION = """
name = "Weather of {place}"
[parameters]
place = "{place}"
days = {days}
[[outputs]]
table = "weather/days"
"""
ORCHESTRATION = """
name = "Weather"
[[phases]]
id = "load"
name = "Load"
[[phases.tasks]]
id = "days"
configuration = "weather-extractor/days"
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def run_with_package(tmp_path: Path) -> Run:
    """The program with the package beside it, as pip would lay it: the module, and the metadata of its entry point."""
    site = tmp_path / "site"
    shutil.copytree(PACKAGE / "weather_components", site / "weather_components")
    metadata = site / "weather_components-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: weather-components\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text("[orch_tui.components]\nweather = weather_components\n")
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(ROOT)])}

    def run(*arguments: str, package: bool = True) -> subprocess.CompletedProcess[str]:
        chosen = env if package else {**env, "PYTHONPATH": str(ROOT)}
        argv = [sys.executable, "-m", "orch_tui", *arguments, "--project", str(tmp_path / "project")]
        return subprocess.run(argv, env=chosen, cwd=tmp_path, capture_output=True, text=True, timeout=120)

    return run


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    for name, text in {
        "orch.toml": 'name = "P"\npass_environment = ["PYTHONPATH"]\n',
        "configurations/weather-extractor/days.toml": CONFIGURATION.format(place="Brno", days=2),
        "orchestrations/weather.toml": ORCHESTRATION,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


def test_it_is_listed_and_described_and_runs(run_with_package: Run, project: Path) -> None:
    # GIVEN a project whose task runs a component of a package
    # WHEN it is listed, described, checked and run
    listed = run_with_package("list", "components", "--json")
    schema = run_with_package("component", "schema", "weather-extractor")
    checked = run_with_package("check")
    ran = run_with_package("run", "weather")
    preview = run_with_package("preview", "weather/days", "--json")
    # THEN it is like a component of the program
    assert "weather-extractor" in {item["id"] for item in json.loads(listed.stdout)}
    assert json.loads(schema.stdout)["required"] == ["place"]
    assert checked.returncode == 0, checked.stdout
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Brno" in preview.stdout and preview.returncode == 0


def test_wrong_parameters_are_a_sentence(run_with_package: Run, project: Path) -> None:
    file = project / "configurations" / "weather-extractor" / "days.toml"
    file.write_text(CONFIGURATION.format(place="Brno", days=0))
    checked = run_with_package("check")
    assert checked.returncode == 2 and "days: must be" in checked.stdout


def test_without_the_package_the_component_is_missed_by_name(run_with_package: Run, project: Path) -> None:
    checked = run_with_package("check", package=False)
    assert checked.returncode == 2
    assert "weather-extractor" in checked.stdout
