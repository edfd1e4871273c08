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
