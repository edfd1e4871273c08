"""Which test runs which line, in this process or in one that it starts, and how long each takes."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import coverage

from tests.support.mutants.mutant import Mutant
from tests.support.mutants.plugin import TIMES

WHOLE = "tests/integration/"
# Plugins that no test of the core needs and that take longer to import than most tests take.
BARE = ("-p", "no:syrupy", "-p", "no:textual-snapshot", "-p", "no:anyio", "-p", "no:pytest_cov")
_UNIT = ("model", "engine", "project", "storage", "runs", "scheduling", "conditions", "cli", "components/kit")
_UNIT_FILES = ("components/sql", "tui/workbench")
# Those of the engine, the journal and the storage; others start programs and servers that have little to do with them.
_WHOLE = (
    "executor",
    "rules",
    "trial",
    "actions",
    "interventions",
    "takeover",
    "set_variables",
    "storage_processes",
)
# At most so many tests of one process, and for so many seconds; then for so many seconds those of whole processes.
_MOST = 150
_NEAR = 0.1
"""A test of the mirrored file comes before those that take a tenth of its time."""
_SECONDS = 25.0
_WHOLE_SECONDS = 60.0


@dataclass
class Measured:
    """What one file of tests told: ``digest`` of its text; seconds and the lines of each module by test."""

    digest: str
    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, dict[str, list[int]]] = field(default_factory=dict)


class Asked(Protocol):
    """Knows which tests to ask of a mutant."""

    def of(self, mutant: Mutant) -> tuple[list[str], list[str]]:
        """Those of one process and those of whole processes, in the order to ask them."""


class Near:
    """The tests that stand where the module does: its own first, then all of the folder. Nothing is measured for it."""

    def __init__(self, tree: Path) -> None:
        self._tree = tree

    def of(self, mutant: Mutant) -> tuple[list[str], list[str]]:
        folder, _, file = mutant.module.replace("orch_tui/", "tests/unit/", 1).rpartition("/")
        # Each file by its name: of a file and its folder pytest runs the file alone.
        files = sorted(str(path.relative_to(self._tree)) for path in (self._tree / folder).rglob("test_*.py"))
        own = f"{folder}/test_{file}"
        return sorted(files, key=lambda name: name != own), []


class Reach:
    """What was measured: the tests that run a line."""

    def __init__(self, measured: Iterable[Measured]) -> None:
        self._seconds: dict[str, float] = {}
        self._tests: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._modules: dict[str, set[str]] = defaultdict(set)
        for one in measured:
            self._seconds |= one.seconds
            for test in one.seconds:
                for module, lines in one.lines.get(test, {}).items():
                    self._modules[module].add(test)
                    for line in lines:
                        self._tests[module, line].add(test)

    def of(self, mutant: Mutant) -> tuple[list[str], list[str]]:
        """Tests of one process and of whole processes that run a line of the mutant, in the order to ask them.

        Of a line that only an import runs, or that is new since they were measured, those that run any of its module.
        """
        tests: set[str] = set()
        for line in range(mutant.line, mutant.last + 1):
            tests |= self._tests[mutant.module, line]
        tests = tests or self._modules[mutant.module]
        mirrored = mutant.module.replace("orch_tui/", "tests/unit/")
        folder, _, file = mirrored.rpartition("/")
        near = f"{folder}/test_{file}"

        def order(test: str) -> tuple[float, str]:
            return self.seconds(test) * (_NEAR if test.startswith(near) else 1), test

        ordered = sorted(tests, key=order)
        inside = [test for test in ordered if not test.startswith(WHOLE)]
        whole = [test for test in ordered if test.startswith(WHOLE)]
        return self._bounded(inside, _SECONDS), self._bounded(whole, _WHOLE_SECONDS)

    def seconds(self, test: str) -> float:
        return self._seconds.get(test, 1.0)

    def _bounded(self, ordered: list[str], most: float) -> list[str]:
        chosen: list[str] = []
        spent = 0.0
        for test in ordered:
            spent += self.seconds(test)
            if len(chosen) == _MOST or (chosen and spent > most):
                break
            chosen.append(test)
        return chosen


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _asked(tree: Path) -> list[Path]:
    unit = [tree / "tests" / "unit" / part for part in (*_UNIT, *_UNIT_FILES)]
    found = [file for folder in unit for file in folder.rglob("test_*.py")]
    return [*sorted(found), *(tree / WHOLE / f"test_{name}.py" for name in _WHOLE)]


def _run(tree: Path, place: Path, files: list[str], workers: int) -> dict[str, Measured]:
    """Run these files of tests with coverage in every process; what each told."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    settings = place / "coveragerc"
    settings.write_text(
        f"[run]\nsource = {tree / 'orch_tui'}\ndata_file = {place / 'data'}\nparallel = true\n"
        # The environment of a process that a test starts names the test; that of pytest itself none.
        "context = ${PYTEST_CURRENT_TEST-}\npatch = _exit, execv, fork\n"
    )
    times = place / "times.json"
    environment = {
        **os.environ,
        "CI": "1",
        "COVERAGE_CORE": "ctrace",
        "COVERAGE_PROCESS_START": str(settings),
        "PYTHONPATH": str(tree),
        TIMES: str(times),
    }
    command = [sys.executable, "-m", "pytest", *BARE, "-p", "tests.support.mutants.plugin"]
    command += ["-n", str(workers)] if workers > 1 else ["-p", "no:xdist"]
    subprocess.run([*command, *files], cwd=tree, env=environment, check=False)
    whole = coverage.Coverage(data_file=str(place / "data"), config_file=False)
    whole.combine([str(place)])
    data = whole.get_data()
    told = {file: Measured(_digest(tree / file)) for file in files}
    for test, seconds in json.loads(times.read_text(encoding="utf-8")).items():
        told[test.partition("::")[0]].seconds[test] = seconds
    for path in data.measured_files():
        module = Path(path).relative_to(tree).as_posix()
        for line, contexts in data.contexts_by_lineno(path).items():
            for test in {_test(context) for context in contexts}:
                one = told.get(test.partition("::")[0])
                if one is not None and line not in (lines := one.lines.setdefault(test, {}).setdefault(module, [])):
                    lines.append(line)
    return told


def _test(context: str) -> str:
    """``tests/x.py::test_a (call)`` without the part of the test."""
    return context.partition("|")[0].rpartition(" (")[0] if context.endswith(")") else context.partition("|")[0]


def _moved(old: str, new: str) -> dict[int, int]:
    """Where the lines of a text stand in a newer one, counted from 1; without those that have changed."""
    matcher = difflib.SequenceMatcher(None, old.splitlines(), new.splitlines(), autojunk=False)
    return {
        block.a + offset + 1: block.b + offset + 1
        for block in matcher.get_matching_blocks()
        for offset in range(block.size)
    }


def _read_map(kept: Path, modules: Mapping[str, str]) -> dict[str, Measured]:
    """What was measured, by file of tests, with the lines where they stand now."""
    body = json.loads(kept.read_text(encoding="utf-8"))
    told = {file: Measured(**one) for file, one in body["files"].items()}
    moved = {
        module: _moved(old, modules.get(module, ""))
        for module, old in body["modules"].items()
        if old != modules.get(module)
    }
    for one in told.values():
        for by_module in one.lines.values():
            for module in by_module.keys() & moved.keys():
                by_module[module] = [moved[module][line] for line in by_module[module] if line in moved[module]]
    return told


def measure(tree: Path, kept: Path | None, workers: int) -> Reach:
    """Run the tests of the core that are not in the map ``kept`` yet or have changed since, and write them there."""
    modules = {
        path.relative_to(tree).as_posix(): path.read_text(encoding="utf-8")
        for path in (tree / "orch_tui").rglob("*.py")
    }
    told = _read_map(kept, modules) if kept and kept.exists() else {}
    files = [file.relative_to(tree).as_posix() for file in _asked(tree)]
    new = [file for file in files if file not in told or told[file].digest != _digest(tree / file)]
    # Whole processes take long: what is measured stands in the map before the next file is begun.
    inside = [file for file in new if not file.startswith(WHOLE)]
    for group in filter(None, (inside, *([file] for file in new if file.startswith(WHOLE)))):
        told |= _run(tree, tree / "coverage", group, workers)
        if kept:
            body = {"modules": modules, "files": {file: vars(one) for file, one in told.items()}}
            kept.write_text(json.dumps(body), encoding="utf-8")
    return Reach(told[file] for file in files)
