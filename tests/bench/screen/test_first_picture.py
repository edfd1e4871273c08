"""The first picture: beside a bare application of Textual, with many files, its bytes; and rest."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.bench.lines import measured
from tests.bench.screen.terminal import command, installed, opened, process_ms
from tests.pty.harness import PtyApp

pytestmark = pytest.mark.bench
_ROUNDS = 9
_SAMPLE = Path(__file__).resolve().parents[3] / "sample_configs"
BARE = """
from textual.app import App
from textual.widgets import Static
class Bare(App):
    def compose(self):
        yield Static("Orchestrations")
Bare().run()
"""


class _Picture(NamedTuple):
    seconds: float
    ms: float
    bytes: int


def _first_picture(argv: Sequence[str], directory: Path, *words: str) -> _Picture:
    """From the start of the process until all ``words`` are on its screen."""
    with PtyApp(argv, environment=installed(directory), cold=True) as app:
        for word in words:
            app.wait_for(word)
        seconds, ms = time.monotonic() - app.started, process_ms(app)
        app.settle()
        return _Picture(seconds, ms, len(app.log))


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    shutil.copytree(_SAMPLE, project, ignore=shutil.ignore_patterns(".orch"))
    return project


def test_beside_a_bare_application(tmp_path: Path, sample: Path) -> None:
    # What people see of it: the frames with their titles, and then what is in them.
    ways = {
        "bare": ([sys.executable, "-c", BARE], ["Orchestrations"]),
        "frame": (command(sample), ["Orchestrations"]),
        "names": (command(sample), ["Nightly"]),
    }
    found: dict[str, list[_Picture]] = {name: [] for name in ways}
    for _ in range(_ROUNDS + 1):
        for name, (argv, words) in ways.items():
            found[name].append(_first_picture(argv, tmp_path, *words))
    # The first round writes what Python keeps of the modules.
    bare, frame, names = (found[name][1:] for name in ways)
    measured("a bare application: its first picture", "ms", None, [one.ms for one in bare])
    measured("first picture ÷ bare, CPU", "×", 1.2, [one.ms / base.ms for one, base in zip(frame, bare, strict=True)])
    walls = [one.seconds / base.seconds for one, base in zip(frame, bare, strict=True)]
    measured("first picture ÷ bare, wall", "×", 1.2, walls)
    all_of_it = [one.ms / base.ms for one, base in zip(names, bare, strict=True)]
    measured("first picture with all names ÷ bare, CPU", "×", None, all_of_it)
    measured("first picture", "bytes", 12 * 1024, [one.bytes for one in names])


def test_many_files(tmp_path: Path) -> None:
    """1,000 orchestrations of five tasks, 5,000 configurations."""
    project = tmp_path / "many"
    (project / "orchestrations").mkdir(parents=True)
    (project / "configurations" / "command").mkdir(parents=True)
    (project / "orch.toml").write_text('name = "Many"\n')
    for number in range(1000):
        phases = [f'name = "Orchestration {number}"\n[[phases]]\nid = "p"\nname = "P"\n']
        for task in range(5):
            ref = f"c{number * 5 + task}"
            phases.append(f'[[phases.tasks]]\nid = "t{task}"\nconfiguration = "command/{ref}"\n')
            text = f'name = "Configuration {ref}"\n[parameters]\ncommand = "true"\n'
            (project / "configurations" / "command" / f"{ref}.toml").write_text(text)
        (project / "orchestrations" / f"o{number}.toml").write_text("".join(phases))
    pictures = [_first_picture(command(project), tmp_path, "Orchestration 0") for _ in range(6)][1:]
    measured("1,000 orchestrations, 5,000 configurations: first picture", "s", 0.5, [one.seconds for one in pictures])
    measured("the same, CPU", "ms", 500, [one.ms for one in pictures])


def test_rest(tmp_path: Path, sample: Path) -> None:
    with opened(sample, tmp_path, waits_for="Orchestrations") as app:
        app.settle(2)
        cpu = process_ms(app)
        resting = len(app.pump(10))
        measured("at rest, 10 s: CPU", "ms", None, [process_ms(app) - cpu])
        measured("at rest, 10 s", "bytes", 0, [resting])
    assert resting == 0
