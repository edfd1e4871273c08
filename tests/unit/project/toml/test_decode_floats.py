"""Whole numbers that no float holds."""

from __future__ import annotations

import math

import pytest
from orch_tui.project.toml.decode import to_float


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(3, 3.0), (-0.5, -0.5), (10**400, math.inf), (-(10**400), -math.inf)],
    ids=["whole", "broken", "huge", "huge below zero"],
)
def test_what_is_larger_than_any_float_is_infinite(value: int | float, wanted: float) -> None:
    assert to_float(value) == wanted
