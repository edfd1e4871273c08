"""Memory that tasks may have, held against that of the project."""

from __future__ import annotations

import pytest
from orch_tui.model.run.memory import wrong_memory

_GB = 10**9


@pytest.mark.parametrize(("memory", "limit"), [(2 * _GB, None), (0, 0), (_GB, _GB), (_GB, 2 * _GB)])
def test_what_fits_is_not_wrong(memory: int, limit: int | None) -> None:
    assert wrong_memory(memory, limit) == ""


def test_what_can_never_fit_says_both_sizes_and_what_to_do() -> None:
    said = wrong_memory(2 * _GB, _GB)
    assert "2GB of memory, and all tasks together 1GB" in said and "can never start" in said
