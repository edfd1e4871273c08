"""Kinds of backends: the program's own, and those that packages offer by an entry point.

A package offers one by an entry point of the group :data:`GROUP`: its name is the ``kind`` of ``[backends.NAME]``, its
value makes an :class:`orch_tui.engine.backends.backend.Backend` out of the
:class:`orch_tui.project.definitions.backends.BackendSettings`. See
https://packaging.python.org/en/latest/specifications/entry-points/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

GROUP = "orch_tui.backends"
SLURM, DASK = "slurm", "dask"
"""The program's own; a package cannot take their place."""
_SLURM_PROGRAMS = ("sbatch", "squeue", "scancel")
DASK_LIBRARY = "distributed"


def lacking_programs(kind: str) -> list[str]:
    """What backends of this kind start or load, and this machine does not have."""
    import shutil
    from importlib.util import find_spec

    if kind == DASK and find_spec(DASK_LIBRARY) is None:
        return [f"the package {DASK_LIBRARY} (pip install 'orch-tui[dask]')"]
    needed = _SLURM_PROGRAMS if kind == SLURM else ()
    return [program for program in needed if shutil.which(program) is None]


def backend_entry(kind: str) -> EntryPoint | None:
    """What an installed package offers under this name; the first by its value where several do."""
    from importlib.metadata import entry_points

    return min(entry_points(group=GROUP, name=kind), key=lambda entry: entry.value, default=None)


def backend_kinds() -> list[str]:
    """All that ``kind`` may be, the program's own first. Nothing is imported."""
    from importlib.metadata import entry_points

    return [SLURM, DASK, *sorted({entry.name for entry in entry_points(group=GROUP)} - {SLURM, DASK})]
