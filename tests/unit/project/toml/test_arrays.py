"""Rules in a file as people write them: edits take the comments of a rule along, and lose none."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.model.edits import edits
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.model.orchestration.rules import After, Rule
from orch_tui.project.files.source import parse_toml
from orch_tui.project.saving.orchestration_text import Way, compose
from orch_tui.project.toml.lines import comments_in

from tests.support.effort import examples
from tests.unit.project.test_save_orchestration import read


def written(rules: int, *, last_comma: bool = True, opening: str = "") -> str:
    """A phase with so many rules, each with a comment above and one beside it."""
    lines = [
        f'  # above {number}\n  {{ name = "r{number}", when = \'vars.n == {number}\', goto = "end" }}'
        f"{',' if last_comma or number < rules - 1 else ''} # beside {number}\n"
        for number in range(rules)
    ]
    head = 'name = "O"\n\n[[phases]]\nid = "p"\nname = "P"\n'
    return f'{head}next = [{opening}\n{"".join(lines)}  # at the end\n]\n\n[[phases]]\nid = "q"\nname = "Q"\n'


@st.composite
def rule_edits(draw: st.DrawFn) -> list[tuple[str, int, int]]:
    return draw(
        st.lists(
            st.tuples(st.sampled_from(["add", "change", "remove", "move"]), st.integers(0, 5), st.integers(0, 5)),
            min_size=1,
            max_size=5,
        )
    )


def edited(value: Orchestration, steps: list[tuple[str, int, int]]) -> Orchestration:
    for number, (kind, one, other) in enumerate(steps):
        count = len(value.phases[0].rules)
        if kind == "add" or not count:
            value = edits.add_rule(value, "p", Rule("q", f"vars.new == {number}", name=f"new {number}"), one)
        elif kind == "change":
            value = edits.change_rule(value, "p", one % count, Rule("q", name=f"other {number}", on=After.ANY))
        elif kind == "remove":
            value = edits.remove_rule(value, "p", one % count)
        else:
            value = edits.move_rule(value, "p", one % count, other % count)
    return value


@settings(max_examples=examples(150), deadline=None)
@given(st.integers(1, 5), rule_edits(), st.booleans(), st.sampled_from(["", " # opens"]))
def test_every_comment_stays_and_goes_with_its_rule(
    rules: int, steps: list[tuple[str, int, int]], last_comma: bool, opening: str
) -> None:
    # GIVEN a file with comments everywhere
    text = written(rules, last_comma=last_comma, opening=opening)
    value = read(text)
    # WHEN its rules are edited and saved
    new = edited(value, steps)
    after, way = compose(text, new, lambda one: (read(one), parse_toml(one, "a.toml")))
    # THEN it reads back equal, with every comment once
    assert read(after) == new and way in (Way.UNCHANGED, Way.BY_BLOCKS)
    assert sorted(comments_in(after)) == sorted(comments_in(text))
    # AND those of a rule that is as it was stand at it
    rest = after.splitlines()
    for number, rule in enumerate(value.phases[0].rules):
        if rule in new.phases[0].rules:
            line = next(at for at, one in enumerate(rest) if f'name = "r{number}"' in one)
            assert rest[line].endswith(f"# beside {number}") and rest[line - 1].strip() == f"# above {number}"
    # AND what is undone before it is saved leaves every byte
    assert compose(text, value, lambda one: (read(one), parse_toml(one, "a.toml"))) == (text, Way.UNCHANGED)


@pytest.mark.parametrize(
    "array",
    [
        '[{ name = "r0", when = "vars.a", goto = "end" }, { goto = "end" }]',
        '[\n  { name = "r0", when = "vars.a", goto = "end" } # c\n  , { goto = "end" },\n]',
        '[\n  { name = "r0", when = "vars.a", goto = "end" }, { goto = "end" },\n]',
        '[ { name = "r0", when = "vars.a", goto = "end" }, # c\n  { goto = "end" }\n]',
        '[\n  { name = "r0", when = "vars.a", goto = "end" }, { goto = "end" }\n  # c, d\n]',
    ],
)
@pytest.mark.parametrize("steps", [[("move", 0, 1)], [("remove", 0, 0)], [("add", 1, 0)], [("change", 1, 0)]])
def test_arrays_of_other_shapes_read_back_equal(array: str, steps: list[tuple[str, int, int]]) -> None:
    text = f'name = "O"\n\n[[phases]]\nid = "p"\nname = "P"\nnext = {array}\n\n[[phases]]\nid = "q"\nname = "Q"\n'
    new = edited(read(text), steps)
    after, _ = compose(text, new, lambda one: (read(one), parse_toml(one, "a.toml")))
    assert read(after) == new and comments_in(after) == comments_in(text)
