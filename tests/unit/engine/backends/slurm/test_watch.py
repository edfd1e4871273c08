"""What the queue's answer says of the jobs that are followed, and how often it is asked."""

from __future__ import annotations

import time
from collections.abc import Collection
from pathlib import Path

import pytest
from orch_tui.engine.backends.slurm import watch
from orch_tui.engine.backends.slurm.commands import Row
from orch_tui.engine.backends.slurm.watch import LOOK, Seen, Watch


def followed(of: Watch, *names: str) -> list[Seen]:
    """Without the watch's own task: it is asked by the test."""
    found = [Seen(Path("/nowhere"), name, lambda level, text: None) for name in names]
    of._seen.update({seen.name: seen for seen in found})
    return found


async def test_an_answer_says_nothing_of_what_was_not_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    of = Watch("cluster")
    known, gone = followed(of, "orch-1", "orch-2")
    late: list[Seen] = []

    async def look(names: Collection[str]) -> list[Row]:
        # GIVEN one that begins to be followed while the queue answers
        late.extend(followed(of, "orch-3"))
        return [Row("7", name, "RUNNING", "None", "n1") for name in names if name == "orch-1"]

    monkeypatch.setattr(watch, "look", look)
    # WHEN
    await of._ask()
    # THEN it is not missed
    assert known.row is not None and (known.misses, gone.misses, late[0].misses) == (0, 1, 0)


async def test_a_queue_that_is_slow_is_asked_more_rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    of, now, took = Watch("cluster"), 1000.0, 0.1
    followed(of, "orch-1")

    async def look(names: Collection[str]) -> list[Row]:
        nonlocal now
        now += took
        return []

    async def ask() -> float:
        """Seconds after the answer until the next question."""
        await of._look_further(now)
        assert of._asking is not None
        await of._asking
        return of._next_look - now

    monkeypatch.setattr(watch, "look", look)
    monkeypatch.setattr(time, "monotonic", lambda: now)
    # WHEN it answers at once THEN it is asked again two seconds after the question
    assert await ask() == pytest.approx(LOOK - took)
    # WHEN it takes three seconds for it THEN it is left alone for ten times that
    now, took = of._next_look, 3.0
    assert await ask() == pytest.approx(30.0)
