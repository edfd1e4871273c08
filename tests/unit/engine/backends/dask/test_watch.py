"""What is known of attempts at a scheduler, and what people are told while it does not answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from orch_tui.engine.backends.dask import watch
from orch_tui.engine.backends.dask.watch import LOOK, Seen, Watch
from orch_tui.project.definitions.dask_settings import DaskSettings


class _Link:
    """A program that is there, and what it was asked."""

    gone = False

    def __init__(self, settings: DaskSettings, hear: object) -> None:
        self.sent: list[Mapping[str, Any]] = []

    def send(self, message: Mapping[str, Any]) -> None:
        self.sent.append(message)


@pytest.fixture
def followed(monkeypatch: pytest.MonkeyPatch) -> tuple[Watch, Seen, list[str]]:
    """A watch that follows one attempt, without a task of its own, and what people were told."""
    monkeypatch.setattr(watch, "Link", _Link)
    said: list[str] = []
    of = Watch("lab", DaskSettings("tcp://127.0.0.1:1"))
    seen = Seen(Path("/nowhere"), "orch-1", lambda level, text: said.append(f"{level}: {text}"))
    of._seen["orch-1"] = seen
    return of, seen, said


def test_people_are_told_once_that_a_scheduler_is_mute_and_once_that_it_answers_again(
    followed: tuple[Watch, Seen, list[str]],
) -> None:
    of, seen, said = followed
    # GIVEN a scheduler that has answered
    of._ask()
    of._hear({"states": {"orch-1": "processing"}})
    assert (seen.state, seen.fresh, of.why_mute, said) == ("processing", True, None, [])
    # WHEN it does not answer again and again
    for _ in range(6):
        of._ask()
    # THEN its last word is not fresh any more, and people are told why once
    assert not seen.fresh and of.why_mute == "no answer in time"
    assert said == ["warning: the scheduler of lab does not answer (no answer in time); tasks that run go on"]
    # WHEN it answers THEN that is told, and not that it does so further
    for _ in range(2):
        of._hear({"states": {"orch-1": None}})
    assert of.why_mute is None and seen.misses == 2
    assert said[1:] == ["info: the scheduler of lab answers again"]


async def test_what_begins_is_asked_for_a_little_later(
    followed: tuple[Watch, Seen, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    of, _, _ = followed
    now = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    # GIVEN one that begins to be followed
    of._begin()
    # WHEN it is looked at once THEN the scheduler is not asked: what begins now needs no reason
    await of._look_further(now[0])
    assert of._link is None
    # WHEN a moment is over THEN it is, and again only after a while
    await of._look_further(now[0] + 1)
    await of._look_further(now[0] + 1 + LOOK / 2)
    assert isinstance(of._link, _Link) and of._link.sent == [{"states": ["orch-1"]}]
    await of._look_further(now[0] + 1 + LOOK)
    assert len(of._link.sent) == 2
