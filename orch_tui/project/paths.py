"""Where everything of a project lives. The only place that knows the layout of the directory."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

_PRIVATE_DIR = 0o700
_IGNORE = "# Written by orch-tui: everything here is the program's own state.\n*\n"


@dataclass(frozen=True, slots=True)
class ProjectPaths:
    """Paths below ``root``, the absolute project directory."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / "orch.toml"

    @property
    def env_file(self) -> Path:
        return self.root / ".env"

    @property
    def components(self) -> Path:
        return self.root / "components"

    @property
    def configurations(self) -> Path:
        return self.root / "configurations"

    @property
    def orchestrations(self) -> Path:
        return self.root / "orchestrations"

    @property
    def state(self) -> Path:
        return self.root / ".orch"

    @property
    def storage(self) -> Path:
        return self.state / "storage"

    @property
    def drafts(self) -> Path:
        return self.state / "drafts"

    @property
    def edits(self) -> Path:
        return self.state / "edits"

    @property
    def trash(self) -> Path:
        return self.state / "trash"

    @property
    def locks(self) -> Path:
        return self.state / "locks"

    @property
    def saving_lock(self) -> Path:
        return self.locks / "saving.lock"

    def component(self, component: str) -> Path:
        return self.components / f"{component}.toml"

    def configuration(self, component: str, configuration: str) -> Path:
        return self.configurations / component / f"{configuration}.toml"

    def orchestration(self, orchestration: str) -> Path:
        return self.orchestrations / f"{orchestration}.toml"

    def runs(self, orchestration: str) -> Path:
        return self.state / "runs" / orchestration

    def run(self, orchestration: str, run: str) -> Path:
        return self.runs(orchestration) / run

    def configuration_lock(self, component: str, configuration: str) -> Path:
        return self.locks / component / f"{configuration}.lock"

    def relative(self, path: Path) -> str:
        """``path`` as it is shown to people: relative to the project when it is inside."""
        try:
            return str(path.relative_to(self.root))
        except ValueError:
            return str(path)

    def make_state(self) -> None:
        """Create ``.orch/`` (0700) with its ``.gitignore``. Raises: OSError."""
        self.state.mkdir(mode=_PRIVATE_DIR, exist_ok=True)
        ignore = self.state / ".gitignore"
        if not ignore.exists():
            ignore.write_text(_IGNORE, encoding="utf-8")


def lock_beside(path: Path) -> Path:
    """The lock of one file; no list of files has it in it."""
    return path.with_name(f".{path.name}.lock")


def make_private(path: Path) -> None:
    """Create a directory and its missing parents, readable by the owner only. Raises: OSError."""
    try:
        os.mkdir(path, _PRIVATE_DIR)
    except FileExistsError:
        return
    except FileNotFoundError:
        make_private(path.parent)
        # Another process may have been faster meanwhile.
        with contextlib.suppress(FileExistsError):
            os.mkdir(path, _PRIVATE_DIR)
