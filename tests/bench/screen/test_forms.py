"""How long forms and dialogs take to open: from the key to the first frame that has all that is in them."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bench.lines import measured
from tests.bench.screen import told
from tests.bench.screen.terminal import command, installed
from tests.pty.harness import PtyApp

pytestmark = pytest.mark.bench
_BUDGET = 150
_TIMES = 3
_ROOT = Path(__file__).resolve().parents[3]
_COMPONENTS = _ROOT / "orch_tui" / "components"
_NO_FORM = ("orchestration",)
"""Components whose configurations are edited elsewhere."""
_PAUSE = 0.8
"""Seconds without a frame before a key, in which what goes on in the background has come to its end."""


class Opening(NamedTuple):
    """``keys`` that open it, of which the last is measured."""

    name: str
    keys: Sequence[str]


_HOME = (
    Opening("help", "?"),
    Opening("palette", ":"),
    Opening("theme", ["\x1bOQ"]),
    Opening("new orchestration", "n"),
    Opening("import", "I"),
    Opening("duplicate", "y"),
    Opening("rename", "c"),
    Opening("form of an orchestration", "O"),
    Opening("schedules, triggers, alerts", "S"),
    Opening("pause", "p"),
    Opening("change id", "i"),
    Opening("run preview", "R"),
    Opening("sequence", "P"),
    Opening("versions", ["\x1b[17~"]),
    Opening("trash", ["\x1b[18~"]),
    Opening("all logs", ["\x1bOR"]),
    Opening("stored tables", "D"),
    Opening("history", "H"),
    Opening("workbench", "\r"),
)
_WORKBENCH = (
    Opening("options of a phase", "o"),
    Opening("options of a task", "jo"),
    Opening("rule", "b"),
    Opening("rename phase", "c"),
    Opening("add tasks", "a"),
    Opening("new phase", "n"),
    Opening("move tasks", "m"),
    Opening("group", "g"),
    Opening("merge phases", "M"),
    Opening("copy from", "p"),
    Opening("automate", "z"),
    Opening("form of the orchestration", "O"),
    Opening("schedules, triggers, alerts", "S"),
    Opening("menu", "."),
    Opening("run part", "r"),
    Opening("sequence", "P"),
    Opening("lineage", "B"),
    Opening("stored tables", "D"),
    Opening("rehearsal", "W"),
    Opening("history", "H"),
    Opening("versions", ["\x1b[17~"]),
    Opening("new configuration", "2N"),
)


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    shutil.copytree(_ROOT / "sample_configs", project, ignore=shutil.ignore_patterns(".orch"))
    return project


def cost(project: Path, directory: Path, before: Sequence[str], last: str) -> float:
    """Milliseconds of the processor from the last key until all that it opens is in a frame; in a process that has
    opened nothing else but what the keys ``before`` lead through."""
    file = directory / "told"
    argv = [sys.executable, "-m", "tests.bench.screen.told", str(file), *command(project)[3:]]
    with PtyApp(argv, environment=installed(directory), cold=True) as app:
        app.wait_for("Orchestrations")
        app.settle(_PAUSE)
        for key in before:
            _press(app, file, key)
        below = told.read(file)[-1].name
        pressed, *since = _press(app, file, last)
    frames = [one for one in since if one.what == "frame"]
    assert pressed.what == "key", pressed
    last_screen = frames[-1].name
    assert last_screen != below, f"{last!r} opens nothing on {below}"
    all_of_it = next(one for one in frames if (one.name, one.widgets) == (last_screen, frames[-1].widgets))
    return all_of_it.ms - pressed.ms


def _press(app: PtyApp, file: Path, key: str) -> list[told.Told]:
    """What was told of a key and of the frames that answered it, until it was quiet."""
    many = len(told.read(file))
    app.send(key)
    app.wait_until(
        lambda: told.read(file)[-1].what == "frame" and len(told.read(file)) > many, f"a frame after {key!r}"
    )
    app.settle(_PAUSE)
    return told.read(file)[many:]


@pytest.mark.parametrize("opening", _HOME, ids=lambda one: one.name)
def test_from_the_list(tmp_path: Path, sample: Path, opening: Opening) -> None:
    *before, last = opening.keys
    costs = [cost(sample, tmp_path, before, last) for _ in range(_TIMES)]
    measured(f"list: {opening.name}", "ms", _BUDGET, costs)


@pytest.mark.parametrize("opening", _WORKBENCH, ids=lambda one: one.name)
def test_from_the_workbench(tmp_path: Path, sample: Path, opening: Opening) -> None:
    *before, last = ["\r", *opening.keys]
    costs = [cost(sample, tmp_path, before, last) for _ in range(_TIMES)]
    measured(f"workbench: {opening.name}", "ms", _BUDGET, costs)


@pytest.mark.parametrize("component", sorted({one.stem for one in _COMPONENTS.glob("*/*.toml")} - {*_NO_FORM}))
def test_a_configuration(tmp_path: Path, component: str) -> None:
    """Nothing is set in it: as many fields as the component has, at their defaults."""
    project = tmp_path / "project"
    (project / "orchestrations").mkdir(parents=True)
    (project / "configurations" / component).mkdir(parents=True)
    (project / "orch.toml").write_text('name = "Forms"\n')
    (project / "configurations" / component / "one.toml").write_text('name = "The one"\n[parameters]\n')
    task = f'[[phases.tasks]]\nid = "t"\nconfiguration = "{component}/one"\n'
    text = f'name = "Forms"\n[[phases]]\nid = "p"\nname = "P"\n{task}'
    (project / "orchestrations" / "forms.toml").write_text(text)
    costs = [cost(project, tmp_path, ["\r", "j"], "e") for _ in range(_TIMES)]
    measured(f"form of {component}", "ms", _BUDGET, costs)
