"""A change of one place, and where the program's mutants come from."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

PACKAGES = ("model", "engine", "project", "storage")


@dataclass(frozen=True, order=True)
class Mutant:
    """``module`` is a path (``orch_tui/model/run/plan.py``), ``line`` and ``last`` count from 1, ``column`` from 0.

    ``operator``, ``arguments`` (JSON) and ``occurrence`` are cosmic-ray's.
    """

    module: str
    line: int
    last: int
    operator: str
    arguments: str
    occurrence: int
    column: int

    def is_in(self, tree: Path) -> bool:
        """Whether there is still something to change; what it would change may be another place by now."""
        path = tree / self.module
        return path.exists() and self.of(path.read_text(encoding="utf-8")) is not None

    def of(self, source: str) -> str | None:
        """The changed module; None when there is nothing to change, or cosmic-ray cannot change what it found."""
        from cosmic_ray.mutating import mutate_code
        from cosmic_ray.plugins import get_operator

        arguments = json.loads(self.arguments)
        # Older versions of cosmic-ray wrote a text of JSON into a field of JSON.
        operator = get_operator(self.operator)(**(json.loads(arguments) if isinstance(arguments, str) else arguments))
        try:
            changed: str | None = mutate_code(source, operator, self.occurrence)
        except AttributeError:
            # It takes names alone for exceptions (8.7): of `except (duckdb.Error, OSError)` it would change a node.
            return None
        return changed


def all_mutants(tree: Path, only: Sequence[str] = (), kept: Path | None = None) -> list[Mutant]:
    """Those of ``only`` (``model/run/plan.py``, ``engine``; default: all four packages), in order; ``tree`` is a copy.

    ``kept`` is a file where they stand for the next time, with a digest of the modules that they are mutants of.

    Raises: subprocess.CalledProcessError when cosmic-ray finds fault with a module.
    """
    digest = hashlib.sha256(repr(only).encode())
    for file in sorted(file for part in PACKAGES for file in (tree / "orch_tui" / part).rglob("*.py")):
        digest.update(file.read_bytes())
    if kept and kept.exists():
        told = json.loads(kept.read_text(encoding="utf-8"))
        if told["digest"] == digest.hexdigest():
            return [Mutant(*row) for row in told["mutants"]]
    found = sorted(_find(tree, only))
    if kept:
        kept.write_text(json.dumps({"digest": digest.hexdigest(), "mutants": [astuple(mutant) for mutant in found]}))
    return found


def _find(tree: Path, only: Sequence[str]) -> list[Mutant]:
    modules = [f"orch_tui/{part}" for part in only or PACKAGES]
    (tree / "cosmic-ray.toml").write_text(
        f"[cosmic-ray]\nmodule-path = {modules}\ntimeout = 1\nexcluded-modules = []\n"
        'test-command = "true"\n[cosmic-ray.distributor]\nname = "local"\n'
    )
    session = tree / "session.sqlite"
    session.unlink(missing_ok=True)
    command = [sys.executable, "-m", "cosmic_ray.cli", "init", "cosmic-ray.toml", session.name]
    subprocess.run(command, cwd=tree, check=True)
    with sqlite3.connect(session) as database:
        rows = database.execute(
            "select module_path, start_pos_row, end_pos_row, operator_name, operator_args, occurrence, start_pos_col"
            " from mutation_specs"
        ).fetchall()
    return [Mutant(*row) for row in rows]
