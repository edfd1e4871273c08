"""The launcher that a project's ``runs_on`` names."""

from __future__ import annotations

from orch_tui.engine.processes.launcher import Launcher
from orch_tui.engine.processes.local import LocalLauncher
from orch_tui.model.errors import OrchError
from orch_tui.project.extensions.launcher_entries import LOCAL, launcher_entry


class LauncherMissing(OrchError):
    """A launcher is not installed, or its package cannot make it; the text says which and why."""


def make_launcher(name: str) -> Launcher:
    """The program's own, or that of a package.

    Raises:
        LauncherMissing: no package offers it, or what the package says fails.
    """
    if name == LOCAL:
        return LocalLauncher()
    entry = launcher_entry(name)
    if entry is None:
        raise LauncherMissing(f'no package that is installed here offers the launcher "{name}" (runs_on in orch.toml)')
    try:
        launcher: Launcher = entry.load()()
    except Exception as error:
        # It is the code of somebody else: whatever fails in it, the run is not started and it is said.
        said = f"{type(error).__name__}: {error}"
        raise LauncherMissing(f'the launcher "{name}" ({entry.value}) cannot be made: {said}') from error
    return launcher
