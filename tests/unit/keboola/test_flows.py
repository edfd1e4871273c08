"""What is wrong with flows and orchestrators, and in which order their phases run."""

from __future__ import annotations

from typing import Any

import pytest
from orch_tui.keboola.flows.checking import faults_of
from orch_tui.keboola.flows.ordering import dependencies, in_order, is_chain
from orch_tui.keboola.reading.single import is_flow_body, read_file
from orch_tui.keboola.values import FLOW, ORCHESTRATOR

from tests.support.keboola_projects import (
    REAL_CASES,
    branching_flow,
    job,
    legacy_orchestrator,
    real_cases,
)

CASES = list(real_cases())


@pytest.mark.skipif(not CASES, reason="the real orchestrations are not on this machine")
def test_real_orchestrations_are_taken_or_refused_with_one_sentence() -> None:
    # GIVEN real files, each known to be valid or not
    for case in CASES:
        stored = read_file(REAL_CASES / case["file"]).stored[0]
        # WHEN
        faults = faults_of(stored.body, stored.component)
        # THEN
        assert len(faults) == (0 if case["valid"] else 1), (case["file"], faults)


def test_what_the_tests_write_is_valid() -> None:
    assert faults_of(branching_flow(), FLOW) == []
    assert faults_of(legacy_orchestrator(), ORCHESTRATOR) == []
    assert is_flow_body(branching_flow())
    assert not is_flow_body(legacy_orchestrator())


def _flow(*phases: dict[str, Any]) -> dict[str, Any]:
    tasks = [job(f"t{number}", phase["id"], "keboola.ex-http", "1") for number, phase in enumerate(phases)]
    return {"phases": [{"name": str(phase["id"]), **phase} for phase in phases], "tasks": tasks}


def _to(*targets: str | None) -> list[dict[str, Any]]:
    return [{"id": str(number), "goto": target} for number, target in enumerate(targets)]


@pytest.mark.parametrize(
    ("body", "kind", "sentence"),
    [
        ({"phases": [], "tasks": {}}, FLOW, "tasks must be a list"),
        (_flow({"id": "a", "next": _to("ghost")}), FLOW, 'phases[1].next[1].goto names "ghost", which is no phase'),
        (_flow({"id": "a"}, {"id": "a"}), FLOW, 'phases[2].id: "a" is the id of number 1 too'),
        (
            _flow({"id": "a", "next": _to("b")}, {"id": "b", "next": _to("b")}),
            FLOW,
            "the phases go round in a circle (next): b → b",
        ),
        (
            _flow({"id": "a"}, {"id": "b"}),
            FLOW,
            'phases "a" and "b" both begin the flow: only one may have none before',
        ),
        (
            _flow({"id": 1, "dependsOn": [3]}, {"id": 2, "dependsOn": [1]}, {"id": 3, "dependsOn": [2]}),
            ORCHESTRATOR,
            "the phases go round in a circle (dependsOn): 1 → 2 → 3 → 1",
        ),
        (_flow({"id": 1, "dependsOn": [True]}), ORCHESTRATOR, 'phases[1].dependsOn names "True", which is no phase'),
        (
            _flow(
                {
                    "id": "a",
                    "next": [{"goto": None, "condition": {"type": "operator", "operator": "OR", "operands": []}}],
                }
            ),
            FLOW,
            "phases[1].next[1].condition: OR needs an operand at least, and has none",
        ),
    ],
    ids=["lists", "goto", "twice", "itself", "two entries", "circle", "bool", "arity"],
)
def test_what_is_wrong_is_one_sentence_with_its_place(body: dict[str, Any], kind: str, sentence: str) -> None:
    # WHEN
    faults = faults_of(body, kind)
    # THEN
    assert len(faults) == 1
    assert faults[0].startswith(sentence)


def test_a_way_back_to_the_first_phase_starts_it_again() -> None:
    assert faults_of(_flow({"id": "a", "next": _to("b")}, {"id": "b", "next": _to("a")}), FLOW) == []


def test_phases_run_after_those_they_depend_on_and_else_as_in_the_file() -> None:
    # GIVEN
    phases: list[dict[str, Any]] = [{"id": 3, "dependsOn": [1]}, {"id": 2}, {"id": 1}]
    before = dependencies(phases)
    # WHEN
    order = in_order(["3", "2", "1"], before)
    # THEN
    assert order == ["2", "1", "3"]
    assert not is_chain(order, before)
    assert is_chain(["1", "3"], before)
