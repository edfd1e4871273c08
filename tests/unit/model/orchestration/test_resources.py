"""What a task asks of the machine that it runs on."""

from __future__ import annotations

from typing import Any

import pytest
from orch_tui.model.orchestration.resources import read_resource


@pytest.mark.parametrize(
    ("name", "written", "value"),
    [("cpus", 1, 1), ("cpus", " 4 ", 4), ("gpus", 2, 2), ("cpus", 2**20, 2**20), ("time", "2h", 7200.0)],
)
def test_it_is_read_as_people_write_it(name: str, written: Any, value: Any) -> None:
    assert read_resource(name, written) == value


@pytest.mark.parametrize(
    ("name", "written", "said"),
    [
        ("cpus", 0, "0 is no number of cpus"),
        ("cpus", -1, "whole number from 1 on"),
        ("cpus", True, "True is no number"),
        ("cpus", 1.5, "1.5 is no number"),
        ("cpus", "two", "'two' is no number"),
        ("gpus", 2**20 + 1, "is no number of gpus"),
        ("time", "0s", "more than 0"),
    ],
)
def test_what_nobody_can_have_is_refused(name: str, written: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        read_resource(name, written)
