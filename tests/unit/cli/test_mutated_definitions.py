"""Damaged definitions are told in sentences by every command, and cost nothing but what they are of."""

from __future__ import annotations

import contextlib
import json
import random
import shutil
from pathlib import Path

import pytest

from tests.support.attack import Tally, first_seed, trials
from tests.support.commands import command_here
from tests.support.mutated_definitions import definitions, mutate
from tests.support.projects import ROOT

COMMANDS: tuple[tuple[str, ...], ...] = (
    ("list",),
    ("list", "--json"),
    ("list", "configurations"),
    ("check",),
    ("check", "--json"),
    ("run", "ORCHESTRATION", "--dry-run"),
    ("run", "ORCHESTRATION", "--dry-run", "--json"),
    ("run", "ORCHESTRATION", "--only", "x", "--dry-run"),
    ("show", "ORCHESTRATION"),
    ("show", "ORCHESTRATION", "--json"),
    ("show", "last", "--json"),
    ("runs",),
    ("runs", "ORCHESTRATION", "--json"),
    ("crontab",),
    ("missed",),
    ("tables",),
    ("tables", "--json"),
    ("component", "schema", "sql"),
    ("logs", "ORCHESTRATION"),
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The sample project with a run in it."""
    made = tmp_path / "p"
    shutil.copytree(ROOT / "sample_configs", made)
    shutil.rmtree(made / ".orch", ignore_errors=True)
    return made


def _attack(project: Path, seed: int, tally: Tally) -> None:
    """One definition, damaged, and one command."""
    chance = random.Random(seed)
    path = chance.choice(definitions(project))
    before = path.read_bytes()
    orchestration = chance.choice(sorted(one.stem for one in (project / "orchestrations").glob("*.toml")))
    command = [orchestration if word == "ORCHESTRATION" else word for word in chance.choice(COMMANDS)]
    where = f"seed {seed}: {path.relative_to(project)}, {' '.join(command)}"
    try:
        mutate(path, seed)
        done = command_here(project, *command)
    except Exception as error:  # noqa: BLE001 - that there is none is what is tested
        tally.fault("traceback", f"{where}: {type(error).__name__}: {error}")
        return
    finally:
        path.write_bytes(before)
    tally.seen[f"exit {done.returncode}"] += 1
    tally.look_for_traceback(done.stdout + done.stderr, where)
    if done.returncode not in (0, 1, 2):
        tally.fault("wrong end", f"{where}: exit {done.returncode}")
    if any(ord(letter) < 32 and letter not in "\n\t" for letter in done.stdout + done.stderr):
        tally.fault("raw control character", where)
    if done.returncode == 2 and not (done.stdout + done.stderr).strip():
        tally.fault("no word", where)
    if "--json" in command and done.returncode == 0:
        with contextlib.suppress(ValueError):
            json.loads(done.stdout)
            return
        tally.fault("no JSON", f"{where}: {done.stdout[:200]}")


@trials(short=40, long=20_000)
def test_damaged_definitions_are_told_in_sentences(project: Path, trials: int) -> None:
    seed, tally = first_seed(), Tally()
    for number in range(seed, seed + trials):
        _attack(project, number, tally)
        tally.trial_over()
    tally.require_none()
    assert tally.seen["exit 0"] and tally.seen["exit 2"]
