"""What a fresh interpreter has imported: the layers hold at run time too, and nothing heavy is loaded for nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.projects import environment, make_project

HEAVY = {
    "textual",
    "rich",
    "duckdb",
    "pydantic",
    "tomlkit",
    "jsonschema",
    "httpx",
    "dotenv",
    "cel_expr_python",
    "sqlglot",
}
_SCRIPT = """
import json, sys
from orch_tui.__main__ import main
code = main()
sys.stderr.write(json.dumps([code, sorted(sys.modules)]))
"""


def modules_after(script: str, *arguments: str, cwd: Path) -> tuple[int, set[str]]:
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments],
        cwd=cwd,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    code, modules = json.loads(done.stderr.splitlines()[-1])
    return code, set(modules)


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["run", "--help"], ["run", "daily"], ["run", "daily", "--dry-run"], ["list"], ["runs"], ["show"],
     ["tables"], ["watch", "daily"], ["logs", "daily"]],
    ids=" ".join,
)  # fmt: skip
def test_commands_that_need_nothing_heavy_import_nothing_heavy(tmp_path: Path, arguments: list[str]) -> None:
    # GIVEN a project that has run
    project = make_project(tmp_path, {"daily": {"First": {"a": "true"}}})
    subprocess.run([sys.executable, "-m", "orch_tui", "run", "daily", "-q"], cwd=project, env=environment(), check=True)
    # WHEN
    code, modules = modules_after(_SCRIPT, *arguments, cwd=project)
    # THEN
    assert code == 0
    assert not modules & HEAVY
    # AND nothing of conditions, which this project has none of
    assert not {name for name in modules if name.startswith("orch_tui.conditions.")}
    # AND the engine is not needed for what only looks
    if arguments[-1] in ("--help", "list", "runs"):
        assert not {"asyncio", "orch_tui.engine.runs.start"} & modules


_MAKING_LITTLE = """
import dataclasses, json, re, sys
orders = []
def told(make, own):
    def made(*arguments, **options):
        caller = sys._getframe(1).f_globals["__name__"]
        if caller.startswith("orch_tui.") and caller != own:
            orders.append(caller)
        return make(*arguments, **options)
    return made
dataclasses.dataclass = told(dataclasses.dataclass, "orch_tui.model.dataclass")
re.compile = told(re.compile, "orch_tui.model.texts.pattern")
from orch_tui.__main__ import main
code = main()
sys.stderr.write(json.dumps([code, [*sys.modules, *(f"made by {name}" for name in orders)]]))
"""
NOT_FOR_A_PLAIN_RUN = {
    "orch_tui.conditions": "it has no rules",
    "orch_tui.cli.follow.parts": "it has no arrays",
    "orch_tui.engine.attempts.earlier": "it repeats no other run",
    "orch_tui.engine.phases.arrays": "it has no arrays",
    "orch_tui.engine.runs.takeover": "it is not gone on with",
    "orch_tui.engine.trials": "nothing is tried",
    "orch_tui.freshness": "it runs all of it",
    "orch_tui.model.orchestration.each": "it has no arrays",
    "orch_tui.lineage": "nobody looks at tables",
    "orch_tui.project.kept.comparing": "nothing is compared",
    "orch_tui.project.saving": "nothing is saved",
    "orch_tui.project.toml.edit": "nothing is saved",
    "orch_tui.scheduling": "it has no schedule",
    "orch_tui.triggers": "it has no trigger",
}
"""What a run of a task of its own project, without conditions, schedules and alerts, does without."""
MOST_OWN_MODULES = 176
"""Each costs a quarter of a millisecond before the first task. More are a decision, not an accident."""


def test_a_plain_run_loads_only_what_it_needs_and_compiles_nothing_for_later(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {"daily": {"First": {"a": "true"}}})
    # WHEN
    code, modules = modules_after(_MAKING_LITTLE, "run", "daily", "--quiet", cwd=project)
    # THEN
    assert code == 0
    needless = {
        name: why
        for name in modules
        for start, why in NOT_FOR_A_PLAIN_RUN.items()
        if name == start or name.startswith(start + ".")
    }
    assert not needless
    assert len({name for name in modules if name.startswith("orch_tui")}) <= MOST_OWN_MODULES
    # AND values and patterns are made by orch_tui.model.dataclass and orch_tui.model.texts.pattern, which compile late
    assert not {name for name in modules if name.startswith("made by ")}


def test_check_of_a_project_without_configurations_imports_nothing_heavy(tmp_path: Path) -> None:
    # GIVEN
    project = make_project(tmp_path, {})
    # WHEN
    code, modules = modules_after(_SCRIPT, "check", cwd=project)
    # THEN
    assert code == 0
    assert not modules & HEAVY


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("model", {"model"}),
        ("conditions", {"model", "conditions"}),
        ("project", {"model", "conditions", "project"}),
        ("engine", {"model", "conditions", "project", "engine"}),
        ("storage", {"model", "conditions", "project", "storage"}),
        ("components", {"model", "conditions", "project", "storage", "components"}),
    ],
)
def test_a_layer_imports_only_the_layers_below_it(tmp_path: Path, package: str, allowed: set[str]) -> None:
    # GIVEN every module of the package
    # WHEN they are imported in a fresh interpreter
    script = f"""
import importlib, json, pkgutil, sys
import orch_tui.{package} as package
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    importlib.import_module(module.name)
sys.stderr.write(json.dumps([0, sorted(sys.modules)]))
"""
    _, modules = modules_after(script, cwd=tmp_path)
    # THEN nothing of the layers above is there, and nothing heavy but in the components, which are child processes
    own = {name.split(".")[1] for name in modules if name.startswith("orch_tui.")}
    assert own <= allowed
    if package not in ("components", "storage"):
        assert not modules & HEAVY
