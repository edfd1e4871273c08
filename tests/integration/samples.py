"""Runs a configuration of ``sample_configs`` as the engine would: a data folder, an environment, a process."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "sample_configs"


def copy_samples(target: Path) -> Path:
    """A project of its own, without what earlier runs left behind."""
    return Path(shutil.copytree(SAMPLES, target, ignore=shutil.ignore_patterns(".orch", "out", ".env")))


class TaskFailed(Exception):
    def __init__(self, code: int, log: str) -> None:
        super().__init__(f"exit code {code}: {log}")
        self.code, self.log = code, log


def task_folder(project: Path, ref: str) -> tuple[Path, list[str]]:
    """The attempt's directory of a configuration, and the component's arguments."""
    component, _, name = ref.partition("/")
    directory = project / "configurations" / component
    body = tomllib.loads((directory / f"{name}.toml").read_text())
    variables = tomllib.loads((project / "orch.toml").read_text()).get("variables", {})
    (place,) = (ROOT / "orch_tui" / "components").glob(f"*/{component}.toml")
    manifest = tomllib.loads(place.read_text())

    def value_of(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"file"}:
            value = (directory / value["file"]).read_text()
        if isinstance(value, str):
            return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda found: variables[found[1]]["value"], value)
        return value

    config = {
        "parameters": {key: value_of(value) for key, value in body["parameters"].items()},
        "storage": {
            "input": {
                "tables": [
                    {"source": item["table"], "destination": item.get("name", item["table"].split("/")[1])}
                    for item in body.get("inputs", [])
                ]
            },
            "output": {
                "tables": [
                    {
                        "source": item.get("name", item["table"].split("/")[1]),
                        "destination": item["table"],
                        "mode": item.get("mode", "full"),
                        "primary_key": item.get("primary_key", []),
                    }
                    for item in body.get("outputs", [])
                ]
            },
        },
        "action": "run",
        "orch_tui": {"component": component, "configuration": name, "run": "r1", "task": name, "attempt": 1},
    }
    number = len(list((project / ".orch" / "attempts").glob("*"))) if (project / ".orch").exists() else 0
    data = project / ".orch" / "attempts" / f"{number:03}-{name}"
    for part in ("in/tables", "in/files", "out/tables", "out/files"):
        (data / part).mkdir(parents=True, mode=0o700)
    (data / "config.json").write_text(json.dumps(config))
    return data, [sys.executable, *manifest["command"][1:]]


def environment(project: Path, data: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": str(ROOT),
        "KBC_DATADIR": str(data),
        "ORCH_PROJECT": str(project),
        "ORCH_TASK": str(data),
    }


def run_configuration(project: Path, ref: str) -> dict[str, Any]:
    """result.json of one successful task. Raises: TaskFailed with exit code and log."""
    data, argv = task_folder(project, ref)
    done = subprocess.run(
        argv,
        cwd=project,
        env=environment(project, data),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    if done.returncode != 0:
        raise TaskFailed(done.returncode, done.stdout)
    result: dict[str, Any] = json.loads((data / "result.json").read_text())
    result["log"] = done.stdout
    return result


def phases(project: Path, orchestration: str) -> list[list[str]]:
    """References of an orchestration's tasks, by phase."""
    body = tomllib.loads((project / "orchestrations" / f"{orchestration}.toml").read_text())
    return [[task["configuration"] for task in phase["tasks"]] for phase in body["phases"]]
