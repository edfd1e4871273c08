"""What a probe of a backend judges as not fit."""

from __future__ import annotations

from typing import Any

import pytest
from orch_tui.engine.trials.probe import _judge

GOOD = {"host": "n1", "locked": True, "crosses": True, "exclusive": True, "skew": 0.2, "scratch": "/tmp", "free": 2**40}


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, None),
        ({"locked": False}, "locks do not cross"),
        ({"crosses": False}, "locks do not cross"),
        ({"exclusive": False}, "a task could run twice"),
        ({"skew": -60.0}, "the clock of n1 is 1:00 off"),
        ({"free": 1000}, "n1 has 1000 B free in /tmp"),
    ],
)
def test_each_lack_is_said_with_its_remedy(wrong: dict[str, Any], said: str | None) -> None:
    problems = _judge("cluster", GOOD | wrong)
    assert len(problems) == (said is not None)
    assert all(said in problem.message and problem.remedy for problem in problems if said is not None)
