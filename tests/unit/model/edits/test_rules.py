"""Edits of rules, and what edits of phases do to them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from orch_tui.model.edits import edits
from orch_tui.model.edits.edits import EditError
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.rules import END, After, EndAs, Rule

ALERT, FAILED, ELSE = Rule("c", "vars.a", name="nothing"), Rule("c", on=After.FAILURE), Rule("d")


def orch(*rules: Rule, empty: str = "") -> Orchestration:
    """Phases a to d, each with a task but the ``empty`` ones; the rules stand after the first."""
    phases = [Phase(name, name.upper(), () if name in empty else (Task(f"t{name}", "command/x"),)) for name in "abcd"]
    phases[0] = Phase("a", "A", phases[0].tasks, rules=rules)
    return Orchestration("o", "O", phases=tuple(phases))


def goals(value: Orchestration) -> list[tuple[str, list[str]]]:
    return [(phase.id, [rule.goto for rule in phase.rules]) for phase in value.phases]


def test_a_rule_with_a_condition_goes_before_the_one_that_always_holds() -> None:
    # GIVEN one that always holds after a success, and one after a failure
    value = orch(FAILED, ELSE)
    # WHEN one with a condition is added, THEN it can be tried
    assert edits.add_rule(value, "a", ALERT).phases[0].rules == (FAILED, ALERT, ELSE)
    assert edits.add_rule(value, "a", Rule("b", "x", After.FAILURE)).phases[0].rules[0].goto == "b"
    # AND one that always holds goes last, and others where one says
    assert edits.add_rule(value, "a", Rule("b", on=After.ANY)).phases[0].rules[-1].goto == "b"
    assert edits.add_rule(value, "a", ALERT, 9).phases[0].rules == (FAILED, ELSE, ALERT)


def test_rules_are_changed_moved_and_removed_at_their_place() -> None:
    value = orch(ALERT, FAILED, ELSE)
    assert edits.change_rule(value, "a", 1, ALERT).phases[0].rules == (ALERT, ALERT, ELSE)
    assert edits.move_rule(value, "a", 2, 0).phases[0].rules == (ELSE, ALERT, FAILED)
    assert edits.remove_rule(value, "a", 0).phases[0].rules == (FAILED, ELSE)
    # AND what changes nothing is the same object, as are phases that it is not about
    assert edits.change_rule(value, "a", 0, ALERT) is value
    assert edits.remove_rule(value, "a", 0).phases[1] is value.phases[1]


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda o: edits.remove_rule(o, "a", 1), "no rule 2"),
        (lambda o: edits.move_rule(o, "a", 0, 1), "number 1 of 1"),
        (lambda o: edits.add_rule(o, "z", ELSE), "no phase"),
        (lambda o: edits.add_rule(o, "a", Rule("b", " ")), "is empty"),
        (lambda o: edits.add_rule(o, "a", Rule("")), "leads nowhere"),
        (lambda o: edits.add_rule(o, "a", Rule("b", ends_as=EndAs.ERROR)), "only where it leads to the end"),
        (lambda o: edits.add_rule(o, "a", Rule("b", "a\0b")), "cannot be saved"),
        (lambda o: edits.add_rule(o, "a", Rule("b", name="x" * 201)), "201 characters"),
    ],
)
def test_what_cannot_be_is_refused(edit: Callable[[Orchestration], Orchestration], sentence: str) -> None:
    with pytest.raises(EditError, match=sentence):
        edit(orch(ALERT))


def test_a_rule_that_led_to_an_empty_phase_leads_to_what_came_after_it() -> None:
    # GIVEN two empty phases, of which one is the last
    value = orch(ALERT, ELSE, Rule("b"), empty="bd")
    # WHEN they go away, THEN the run goes where it went
    assert goals(edits.drop_empty_phases(value)) == [("a", ["c", END, "c"]), ("c", [])]


def test_a_rule_that_led_to_a_deleted_phase_says_so_still() -> None:
    assert goals(edits.remove_phase(orch(ALERT, ELSE), "c"))[0] == ("a", ["c", "d"])


def test_a_merged_phase_has_the_rules_of_all_and_what_led_to_one_of_them_leads_to_it() -> None:
    # GIVEN rules after the first phase and after the third
    value = edits.add_rule(orch(Rule("b"), ALERT), "c", Rule("d", "vars.b"))
    # WHEN the second and third become one with the name of neither
    merged = edits.merge_phases(value, ["b", "c"], into_name="New")
    assert goals(merged) == [("a", ["new", "new"]), ("new", ["d"]), ("d", [])]
    # AND a rule from one into the other is gone, those that always hold come last
    first = edits.merge_phases(edits.add_rule(value, "a", Rule("d")), ["b"], into_id="a")
    assert goals(first) == [("a", ["c", "d"]), ("c", ["d"]), ("d", [])]
    assert [rule.when for rule in first.phases[0].rules] == ["vars.a", None]


@pytest.mark.parametrize(("index", "to", "way"), [(1, -1, "up"), (0, -1, "up"), (1, 3, "down"), (2, 3, "down")])
def test_a_rule_that_cannot_move_that_far_says_which_way(index: int, to: int, way: str) -> None:
    with pytest.raises(EditError, match=f"cannot move that far {way}; it is number {index + 1} of 3"):
        edits.move_rule(orch(ALERT, FAILED, ELSE), "a", index, to)


def test_what_led_to_any_of_the_merged_phases_leads_to_what_became_of_them() -> None:
    # GIVEN rules to phases whose ids come before and after that of the phase that stays
    value = orch(Rule("b", "vars.a"), Rule("d", "vars.b"))
    merged = edits.merge_phases(value, ["b", "d"], into_id="c")
    assert [rule.goto for rule in merged.phases[0].rules] == ["c", "c"]
