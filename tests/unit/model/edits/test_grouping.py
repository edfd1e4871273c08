"""Group by component type: the order, what is kept, what is dropped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.components.component import DATA_FLOW_ORDER, KEBOOLA_ORDER, ComponentType
from orch_tui.model.edits.edits import (
    EditError,
    add_tasks,
    group_by_type,
    move_phase,
    move_tasks,
    new_orchestration,
    rename_phase,
    set_phase_max_parallel,
)
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task

from tests.support.strategies import orchestrations, type_of

ORDERS = st.permutations(list(ComponentType)).flatmap(lambda order: st.sampled_from([order, order[:2], []]))
CAMPAIGNS = [
    "sql/campaign-performance",
    "sql/campaign-recipient",
    "sqlite-writer/new-recipients",
    "file-extractor/campaigns",
    "sqlite-extractor/email-recipient-index",
]


def shape(orch: Orchestration) -> list[tuple[str, list[str]]]:
    return [(phase.name, [task.id for task in phase.tasks]) for phase in orch.phases]


def test_the_walk_through_of_the_documentation() -> None:
    # GIVEN tasks that were added at random, the extractors last
    orch = add_tasks(new_orchestration("Campaigns"), CAMPAIGNS)
    # WHEN they are grouped, one is moved to a phase that is typed, and that phase goes before the writer
    orch = group_by_type(orch, type_of)
    orch = move_tasks(orch, ["campaign-recipient"], phase_name="Second Transformation Phase")
    orch = move_phase(orch, "second-transformation-phase", before="writer-phase")
    # THEN there are the four phases of the example
    assert shape(orch) == [
        ("Extractor phase", ["campaigns", "email-recipient-index"]),
        ("Transformation phase", ["campaign-performance"]),
        ("Second Transformation Phase", ["campaign-recipient"]),
        ("Writer phase", ["new-recipients"]),
    ]


def test_keboolas_own_order_and_an_order_that_leaves_types_out() -> None:
    # GIVEN one task of each type and one of a component that is gone
    refs = ["sql/t", "sqlite-writer/w", "gone-component/x", "command/a", "orchestration/o", "file-extractor/e"]
    orch = add_tasks(new_orchestration("All"), refs)
    # WHEN grouped in other orders
    keboola = group_by_type(orch, type_of, KEBOOLA_ORDER)
    writer_first = group_by_type(orch, type_of, [ComponentType.WRITER])
    # THEN those orders hold, what is left out comes behind, and the unknown one is with "other"
    assert [name for name, _ in shape(keboola)] == [
        "Application phase",
        "Extractor phase",
        "Transformation phase",
        "Writer phase",
        "Other phase",
    ]
    assert [ids[0] for _, ids in shape(writer_first)] == ["w", "e", "t", "a", "x"]
    assert shape(keboola)[-1] == ("Other phase", ["x", "o"])


@given(orchestrations(1, 8, 1), ORDERS)
def test_grouping_keeps_tasks_sorts_by_type_and_is_idempotent(orch: Orchestration, order: list[ComponentType]) -> None:
    # GIVEN any orchestration with tasks WHEN it is grouped in any order
    once = group_by_type(orch, type_of, order)
    # THEN the same tasks are there, unchanged, in the same order within each type; no phase is empty or of two types
    assert {id(task) for task in once.tasks()} == {id(task) for task in orch.tasks()}
    wanted = [*order, *(kind for kind in DATA_FLOW_ORDER if kind not in order)]
    expected = []
    for kind in wanted:
        inside = [task for task in orch.tasks() if (type_of(task.configuration) or ComponentType.OTHER) is kind]
        if inside:
            expected.append((kind.phase_name, [task.id for task in inside]))
    assert shape(once) == expected
    assert len({phase.id for phase in once.phases}) == len(once.phases)
    # WHEN it is grouped again THEN nothing changes at all
    assert group_by_type(once, type_of, order) is once


def test_a_phase_that_has_the_name_keeps_its_id_and_limit() -> None:
    # GIVEN a phase with the right name in other letters, and a limit
    orch = add_tasks(new_orchestration("Campaigns"), CAMPAIGNS)
    orch = set_phase_max_parallel(rename_phase(orch, "new-phase", "extractor  PHASE"), "new-phase", 2)
    # WHEN grouped
    phase = group_by_type(orch, type_of).phases[0]
    # THEN the extractors are in it, under the name as it is written everywhere
    assert (phase.id, phase.name, phase.max_parallel) == ("new-phase", "Extractor phase", 2)


def test_the_id_of_a_phase_that_goes_away_is_not_given_to_another() -> None:
    # GIVEN a phase that was renamed, so that its id looks like the one to be made
    orch = Orchestration("o", "O", phases=(Phase("extractor-phase", "Sources", (Task("a", "file-extractor/a"),)),))
    # WHEN grouped THEN the new phase has another id
    assert group_by_type(orch, type_of).phases[0].id == "extractor-phase-2"


def test_the_type_is_asked_once_for_each_configuration() -> None:
    # GIVEN many tasks of one configuration
    asked: list[str] = []

    def remember(ref: str) -> ComponentType | None:
        asked.append(ref)
        return None

    # WHEN grouped THEN the project was asked once
    group_by_type(add_tasks(new_orchestration("Many"), ["sql/a"] * 50), remember)
    assert asked == ["sql/a"]


def test_grouping_nothing_is_refused() -> None:
    # GIVEN phases without tasks WHEN grouped THEN they are not thrown away silently
    with pytest.raises(EditError, match="no tasks"):
        group_by_type(Orchestration("o", "O", phases=(Phase("a", "A"),)), type_of)
