"""A phase is found by its id, whatever stands before it."""

from __future__ import annotations

import pytest
from orch_tui.model.orchestration.orchestration import Orchestration, Phase


def test_a_phase_is_the_one_of_that_id_and_no_other() -> None:
    value = Orchestration("o", "O", phases=(Phase("z", "Z"), Phase("a", "A"), Phase("m", "M")))
    assert [value.phase(name).name for name in "zam"] == ["Z", "A", "M"]
    for missing in ("b", "zz", ""):
        with pytest.raises(KeyError):
            value.phase(missing)
