"""The report of a fault of the program: what a developer needs, and nothing that must stay secret."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from orch_tui.project.files.own_files import create_own
from orch_tui.project.masking.faults import fault_text


def compose(error: BaseException, environment: Mapping[str, str]) -> str:
    """Versions, terminal and traceback; no values of variables."""
    packages = [f"{name} {_version(name)}" for name in ("orch-tui", "textual", "rich", "duckdb", "pydantic")]
    # Without the values of local variables: they may hold anything.
    trace = "".join(traceback.TracebackException.from_exception(error, capture_locals=False).format())
    return "\n".join(
        [
            "orch-tui stopped because of a fault in the program.",
            f"time      {time.strftime('%Y-%m-%d %H:%M:%S %z')}",
            f"versions  {', '.join(packages)}",
            f"python    {platform.python_version()} on {platform.platform()}",
            f"terminal  TERM={environment.get('TERM', '')} COLORTERM={environment.get('COLORTERM', '')}",
            f"command   {' '.join(Path(part).name for part in sys.argv[:1])}",
            "",
            trace,
        ]
    )


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "(not installed)"


def write_report(error: BaseException, state: Path | None, env_file: Path | None = None) -> Path | None:
    """Write the report, readable by the owner only, into ``state``/crash or else the temporary directory.

    Returns: where it is; None when it could be written nowhere.
    """
    text = fault_text(compose(error, os.environ), env_file)
    name = f"orch-tui-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    directories = [state / "crash"] if state is not None and state.is_dir() else []
    for directory in (*directories, Path(tempfile.gettempdir())):
        try:
            directory.mkdir(mode=0o700, exist_ok=True)
            path = directory / name
            create_own(path, text.encode("utf-8", "replace"))
            return path
        except OSError:
            continue
    return None
