"""States and reasons of Slurm in words."""

from __future__ import annotations

import pytest
from orch_tui.engine.backends.slurm.nodes import BACK_OFF, BadNodes
from orch_tui.engine.backends.slurm.states import is_over, why_over, why_pending


@pytest.mark.parametrize(
    ("state", "over"),
    [("PENDING", False), ("RUNNING", False), ("COMPLETING", False), ("NODE_FAIL", True), ("SOMETHING_NEW", True)],
)
def test_only_what_may_still_run_is_not_over(state: str, over: bool) -> None:
    assert is_over(state) is over


def test_reasons_are_in_words_and_unknown_ones_as_they_are() -> None:
    assert why_pending("Resources") == "Resources: waits for room"
    assert why_pending("ReqNodeNotAvail, UnavailableNodes:n7").startswith("ReqNodeNotAvail: ")
    assert (why_pending("None"), why_pending("QOSMaxCpuPerUserLimit")) == ("", "QOSMaxCpuPerUserLimit")
    assert why_over("NODE_FAIL", "n2") == "its node failed (NODE_FAIL on n2)"
    assert why_over("FAILED", "") == "the queue says FAILED"
    assert why_over("REQUEUE_HOLD", "") == "the queue ended it to begin it once more (scontrol requeue)"


def test_a_bad_node_is_left_out_for_a_while() -> None:
    now = [0.0]
    nodes = BadNodes(lambda: now[0])
    nodes.add("n1")
    nodes.add("n[1-3]")
    assert list(nodes.names) == ["n1"]
    now[0] = BACK_OFF + 1
    assert list(nodes.names) == []
