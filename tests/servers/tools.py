"""Where the programs are that only tests need: each in a directory of its own, put there by ``install``.

A test that needs one asks for it with :func:`tool`; it is skipped where the tool is not installed, and fails where
``ORCH_TUI_TOOLS=required`` says that nothing may be missing (``.ci/run`` does).
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
TOOLS = Path(os.environ.get("ORCH_TUI_TOOLS_DIR") or ROOT / ".tools")


def tool(name: str) -> Path:
    """The directory of an installed tool: a virtual environment, or a directory of node modules."""
    home = TOOLS / name
    if not (home / "installed").exists():
        missing(f"{name} is not installed; run: python -m tests.servers.install {name}")
    return home


def program(name: str, *elsewhere: str) -> Path:
    """A program of the system, on the PATH or in one of the directories (globs) ``elsewhere``."""
    found = shutil.which(name)
    if found:
        return Path(found)
    for pattern in elsewhere:
        for directory in sorted(Path("/").glob(pattern.lstrip("/")), reverse=True):
            if (directory / name).exists():
                return directory / name
    missing(f"{name} is not installed; run: python -m tests.servers.install system")


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it where nothing may be missing."""
    # The installer reads this module in a bare Python.
    import pytest

    if os.environ.get("ORCH_TUI_TOOLS") == "required":
        pytest.fail(reason)
    pytest.skip(reason)
