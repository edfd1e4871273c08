"""Names of columns: the same for every order of arrival, and from run to run."""

from __future__ import annotations

import itertools
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from orch_tui.components.http.records.flatten import Flattener, Path
from orch_tui.components.http.records.names import ColumnNames

from tests.support.effort import examples

PAIRS: list[tuple[Path, ...]] = [
    (("user", "id"), ("user_id",)),
    (("Id",), ("id",), ("ID",)),
    (("a", "b_c"), ("a_b", "c"), ("a", "b", "c"), ("a_b_c",)),
    (("",), ("\x1b[31m",), ("column",)),
    (("name\n",), ("name",)),
    (("user", "ID"), ("user_id",), ("User", "id")),
]


@pytest.mark.parametrize("paths", PAIRS)
def test_names_do_not_depend_on_the_order_of_arrival(paths: tuple[Path, ...]) -> None:
    found = {}
    for order in itertools.permutations(paths):
        names = ColumnNames("_").assign(order)
        assert len({name.casefold() for name in names}) == len(order) and all(name.isprintable() for name in names)
        found[order] = dict(zip(order, names, strict=True))
    assert len({tuple(sorted(named.items())) for named in found.values()}) == 1


@pytest.mark.parametrize("paths", PAIRS)
def test_a_member_keeps_its_column_whichever_comes_later(paths: tuple[Path, ...]) -> None:
    # GIVEN runs in which only some of the members come, in every order of runs
    for first, second in itertools.permutations(paths, 2):
        one = ColumnNames("_")
        (alone,) = one.assign([first])
        # WHEN the other one comes later, alone or with it, THEN it gets a column of its own, and the first keeps its
        memory = json.loads(json.dumps(one.memory))
        two = ColumnNames("_", memory)
        (other,) = two.assign([second], known=[alone])
        assert other.casefold() != alone.casefold()
        both = ColumnNames("_", json.loads(json.dumps(two.memory))).assign([second, first], known=[alone, other])
        assert both == [other, alone]


def test_what_the_table_has_is_kept_without_a_memory() -> None:
    # GIVEN a table made of both members, and no state any more
    nested, flat = ColumnNames("_").assign([("user", "id"), ("user_id",)])
    assert flat == "user_id" and nested.startswith("user_id_")
    # WHEN only one comes, THEN it goes on in its own column
    assert ColumnNames("_").assign([("user", "id")], known=[flat, nested]) == [nested]
    assert ColumnNames("_").assign([("user_id",)], known=[flat, nested]) == [flat]
    # AND a table of an older version, or of another program, gets its columns as they are called
    assert ColumnNames("_").assign([("user", "id")], known=["user_id"]) == ["user_id"]


def test_names_that_the_user_gives_come_first() -> None:
    names = ColumnNames("_")
    assert names.assign([("order_id",), ("order_id",), ("order", "id")], fixed=1)[0] == "order_id"
    again = ColumnNames("_", names.memory)
    assert again.assign([("order", "id"), ("order_id",), ("order_id",)], fixed=0)[1:] != ["order_id", "order_id"]


@pytest.mark.parametrize(
    "memory", [None, {}, {"separator": "."}, {"separator": "_", "names": 5}, {"separator": "_", "names": {"a": "b"}}]
)
def test_a_memory_that_does_not_fit_is_none(memory: Any) -> None:
    assert ColumnNames("_", memory).assign([("a", "b")]) == ["a_b"]


def test_a_name_with_digits_is_told() -> None:
    names = ColumnNames("_")
    names.assign([("user", "id"), ("user_id",), ("",)])
    assert len(names.remarks) == 2 and 'that of "user.id" is called "user_id_' in names.remarks[1]


PATHS = st.lists(st.sampled_from(["a", "A", "b", "a_b", "_", "", "b\n"]), min_size=1, max_size=3).map(tuple)


@given(st.lists(st.sets(PATHS, min_size=1, max_size=6), min_size=1, max_size=5), st.randoms())
@settings(max_examples=examples(200), deadline=None)
def test_any_runs_in_any_order(runs: list[set[Path]], order: random.Random) -> None:
    # GIVEN runs with any members, in any order of arrival
    memory: Any = None
    known: list[str] = []
    column_of: dict[Path, str] = {}
    for members in runs:
        paths = sorted(members)
        order.shuffle(paths)
        names = ColumnNames("_", memory)
        given_names = names.assign(paths, known=known)
        memory = json.loads(json.dumps(names.memory))
        # THEN no two members ever share a column, and none ever changes it
        for path, name in zip(paths, given_names, strict=True):
            assert column_of.setdefault(path, name) == name
        assert len({name.casefold() for name in column_of.values()}) == len(column_of)
        known += [name for name in given_names if name not in known]


def test_members_of_records_get_these_names() -> None:
    flattener = Flattener()
    flattener.row({"user": {"id": 1}, "user_id": 2, "Id": 3, "id": 4, "": 5, 'we"ird\n': 6})
    names = ColumnNames("_").assign([column.path for column in flattener.columns()])
    assert names[1] == "user_id" and names[2] == "Id" and names[4:] == ["column", 'we"ird']
    assert names[0].startswith("user_id_") and names[3].startswith("id_")
