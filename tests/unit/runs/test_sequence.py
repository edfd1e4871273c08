"""The sequence as boxes and arrows: what is in it, where it stands, how it is written."""

from __future__ import annotations

from collections.abc import Sequence as Values
from itertools import combinations, pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.model.clocks.run_time import RunTime
from orch_tui.model.orchestration.each import Each
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.rules import After, EndAs, Rule, RuleDecision, TriedRule
from orch_tui.model.status import Status
from orch_tui.runs.planning.estimates import Estimates
from orch_tui.runs.sequence import svg
from orch_tui.runs.sequence.layout import LEAST_WIDTH, Box, Picture, lay_out
from orch_tui.runs.sequence.names import cut_names
from orch_tui.runs.sequence.text import Kind, draw, legend
from orch_tui.runs.sequence.values import (
    Passage,
    Sequence,
    SequencePhase,
    SequenceRule,
    SequenceTask,
    sequence_of_plan,
    sequence_of_run,
)
from orch_tui.runs.sequence.ways import MOST_LANES, Arrow
from orch_tui.runs.words.rule_words import RuleFate
from orch_tui.tui import theme
from rich.cells import cell_len
from textual.theme import Theme

from tests.support.strategies import TRICKY
from tests.unit.runs.live.test_view import T0, begun, model, started

NAMES = st.one_of(
    st.text(st.characters(exclude_categories=("Cs", "Cc", "Cf", "Mn", "Me", "Mc", "Zl", "Zp")), max_size=60),
    st.sampled_from(["Campaigns", "Paid Campaign Performance A", "Paid Campaign Performance B", "数据管道" * 9, ""]),
)


@st.composite
def sequences(draw_: st.DrawFn, most_phases: int = 12, most_tasks: int = 40) -> Sequence:
    phases = []
    for number in range(draw_(st.integers(0, most_phases))):
        count = draw_(st.integers(0, most_tasks))
        names = draw_(st.lists(NAMES, min_size=1, max_size=8))
        states = draw_(st.lists(st.sampled_from(list(Status)), min_size=1, max_size=8))
        seconds = draw_(st.none() | st.floats(0, 200_000))
        tasks = tuple(
            SequenceTask(f"t{number}-{at}", names[at % len(names)], states[at % len(states)], seconds, at % 2 == 0)
            for at in range(count)
        )
        at_once = draw_(st.integers(1, 20))
        status, onward = draw_(st.sampled_from(list(Status))), draw_(st.none() | st.sampled_from(list(Passage)))
        phases.append(SequencePhase(f"p{number}", draw_(NAMES), tasks, status, at_once, 0, draw_(ways(number)), onward))
    return Sequence("O", tuple(phases), draw_(st.booleans()))


@st.composite
def ways(draw_: st.DrawFn, phase: int) -> tuple[SequenceRule, ...]:
    """Mostly none; some lead nowhere that there is."""
    if draw_(st.booleans()):
        return ()
    goals = draw_(st.lists(st.none() | st.integers(0, 14), max_size=6))
    standing = draw_(st.sampled_from(list(RuleFate)))
    return tuple(
        SequenceRule(f"p{phase}#{at}", draw_(NAMES), draw_(NAMES), None if goal is None else f"p{goal}", standing)
        for at, goal in enumerate(goals)
    )


def lines(picture: Picture) -> list[str]:
    return ["".join(piece.text for piece in line) for line in draw(picture)]


def apart(one: Box, other: Box) -> bool:
    return (
        one.x + one.width <= other.x
        or other.x + other.width <= one.x
        or one.y + one.height <= other.y
        or other.y + other.height <= one.y
    )


def hold(sequence: Sequence, picture: Picture, width: int) -> None:
    """What is true of every picture."""
    room = max(LEAST_WIDTH, width)
    assert picture.width <= room
    assert all(cell_len(line) <= room for line in lines(picture))
    assert [box.phase for box in picture.boxes] == list(sequence.phases)
    assert all(apart(one, other) for one, other in combinations(picture.boxes, 2))
    for box in picture.boxes:
        shown = [cell.task.id for cell in box.cells]
        assert len(set(shown)) == len(shown)
        assert len(shown) + (box.rest.tasks if box.rest else 0) == len(box.phase.tasks)
        for cell in box.cells:
            assert box.x < cell.x and cell.x + cell.width < box.x + box.width
            assert box.y < cell.y < box.y + box.height - 1
            assert 2 + cell_len(cell.name) + cell_len(cell.time) <= cell.width
        places = {(cell.x, cell.y) for cell in box.cells}
        assert len(places) == len(box.cells)
        assert [cell.rule for cell in box.rules] == list(box.phase.rules[: len(box.rules)])
        assert len(box.rules) + (box.more_rules.tasks if box.more_rules else 0) == len(box.phase.rules)
        for rule in box.rules:
            assert box.x < rule.x and rule.x + rule.width < box.x + box.width
            assert rule.y > max((cell.y for cell in box.cells), default=box.y) and rule.y < box.y + box.height - 1
            assert 2 + cell_len(rule.name) + cell_len(rule.goal) <= rule.width
    # An arrow for each way that there is: from one to the next, and past others as far as there is room for lanes.
    numbers = {phase.id: number for number, phase in enumerate(sequence.phases)}
    onward = [
        (number, number + 1)
        for number, (phase, following) in enumerate(pairwise(sequence.phases))
        if phase.onward is not None or any(rule.to == following.id for rule in phase.rules)
    ]
    past = {
        (numbers[phase.id], numbers[rule.to])
        for phase in sequence.phases
        for rule in phase.rules
        if rule.to in numbers and numbers[rule.to] > numbers[phase.id] + 1
    }
    found = [ends(arrow, picture.boxes) for arrow in picture.arrows]
    assert [one for one in found if one[1] == one[0] + 1] == onward
    assert {one for one in found if one[1] != one[0] + 1} <= past and len(set(found)) == len(found)
    assert len(past) > MOST_LANES or width < 60 or set(found) >= past
    for arrow in picture.arrows:
        assert all(x == to_x or y == to_y for (x, y), (to_x, to_y) in pairwise(arrow.points))
        # No arrow goes through a box.
        for x, y in cells_between(arrow)[1:-1]:
            assert not any(box.x <= x < box.x + box.width and box.y <= y < box.y + box.height for box in picture.boxes)


def ends(arrow: Arrow, boxes: Values[Box]) -> tuple[int, int]:
    """The numbers of the boxes on whose frames it begins and ends."""
    first, last = (
        [number for number, box in enumerate(boxes) if on_frame(point, box)]
        for point in (arrow.points[0], arrow.points[-1])
    )
    assert len(first) == len(last) == 1
    return first[0], last[0]


def cells_between(arrow: Arrow) -> list[tuple[int, int]]:
    """Every cell from its first point to its last."""
    cells = [arrow.points[0]]
    for (x, y), (to_x, to_y) in pairwise(arrow.points):
        step_x, step_y = (to_x > x) - (to_x < x), (to_y > y) - (to_y < y)
        cells += [(x + step_x * at, y + step_y * at) for at in range(1, abs(to_x - x) + abs(to_y - y) + 1)]
    return cells


def on_frame(point: tuple[int, int], box: Box) -> bool:
    (x, y), right, bottom = point, box.x + box.width - 1, box.y + box.height - 1
    return (x in (box.x, right) and box.y <= y <= bottom) or (y in (box.y, bottom) and box.x <= x <= right)


@given(sequences(), st.integers(1, 260), st.booleans(), st.none() | st.integers(1, 50), st.none() | st.integers(0, 60))
@settings(deadline=None)
def test_any_sequence_fits_the_width_and_shows_or_counts_every_task(
    sequence: Sequence, width: int, ascii_only: bool, most: int | None, height: int | None
) -> None:
    picture = lay_out(sequence, width, ascii_only=ascii_only, most_rows=most, height=height)
    hold(sequence, picture, width)
    if ascii_only:
        assert all(line.isascii() for line in lines(picture))
    # The rest is never silent: its number can be read.
    text = "\n".join(lines(picture))
    for box in picture.boxes:
        if box.rest is not None:
            assert f"{'...' if ascii_only else '…'} {box.rest.tasks}" in text


@pytest.mark.parametrize("width", [40, 80, 120, 200, 400])
def test_hundreds_of_phases_and_of_tasks(width: int) -> None:
    # GIVEN 300 phases of up to 600 tasks
    phases = tuple(
        SequencePhase(
            f"p{number}",
            f"Phase {number}",
            tuple(SequenceTask(f"t{number}-{at}", f"Task {at}") for at in range(number * 7 % 600)),
            at_once=10,
        )
        for number in range(300)
    )
    sequence = Sequence("Big", phases)
    hold(sequence, lay_out(sequence, width), width)


def sample(**states: Status) -> Sequence:
    """The five configurations of the walk-through."""

    def task(id_: str, name: str) -> SequenceTask:
        return SequenceTask(id_, name, states.get(id_, Status.CREATED), 6.0 if id_ in states else None)

    names = ("Extractor", "Transformation", "Second Transf.", "Writer")
    tasks = (
        (task("campaigns", "Campaigns"), task("index", "Email index")),
        (task("performance", "Performance"),),
        (task("recipient", "Recipients"),),
        (task("new", "New ones"),),
    )
    phases = [SequencePhase(name, name, each, at_once=10) for name, each in zip(names, tasks, strict=True)]
    return Sequence("Campaigns", tuple(phases), timed=bool(states))


def test_phases_stand_side_by_side_with_arrows_where_it_is_wide() -> None:
    assert lines(lay_out(sample(campaigns=Status.PROCESSING, index=Status.SUCCESS), 120)) == [
        "╭ 1 Extractor ───── ∥2 ╮   ╭ 2 Transformation ────╮   ╭ 3 Second Transf. ───╮   ╭ 4 Writer ─────────╮",
        "│ ● Campaigns      6 s │──▶│ · Performance        │──▶│ · Recipients        │──▶│ · New ones        │",
        "│ ✔ Email index  6.0 s │   ╰──────────────────────╯   ╰─────────────────────╯   ╰───────────────────╯",
        "╰──────────────────────╯",
    ]


def test_they_stand_upright_where_it_is_narrow() -> None:
    assert lines(lay_out(sample(), 40)) == [
        "╭ 1 Extractor ── ∥2 ╮",
        "│ · Campaigns       │",
        "│ · Email index     │",
        "╰───────────────────╯",
        "          ▼",
        "╭ 2 Transformation ─╮",
        "│ · Performance     │",
        "╰───────────────────╯",
        "          ▼",
        "╭ 3 Second Transf. ─╮",
        "│ · Recipients      │",
        "╰───────────────────╯",
        "          ▼",
        "╭ 4 Writer ─────────╮",
        "│ · New ones        │",
        "╰───────────────────╯",
    ]


def with_rules(taken: int | None = None) -> Sequence:
    """Load, Alert, Publish; the rule of this number was taken."""

    def standing(number: int) -> RuleFate:
        return RuleFate.OPEN if taken is None else RuleFate.TAKEN if number == taken else RuleFate.NOT_HELD

    rules = (
        SequenceRule("a#0", "nothing came", "2 Alert", "b", standing(0)),
        SequenceRule("a#1", "orders.rows < 10 && orders.files > 0 || late", "end as warning", None, standing(1)),
        SequenceRule("a#2", "otherwise", "3 Publish", "c", standing(2)),
    )
    phases = [
        SequencePhase("a", "Load", (SequenceTask("t", "Orders"),), rules=rules, onward=None),
        SequencePhase("b", "Alert", (SequenceTask("u", "Tell"),)),
        SequencePhase("c", "Publish", (SequenceTask("v", "Out"),)),
    ]
    return Sequence("Daily", tuple(phases))


def test_ways_past_a_phase_lead_below_the_boxes() -> None:
    assert lines(lay_out(with_rules(), 120)) == [
        "╭ 1 Load ───────────────────────────────────────────╮   ╭ 2 Alert ─╮   ╭ 3 Publish ─╮",
        "│ · Orders                                          │──▶│ · Tell   │──▶│ · Out      │",
        "│ ◇ nothing came → 2 Alert                          │   ╰──────────╯   ╰────────────╯",
        "│ ◇ orders.rows < 10 && orders.fi… → end as warning │                    ▲",
        "│ ◇ otherwise → 3 Publish                           │                    │",
        "╰───────────────────────────────────────────────────╯                    │",
        "                                                  │                      │",
        "                                                  ╰──────────────────────╯",
    ]


def test_ways_past_a_phase_lead_at_the_right_where_it_is_narrow() -> None:
    # GIVEN a run that went past the second phase, in 40 columns
    assert lines(lay_out(with_rules(taken=2), 40)) == [
        "╭ 1 Load ───────────────────────────╮",
        "│ · Orders                          │",
        "│ ◇ nothing came → 2 Alert          │",
        "│ ◇ orders.rows <… → end as warning │",
        "│ ◆ otherwise → 3 Publish           │─╮",
        "╰───────────────────────────────────╯ │",
        "            ▼                         │",
        "╭ 2 Alert ──────────────────────────╮ │",
        "│ · Tell                            │ │",
        "╰───────────────────────────────────╯ │",
        "            ▼                         │",
        "╭ 3 Publish ────────────────────────╮ │",
        "│ · Out                             │◀╯",
        "╰───────────────────────────────────╯",
    ]
    # AND where it went elsewhere, on a terminal without these signs
    assert lines(lay_out(with_rules(taken=0), 40, ascii_only=True))[4:8] == [
        "| ? otherwise > 3 Publish           |.+",
        "+-----------------------------------+ :",
        "            v                         :",
        "+ 2 Alert --------------------------+ :",
    ]


def test_ways_that_cross_are_told_apart_from_such_that_meet() -> None:
    # GIVEN two rules that lead to the same phase from different ones, and one that crosses both
    def phase(name: str, *goals: str) -> SequencePhase:
        rules = tuple(SequenceRule(f"{name}#{at}", "r", goal, goal) for at, goal in enumerate(goals))
        return SequencePhase(name, name, (SequenceTask(f"t{name}", "T"),), rules=rules)

    sequence = Sequence("O", (phase("a", "c"), phase("b", "d"), phase("c", "e"), phase("d"), phase("e")))
    drawn = lines(lay_out(sequence, 32))
    joined = "\n".join(drawn)
    assert joined.count("◀") == 3 and joined.count("▼") == 4 and "┼" in joined


def test_the_way_of_a_run_has_the_colour_of_a_success() -> None:
    pieces = [piece for line in draw(lay_out(with_rules(taken=2), 120)) for piece in line]
    taken = {piece.text.strip() for piece in pieces if piece.status is Status.SUCCESS}
    assert taken >= {"◆", "→ 3 Publish", "▲"} and "▶" not in taken
    # AND in a file for a wiki page: what was not taken is dotted
    document = svg.write_svg(lay_out(with_rules(taken=2), 120))
    assert document.count("stroke-dasharray") == 1 and document.count('class="line s-green"') == 1
    assert "orders.rows &lt; 10 &amp;&amp; orders.files &gt; 0 || late, to end as warning: does not hold" in document


def test_a_plan_and_a_run_know_their_ways() -> None:
    # GIVEN rules after the first of three phases
    rules = (Rule("c", "vars.x", name="late"), Rule("end", on=After.ANY, ends_as=EndAs.ERROR))
    phases = (Phase("a", "A", rules=rules), Phase("b", "B"), Phase("c", "C"))
    value = Orchestration("o", "O", phases=phases)
    plan = sequence_of_plan(value, str, {}, 4)
    # THEN the plan has them all open, and none leads to the next one
    assert [(one.id, one.name, one.goal, one.to) for one in plan.phases[0].rules] == [
        ("a#0", "late", "3 C", "c"),
        ("a#1", "in any case", "end as error", None),
    ]
    assert [phase.onward for phase in plan.phases] == [None, Passage.OPEN, Passage.OPEN]
    # AND a run says which was taken
    run = model(begun())
    state = run.state.phases["p"]
    state.rules, state.status, state.started = (Rule("end", "vars.x"),), Status.SUCCESS, T0
    for decision, expected in (
        (None, (Passage.OPEN, Passage.OPEN)),
        (RuleDecision((TriedRule(0, True),), 0), (Passage.TAKEN, Passage.NOT_TAKEN)),
        (RuleDecision((TriedRule(0, False),)), (Passage.NOT_TAKEN, Passage.TAKEN)),
        (RuleDecision((TriedRule(0, None),), None, "no"), (Passage.NOT_TAKEN, Passage.NOT_TAKEN)),
    ):
        state.decision = decision
        seen = sequence_of_run(run, RunTime(T0)).phases[0]
        assert (seen.rules[0].passage, seen.onward) == expected


@pytest.mark.parametrize(("height", "cut"), [(None, True), (7, True), (8, False)])
def test_names_are_whole_where_there_are_rows_for_it(height: int | None, cut: bool) -> None:
    # GIVEN phases that stand side by side only when their names are cut
    phases = tuple(SequencePhase(f"p{n}", f"A phase with quite a long name {n}") for n in range(4))
    # WHEN there is room for a second row of boxes THEN no name is
    text = "\n".join(lines(lay_out(Sequence("O", phases), 140, height=height)))
    assert ("…" in text) is cut


def test_where_they_do_not_fit_side_by_side_rows_follow_each_other() -> None:
    # GIVEN four phases with names too long for one row
    phases = tuple(SequencePhase(f"p{n}", f"A phase with a rather long name {n}") for n in range(4))
    # THEN a line leads from the end of a row into the first box of the next from above
    assert lines(lay_out(Sequence("O", phases), 100, ascii_only=True)) == [
        "+ 1 A phase with a rather long name 0 -+   + 2 A phase with a rather long name 1 -+",
        "| no tasks                             |-->| no tasks                             |-+",
        "+--------------------------------------+   +--------------------------------------+ |",
        "  +---------------------------------------------------------------------------------+",
        "  v",
        "+ 3 A phase with a rather long name 2 -+   + 4 A phase with a rather long name 3 -+",
        "| no tasks                             |-->| no tasks                             |",
        "+--------------------------------------+   +--------------------------------------+",
    ]


def test_a_long_list_is_cut_and_what_failed_is_never_what_is_left_out() -> None:
    # GIVEN thirty tasks, of which the last but one has failed
    tasks = tuple(
        SequenceTask(f"t{n}", f"Task {n}", Status.ERROR if n == 28 else Status.SUCCESS if n < 20 else Status.WAITING)
        for n in range(30)
    )
    picture = lay_out(Sequence("O", (SequencePhase("p", "Load", tasks, at_once=4),)), 60, most_rows=5)
    assert lines(picture) == [
        "╭ 1 Load ────────────────────────────────── ∥4 of 30 ╮",
        "│ ✔ Task 0     ✔ Task 4     ✔ Task 8     ✔ Task 12   │",
        "│ ✔ Task 1     ✔ Task 5     ✔ Task 9     ✔ Task 13   │",
        "│ ✔ Task 2     ✔ Task 6     ✔ Task 10    ✔ Task 14   │",
        "│ ✔ Task 3     ✔ Task 7     ✔ Task 11    ✘ Task 28   │",
        "│ … 14 more: 9 ○ 5 ✔                                 │",
        "╰────────────────────────────────────────────────────╯",
    ]


@pytest.mark.parametrize(
    ("names", "room", "shown"),
    [
        (["Campaigns", "Email recipient index"], 12, ["Campaigns", "Email recip…"]),
        (["Paid Campaign A", "Paid Campaign B"], 9, ["Pa…aign A", "Pa…aign B"]),
        (["Load from Prague into one", "Load from Berlin into one"], 10, ["Loa…Prague", "Loa…Berlin"]),
        (["数据管道数据管道一", "数据管道数据管道二"], 9, ["数…管道一", "数…管道二"]),
        (["数据管道数据管道"], 8, ["数据管…"]),
        (["the same long name", "the same long name"], 8, ["the sam…", "the sam…"]),
    ],
)
def test_names_are_cut_where_they_stay_apart(names: list[str], room: int, shown: list[str]) -> None:
    assert cut_names(names, room) == shown


@given(st.lists(NAMES, max_size=12), st.integers(0, 40))
@settings(deadline=None)
def test_cut_names_fit(names: list[str], room: int) -> None:
    shown = cut_names(names, room)
    assert all(cell_len(text) <= room for text in shown)
    assert all(text == name for name, text in zip(names, shown, strict=True) if cell_len(name) <= room)


def test_a_plan_has_what_earlier_runs_took_and_what_is_disabled() -> None:
    # GIVEN an orchestration with a disabled task, and one whose duration is known
    tasks = (Task("a", "c/a"), Task("b", "c/b", enabled=False), Task("d", "c/d"))
    value = Orchestration("o", "O\x1b[31m", phases=(Phase("p", "P", tasks, max_parallel=1),))
    sequence = sequence_of_plan(value, lambda ref: ref.upper(), {"a": 3.0}, 10)
    assert sequence.name == "O"
    (phase,) = sequence.phases
    assert (phase.at_once, phase.to_run) == (1, 2)
    assert phase.tasks == (
        SequenceTask("a", "C/A", Status.CREATED, 3.0, expected=True),
        SequenceTask("b", "C/B", Status.SKIPPED),
        SequenceTask("d", "C/D", Status.CREATED, None, expected=True),
    )
    assert lines(lay_out(sequence, 40)) == [
        "╭ 1 P ─ ∥1 of 2 ╮",
        "│ · C/A         │",
        "│ – C/B         │",
        "│ · C/D         │",
        "╰───────────────╯",
    ]


def test_an_array_is_marked_with_its_parts_also_where_its_name_is_cut() -> None:
    # GIVEN an orchestration with an array, and one with a long name
    name = "Load all files of the day"
    tasks = (Task("a", "c/a", each=Each(files="data/*.csv")), Task("b", name, each=Each(items=("x",))))
    sequence = sequence_of_plan(Orchestration("o", "O", phases=(Phase("p", "P", tasks),)), str, {}, 10)
    text = "\n".join(lines(lay_out(sequence, 80)))
    assert "· c/a ×n " in text and f"· {name} ×n " in text
    # WHEN there is little room THEN the mark stays
    assert [line.rstrip(" │").endswith("×n") for line in lines(lay_out(sequence, 20))[1:3]] == [True, True]
    # AND of a short name too, where there is just as much room as it needs
    short = Sequence("O", (SequencePhase("p", "P", (SequenceTask("a", "load", parts=0),)),))
    assert lines(lay_out(short, 60))[1].startswith("│ · load ×n ")
    # AND once it has unfolded it says how many they are, on any terminal
    unfolded = Sequence("O", (SequencePhase("p", "P", (SequenceTask("a", "A", parts=120), SequenceTask("b", "B"))),))
    assert [line[2:10].strip() for line in lines(lay_out(unfolded, 40, ascii_only=True))[1:3]] == [". A x120", ". B"]


def test_a_run_has_its_states_and_times_now() -> None:
    # GIVEN a run whose first task runs, and whose others are known from earlier runs
    run = model(begun(*started("a", T0)), Estimates(task_medians={"a": 9.0, "b": 4.0}))
    sequence = sequence_of_run(run, RunTime(T0 + 5.5))
    first, second = sequence.phases[0].tasks
    assert (first.name, first.status, first.seconds, first.expected) == ("a", Status.PROCESSING, 5.5, False)
    assert (second.status, second.seconds, second.expected) == (Status.WAITING, 4.0, True)
    assert legend(sequence) == [Status.WAITING, Status.PROCESSING]
    # WHEN its executor vanishes THEN what ran is marked, and its clock stands
    run.live = False
    assert sequence_of_run(run, RunTime(T0 + 99)).phases[0].tasks[0].interrupted
    text = lines(lay_out(sequence_of_run(run, RunTime(T0 + 99)), 80))
    assert text[1].startswith("│ ? a")


def test_the_states_of_tasks_and_phases_are_in_the_pieces() -> None:
    picture = lay_out(sample(campaigns=Status.ERROR), 120)
    marks = [piece for line in draw(picture) for piece in line if piece.kind is Kind.MARK]
    assert [(mark.text, mark.status, mark.owner) for mark in marks[:1]] == [("✘ ", Status.ERROR, "campaigns")]


@pytest.mark.parametrize("name", [*TRICKY, "a < b & c > d \"e\" 'f'", "]]> <!-- -->", "\x00\x0b\ufffe\uffff"])
def test_an_svg_is_well_formed_whatever_the_names(name: str) -> None:
    task = SequenceTask("t", name, Status.WARNING, 3.0)
    picture = lay_out(Sequence(name, (SequencePhase("p", name, (task,) * 20), SequencePhase("q", name))), 80)
    root = ElementTree.fromstring(svg.write_svg(picture))
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    # A name is text and nothing else: no element, no attribute, no style comes from it.
    known = {"svg", "title", "style", "rect", "text", "g", "polyline", "polygon"}
    assert {element.tag.rpartition("}")[2] for element in root.iter()} <= known


def test_an_svg_has_every_name_whole_and_its_colours_follow_the_page() -> None:
    document = svg.write_svg(lay_out(sample(campaigns=Status.SUCCESS), 60))
    root = ElementTree.fromstring(document)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    titles = [element.text for element in root.iter("{http://www.w3.org/2000/svg}title")]
    assert {"Campaigns", "Email index", "New ones", "✔", "success"} <= set(texts)
    assert "Campaigns: success" in titles
    assert "prefers-color-scheme:dark" in document
    assert "prefers-color-scheme" not in svg.write_svg(lay_out(sample(), 60), dark=True)


@pytest.mark.parametrize(("colors", "ours"), [(svg.LIGHT, theme.LIGHT), (svg.DARK, theme.DARK)])
def test_a_picture_has_the_colours_of_the_screen(colors: dict[str, str], ours: Theme) -> None:
    variables = ours.variables
    assert colors == {
        "paper": ours.background,
        "ink": ours.foreground,
        "dim": variables["text-muted"],
        "frame": variables["border-blurred"],
        "green": ours.success,
        "red": ours.error,
        "yellow": ours.warning,
        "blue": ours.primary,
        "magenta": ours.accent,
        "bright_black": variables["text-muted"],
    }
