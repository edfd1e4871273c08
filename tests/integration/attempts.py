"""An attempt's directory as the engine makes it, and programs run in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orch_tui.storage.storage import Storage

from tests.support.warm import warm

COMPONENT = (
    *(f"orch_tui.components.kit.{name}" for name in ("sql", "parameters", "staging.checking", "staging.staging")),
    *(f"orch_tui.storage.{name}" for name in ("publishing.merge", "publishing.publish", "storage")),
    "httpx",
)
"""What attempts of most built-in components import, as a run's forker has it, and what those of APIs do."""


def _python_path() -> str:
    return os.pathsep.join(path for path in sys.path if path)


@dataclass
class Attempt:
    project: Path
    data: Path
    env: dict[str, str]

    @property
    def storage(self) -> Storage:
        return Storage(self.project / ".orch" / "storage")

    @property
    def result(self) -> dict[str, Any]:
        body: dict[str, Any] = json.loads((self.data / "result.json").read_text())
        return body

    def start(self, *argv: str, code: str | None = None) -> subprocess.Popen[str]:
        """A component module, or ``code`` for the interpreter, in its own process group."""
        return subprocess.Popen(
            self._command(argv, code),
            cwd=self.project,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )

    @staticmethod
    def _command(argv: tuple[str, ...], code: str | None) -> list[str]:
        return [sys.executable, "-c", code] if code is not None else [sys.executable, "-m", *argv]

    def run(self, *argv: str, code: str | None = None) -> tuple[int, str, str]:
        """Exit code, standard output, standard error. Built-in components start as in a run, where they are forked."""
        if self.env.get("PYTHONPATH") == _python_path():
            ended = warm(*COMPONENT).run(self._command(argv, code), self.env, self.project, 60)
            return ended.code, ended.out, ended.err
        process = self.start(*argv, code=code)
        out, err = process.communicate(timeout=60)
        return process.returncode, out, err


def attempt(
    tmp_path: Path,
    parameters: dict[str, Any] | None = None,
    inputs: list[dict[str, Any]] | None = None,
    outputs: list[dict[str, Any]] | None = None,
    secrets: dict[str, str] | None = None,
    writers: dict[str, str] | None = None,
    name: str = "1",
) -> Attempt:
    data = tmp_path / ".orch" / "runs" / "o" / "r" / "tasks" / "t" / name
    for folder in ("in/tables", "in/files", "out/tables", "out/files"):
        (data / folder).mkdir(parents=True)
    about = {"component": "python", "configuration": "sample", "run": "r", "task": "t", "attempt": 1}
    body = {
        "parameters": parameters or {},
        "storage": {"input": {"tables": inputs or []}, "output": {"tables": outputs or []}},
        "action": "run",
        "image_parameters": {},
        "orch_tui": {**about, "writers": writers or {}},
    }
    (data / "config.json").write_text(json.dumps(body))
    env = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "PYTHONPATH": _python_path(),
        "KBC_DATADIR": str(data),
        "ORCH_PROJECT": str(tmp_path),
        "ORCH_RUN": "r",
        "ORCH_TASK": str(data),
        "ORCH_TASK_ID": "t",
        "ORCH_ATTEMPT": "1",
        **{name: os.environ[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ},
    }
    if secrets:
        env |= {**secrets, "ORCH_SECRETS": ",".join(secrets)}
    return Attempt(tmp_path, data, env)
