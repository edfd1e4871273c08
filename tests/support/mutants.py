"""Mutation testing of the core: a random sample of cosmic-ray's mutants, each against the tests that run its line.

``python -m tests.support.mutants 500 --seed 7`` copies the tree, runs the unit tests of the core once with coverage to
learn which test runs which line, changes one place after another in the copy and says which changes no test notices.
Of each mutant the quickest tests are run that reach its line (``_TESTS``, ``_TEST_SECONDS``); another one might still
notice it, and those of whole processes are not asked, so the figure is an upper bound. ``--keep FILE`` writes each
outcome as it comes and goes on from there; ``--survivors FILE`` asks only those again that lived.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree as ElementTree
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from queue import SimpleQueue

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("model", "engine", "project", "storage")
_ASKED = ("model", "engine", "project", "storage", "runs", "conditions", "cli", "components/kit", "components/sql")
# What changes nothing that runs: `|` in annotations, and `is` for `==` of words that Python keeps once.
_LEFT_OUT = re.compile(r"BinaryOperator_BitOr_|Operator_Eq_Is$|Operator_NotEq_IsNot$")
_SECONDS = 240
_TESTS = 250
_TEST_SECONDS = 45.0


@dataclass(frozen=True)
class Mutant:
    """A change of one place: ``module`` (``orch_tui/model/plan.py``), first and last line, cosmic-ray's operator."""

    module: str
    line: int
    last: int
    operator: str
    arguments: str
    occurrence: int


class Reach:
    """Which test runs which line, and how long each takes."""

    def __init__(self, tree: Path) -> None:
        self._seconds = _seconds(tree / "times.xml")
        self._tests: dict[tuple[str, int], set[str]] = defaultdict(set)
        self._modules: dict[str, set[str]] = defaultdict(set)
        import coverage

        data = coverage.CoverageData(str(tree / ".coverage"))
        data.read()
        for file in data.measured_files():
            module = Path(file).relative_to(tree).as_posix()
            for line, contexts in data.contexts_by_lineno(file).items():
                tests = {context.removesuffix("|run") for context in contexts if context.endswith("|run")}
                self._tests[module, line] |= tests
                self._modules[module] |= tests

    def of(self, mutant: Mutant) -> list[str]:
        """The quickest tests that run a line of the mutant; of a line that only an import runs those of its module."""
        tests: set[str] = set()
        for line in range(mutant.line, mutant.last + 1):
            tests |= self._tests[mutant.module, line]
        chosen: list[str] = []
        spent = 0.0
        asked = tests or self._modules[mutant.module]
        for seconds, test in sorted((self._seconds.get(test, 1.0), test) for test in asked):
            spent += seconds
            if len(chosen) == _TESTS or (chosen and spent > _TEST_SECONDS):
                break
            chosen.append(test)
        return chosen


def _seconds(times: Path) -> dict[str, float]:
    """What each test took, by its id."""
    seconds: dict[str, float] = {}
    for case in ElementTree.parse(times).getroot().iter("testcase"):
        file, name = case.get("file", ""), case.get("name", "")
        within = case.get("classname", "").removeprefix(file.removesuffix(".py").replace("/", ".")).strip(".")
        seconds["::".join(filter(None, (file, *within.split("."), name)))] = float(case.get("time", "1"))
    return seconds


def _measure(tree: Path) -> Reach:
    """Run the unit tests of the core once, with coverage by test."""
    tests = [f"tests/unit/{part}" for part in _ASKED]
    command = [sys.executable, "-m", "pytest", "-n", "2", "--cov=orch_tui", "--cov-context=test", "--cov-report="]
    environment = {**os.environ, "CI": "1", "COVERAGE_CORE": "ctrace"}
    options = ["-o", "junit_family=xunit1", "--junitxml=times.xml"]
    subprocess.run([*command, *options, *tests], cwd=tree, env=environment, check=False, stdout=subprocess.DEVNULL)
    return Reach(tree)


def _sample(tree: Path, only: list[str], count: int, seed: int) -> list[Mutant]:
    """``count`` of all mutants, the same for the same seed and tree."""
    modules = [f"orch_tui/{part}" for part in only or PACKAGES]
    (tree / "cosmic-ray.toml").write_text(
        f"[cosmic-ray]\nmodule-path = {modules}\ntimeout = {_SECONDS}\nexcluded-modules = []\n"
        'test-command = "true"\n[cosmic-ray.distributor]\nname = "local"\n'
    )
    session = tree / "session.sqlite"
    command = [sys.executable, "-m", "cosmic_ray.cli", "init", "cosmic-ray.toml", session.name]
    subprocess.run(command, cwd=tree, check=True)
    with sqlite3.connect(session) as database:
        rows = database.execute(
            "select module_path, start_pos_row, end_pos_row, operator_name, operator_args, occurrence,"
            " start_pos_col from mutation_specs"
        ).fetchall()
    sources = {module: (tree / module).read_text(encoding="utf-8").splitlines() for module in {row[0] for row in rows}}
    rows = sorted(
        row for row in rows if not _LEFT_OUT.search(row[3]) and not _is_star(sources[row[0]][: row[1]], row[3], row[6])
    )
    return [Mutant(*row[:6]) for row in random.Random(seed).sample(rows, min(count, len(rows)))]


def _is_star(lines: list[str], operator: str, column: int) -> bool:
    """Whether a product is none: a star in a signature or before an argument."""
    if "BinaryOperator_Mul_" not in operator and "BinaryOperator_Pow_" not in operator:
        return False
    before = ("\n".join(lines[-3:-1]) + "\n" + lines[-1][:column]).rstrip()
    return before.endswith(("(", ",", "[", "{", ":"))


def _is_noticed(mutant: Mutant, tree: Path, tests: list[str]) -> bool:
    """Whether a test fails (or none ends in time) with the change in place."""
    from cosmic_ray.mutating import mutate_code
    from cosmic_ray.plugins import get_operator

    place = tree / mutant.module
    source = place.read_text(encoding="utf-8")
    arguments = json.loads(mutant.arguments)
    operator = get_operator(mutant.operator)(**(json.loads(arguments) if isinstance(arguments, str) else arguments))
    changed = mutate_code(source, operator, mutant.occurrence)
    if changed is None or not tests:
        return False
    place.write_text(changed, encoding="utf-8")
    chosen = tree / "chosen.txt"
    chosen.write_text("\n".join(tests), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-x", "-n", "0", "-p", "no:randomly", "-p", "no:cov", f"@{chosen.name}"]
    try:
        done = subprocess.run(
            command,
            cwd=tree,
            env={**os.environ, "CI": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return True
    finally:
        place.write_text(source, encoding="utf-8")
    return done.returncode != 0


def _judge(mutants: list[Mutant], reach: Reach, trees: list[Path], kept: Path | None) -> dict[Mutant, bool]:
    """Whether each was noticed, one after another in each tree."""
    outcomes: dict[Mutant, bool] = {}
    if kept and kept.exists():
        for line in kept.read_text(encoding="utf-8").splitlines():
            told = json.loads(line)
            outcomes[Mutant(**told["mutant"])] = told["noticed"]
    free: SimpleQueue[Path] = SimpleQueue()
    for tree in trees:
        free.put(tree)
    writing = threading.Lock()

    def judge(mutant: Mutant) -> None:
        tree = free.get()
        try:
            noticed = _is_noticed(mutant, tree, reach.of(mutant))
        finally:
            free.put(tree)
        with writing:
            outcomes[mutant] = noticed
            if kept:
                with kept.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"mutant": asdict(mutant), "noticed": noticed}) + "\n")

    with ThreadPoolExecutor(len(trees)) as pool:
        list(pool.map(judge, [mutant for mutant in mutants if mutant not in outcomes]))
    return {mutant: outcomes[mutant] for mutant in mutants}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", action="append", help="a file or folder like model/plan.py; default: all four packages"
    )
    parser.add_argument("--keep", type=Path, help="write outcomes here, and do not ask again what stands here")
    parser.add_argument("--survivors", type=Path, help="ask only what lived according to this file (of --keep)")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="orch-mutants-") as place:
        hidden = shutil.ignore_patterns(".git", ".venv*", ".tools", "__pycache__", ".*_cache")
        trees = [Path(place, f"tree-{number}") for number in range(options.workers)]
        for tree in trees:
            shutil.copytree(ROOT, tree, ignore=hidden, symlinks=True)
        reach = _measure(trees[0])
        if options.survivors:
            told = [json.loads(line) for line in options.survivors.read_text(encoding="utf-8").splitlines()]
            mutants = [Mutant(**one["mutant"]) for one in told if not one["noticed"]]
        else:
            mutants = _sample(trees[0], options.only or [], options.count, options.seed)
        outcomes = _judge(mutants, reach, trees, options.keep)
    lived = [mutant for mutant, noticed in outcomes.items() if not noticed]
    for mutant in sorted(lived, key=lambda mutant: (mutant.module, mutant.line)):
        print(f"{mutant.module}:{mutant.line}: {mutant.operator.removeprefix('core/')}")
    share = 100 * len(lived) / max(1, len(outcomes))
    print(f"{len(lived)} of {len(outcomes)} survived ({share:.1f} %), seed {options.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
