"""A key in a tree of 200 and of 10,000 tasks: how long until it is seen, and what it sends to the terminal."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tests.bench.lines import measured
from tests.bench.screen.terminal import Answer, answer, memory, opened
from tests.pty.harness import PtyApp
from tests.tui.seed import big_project

pytestmark = pytest.mark.bench
_EDIT_MS, _EDIT_BYTES = 20, 2048
_GROUPED_BYTES = 4096
_TIMES = 5


def _press(app: PtyApp, keys: str, quiet: float = 0.6) -> list[Answer]:
    return [answer(app, key, quiet) for key in keys]


def _group(app: PtyApp) -> list[Answer]:
    """The first key shows what would be made, the second one makes it; the dialog's place is painted, too."""
    app.send("g")
    app.wait_for("take the place of")
    app.settle(0.7)
    return [answer(app, "\r")]


def _group_and_back(app: PtyApp, undone: list[Answer]) -> list[Answer]:
    grouped: list[Answer] = []
    for _ in range(_TIMES):
        grouped += _group(app)
        undone += _press(app, "u")
    return grouped


_STEPS: Sequence[tuple[str, Callable[[PtyApp], list[Answer]]]] = (
    ("enable or disable a phase", lambda app: _press(app, "x" * 8)),
    ("mark a task", lambda app: _press(app, "j ")[1:] + _press(app, " " * 5) + _press(app, "\x1b")[:0]),
    ("move a task", lambda app: _press(app, "JK" * 4)),
    ("move a phase", lambda app: _press(app, "][" * 4)),
    ("fold and unfold", lambda app: _press(app, "h")[:0] + _press(app, "hl" * 4)),
    ("fold and unfold all", lambda app: _press(app, "CE" * 4)),
    ("undo and redo", lambda app: _press(app, "uU" * 4)),
)


@pytest.mark.parametrize("tasks", [200, 10_000])
def test_a_key_in_a_tree(tmp_path: Path, tasks: int) -> None:
    project = big_project(tmp_path, tasks).root
    with opened(project, tmp_path, waits_for="Big") as app:
        app.send("\r")
        app.wait_for("Phase 2")
        app.settle(2)
        cursor = _press(app, "jk" * 20, 0.05)
        measured(f"{tasks:,} tasks: cursor", "ms", 5, [one.ms for one in cursor])
        for name, press in _STEPS:
            _tell(tasks, name, press(app), _EDIT_BYTES)
        undone: list[Answer] = []
        _tell(tasks, "group", _group_and_back(app, undone), _GROUPED_BYTES)
        _tell(tasks, "undo of group", undone, _GROUPED_BYTES)
        measured(f"{tasks:,} tasks: memory after all of it", "MB", None, [memory(app)])


def _tell(tasks: int, name: str, answers: Sequence[Answer], most: int) -> None:
    measured(f"{tasks:,} tasks: {name}", "ms", _EDIT_MS, [one.ms for one in answers])
    measured(f"{tasks:,} tasks: {name}", "bytes", most, [one.bytes for one in answers])
