"""Whoever knows the times of a run's journal asks the run's own clock what time it is."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Their values hold times of a journal.
_OF_A_RUN = {
    f"orch_tui.{name}"
    for name in (
        "model.run.attempt_state", "model.run.runstate", "model.run.waits",
        "runs.live.control", "runs.live.feed", "runs.live.follower", "runs.live.head",
        "runs.live.nested", "runs.live.timeline", "runs.live.view",
    )
}  # fmt: skip
_WALL = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "datetime.datetime.now"}
# What they ask the wall for is compared with no journal.
_FOR_DATES = {
    "engine/record/run_clock.py": "it is the one that ties the two",
    "engine/runs/start.py": "days that runs are kept",
    "engine/runs/takeover.py": "how long to wait for a process",
    "cli/run/watch.py": "when the journal's file was written",
    "scheduling/": "scheduled times are those of the wall",
    "cli/run/command.py": "scheduled times",
    "cli/schedules/scheduler.py": "scheduled times",
    "tui/app.py": "days, for the list of orchestrations",
    "project/history.py": "days and files",
}


def _asks_the_wall(tree: ast.Module) -> bool:
    dotted = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute | ast.Name)}
    imported = {
        f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    return bool(_WALL & (dotted | imported)) or any(one.endswith("clock.wall") for one in dotted)


def _knows_a_run(tree: ast.Module) -> bool:
    return any(isinstance(node, ast.ImportFrom) and node.module in _OF_A_RUN for node in ast.walk(tree))


def test_what_holds_times_of_a_run_and_what_is_let_off_is_there() -> None:
    modules = [ROOT.joinpath(*name.split(".")).with_suffix(".py") for name in _OF_A_RUN]
    assert [path for path in [*modules, *(ROOT / "orch_tui" / name for name in _FOR_DATES)] if not path.exists()] == []


def test_the_clock_on_the_wall_is_not_asked_where_the_times_of_a_run_are_known() -> None:
    found = set()
    for path in sorted((ROOT / "orch_tui").rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if _knows_a_run(tree) and _asks_the_wall(tree):
            found.add(str(path.relative_to(ROOT / "orch_tui")))
    assert {name for name in found if not name.startswith(tuple(_FOR_DATES))} == set()
