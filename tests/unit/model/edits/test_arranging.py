"""Phases made out of what has to come before what: the rules that stay."""

from __future__ import annotations

from orch_tui.model.edits.edits import arrange_by_data
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.rules import END, Rule


def test_rules_that_would_lead_back_go_and_all_others_stay() -> None:
    # GIVEN three phases, and rules of the second one to the last, to the end of the run, and to the first
    rules = (Rule("z"), Rule(END, "vars.a"), Rule("a", "vars.b"))
    phases = [Phase(name, name.upper(), (Task(f"t{name}", "command/x"),)) for name in "amz"]
    phases[1] = Phase("m", "M", phases[1].tasks, rules=rules)
    value = Orchestration("o", "O", phases=tuple(phases))
    # WHEN the order of the data is the one that there is
    arranged = arrange_by_data(value, {"tm": ["ta"], "tz": ["tm"]}, lambda _: None)
    # THEN what leads to where the run has been is gone
    assert [phase.id for phase in arranged.phases] == ["a", "m", "z"]
    assert arranged.phases[1].rules == rules[:2]
    # AND what has not changed is the same object
    assert arranged.phases[0] is value.phases[0] and arranged.phases[2] is value.phases[2]
