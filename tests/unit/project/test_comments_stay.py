"""Edits of a configuration's parameters change what stands for them, and leave every comment where it was."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from orch_tui.model.components.configuration import Configuration
from orch_tui.project.saving.configuration_text import compose
from orch_tui.project.saving.orchestration_text import Way
from orch_tui.project.toml.lines import comments_in, scan
from orch_tui.project.toml.text import long_text, value_text

from tests.support.effort import examples

NAMES = st.sampled_from(["a", "b", "c", "with space"])
LEAVES = st.integers(0, 9) | st.sampled_from(["x", "two\nlines\n", "# no comment", "[t]"])
VALUES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(LEAVES, max_size=3)
        | st.lists(st.dictionaries(NAMES, LEAVES, min_size=1, max_size=2), min_size=1, max_size=3)
        | st.dictionaries(NAMES, inner, max_size=3)
    ),
    max_leaves=6,
)
PARAMETERS = st.dictionaries(NAMES, VALUES, max_size=3)
STYLES = st.lists(st.sampled_from(["header", "dotted", "inline"]), min_size=1, max_size=12)


def _key(path: tuple[str, ...]) -> str:
    return ".".join(value_text(part) for part in path)


def _holds(values: Iterable[Any], kind: type, all_of_it: bool) -> bool:
    """Whether there are values, and all of them are of this kind, or none."""
    listed = list(values)
    return bool(listed) and all(isinstance(value, kind) is all_of_it for value in listed)


def _lines(path: tuple[str, ...], table: dict[str, Any], styles: list[str], top: bool = False) -> list[str]:
    """The lines of ``[path]`` in one of the ways in which people write it; ``styles`` are used up one by one."""
    own, below = [], []
    for key, value in table.items():
        style = styles.pop() if styles else "header"
        if isinstance(value, dict) and style == "header":
            below += _lines((*path, key), value, styles)
        elif isinstance(value, dict) and style == "dotted" and _holds(value.values(), dict, False):
            own += [f"{_key((key, name))} = {value_text(item)}" for name, item in value.items()]
        elif isinstance(value, list) and style == "header" and _holds(value, dict, True):
            for item in value:
                below.append(f"[[{_key((*path, key))}]]")
                below += [f"{_key((name,))} = {value_text(inner)}" for name, inner in item.items()]
        else:
            text = long_text(value) if isinstance(value, str) else value_text(value)
            own.append(f"{_key((key,))} = {text}")
    # A table that only its sub-tables make has no header.
    return [*([f"[{_key(path)}]"] if own or not below or top else []), *own, *below]


def _commented(text: str) -> str:
    """With a comment above each statement, beside it, and now and then one that stands alone."""
    result = ""
    for number, statement in enumerate(scan(text).statements):
        body = text[statement.start : statement.end].rstrip("\n")
        result += f"# above {number}\n{body} # beside {number}\n"
        if number % 3 == 2:
            result += f"\n# alone {number}\n\n"
    return result


def _read(text: str) -> Configuration:
    document = tomllib.loads(text)
    return Configuration("c", "i", document["name"], parameters=document.get("parameters", {}))


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place below the top where something can be changed."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [place for key, item in inner for place in ((*path, key), *_places(item, (*path, key)))]


@st.composite
def edited(draw: st.DrawFn, parameters: dict[str, Any]) -> dict[str, Any]:
    """The parameters after a few edits at any depth."""
    result: dict[str, Any] = copy.deepcopy(parameters)
    for _ in range(draw(st.integers(1, 3))):
        places = _places(result)
        place: tuple[Any, ...] = draw(st.sampled_from(places)) if places else ()
        what = draw(st.sampled_from(["set", "remove", "empty", "add"])) if place else "add"
        owner: Any = result
        for part in place[:-1]:
            owner = owner[part]
        if what == "remove":
            del owner[place[-1]]
        elif what == "empty":
            owner[place[-1]] = {}
        elif what == "set":
            owner[place[-1]] = draw(VALUES)
        else:
            inside: Any = owner[place[-1]] if place else result
            (inside if isinstance(inside, dict) else result)[draw(NAMES)] = draw(VALUES)
    return result


CASES = st.tuples(PARAMETERS, STYLES).flatmap(lambda case: st.tuples(st.just(case), edited(case[0])))


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@example(case=(({"auth": {"basic": {"user": "u"}}}, ["header", "header"]), {"auth": {}}))
@given(CASES)
def test_comments_stay_where_they_were_whatever_is_edited(
    case: tuple[tuple[dict[str, Any], list[str]], dict[str, Any]],
) -> None:
    # GIVEN a file of parameters, written in sections, dotted keys and inline tables, with comments everywhere
    (parameters, styles), new = case
    lines = _lines(("parameters",), parameters, list(styles)) if parameters else []
    before = _commented("\n".join(['name = "N"', *lines]) + "\n")
    assert _read(before).parameters == parameters
    # WHEN values are set, removed, emptied and added
    after, way = compose(before, _read(before), Configuration("c", "i", "N", parameters=new), _read)
    # THEN the file reads as wanted, was not written anew, and has its comments in the order in which they were
    assert _read(after).parameters == new
    assert way in (Way.IN_PLACE, Way.UNCHANGED)
    assert comments_in(after) == comments_in(before)


@pytest.mark.parametrize(
    ("before", "new", "after"),
    [
        (
            '# about basic\n[parameters.auth.basic]\n# the user\nuser = "u" # ours\n\n# the end\n',
            {"auth": {}},
            "# about basic\n[parameters.auth]\n# the user\n# ours\n\n# the end\n",
        ),
        (
            "[parameters]\nids = [ # all\n  1, # one\n  2,\n] # known\n# next\nb = 1\n",
            {"ids": [7], "b": 1},
            "[parameters]\n# all\n# one\nids = [7] # known\n# next\nb = 1\n",
        ),
        (
            "[parameters]\nids = [ # all\n  1, # one\n  2,\n] # known\n",
            {"ids": [1, 3]},
            "[parameters]\nids = [ # all\n  1, # one\n  3,\n] # known\n",
        ),
        (
            "[parameters]\n# dotted\na.b = 1 # one\na.c = 2\nz = 1\n",
            {"a": {}, "z": 1},
            "[parameters]\n# dotted\n# one\na = {}\nz = 1\n",
        ),
        (
            "[[parameters.rows]]\n# first\na = 1\n# second\n[[parameters.rows]]\na = 2\nb = 3 # kept\n",
            {"rows": [{"a": 2, "b": 3}]},
            "# first\n# second\n[[parameters.rows]]\na = 2\nb = 3 # kept\n",
        ),
        (
            "[parameters.x.y]\n# y\na = 1\n",
            {"x": {"y": {"a": 1}, "k": 2}},
            "[parameters.x]\nk = 2\n\n[parameters.x.y]\n# y\na = 1\n",
        ),
        (
            '[parameters]\nlogin = { user = "u", password = "p" } # ours\n',
            {"login": {"password": "q", "host": "h"}},
            '[parameters]\nlogin = { password = "q", host = "h" } # ours\n',
        ),
    ],
)
def test_what_an_edit_makes_of_a_text(before: str, new: dict[str, Any], after: str) -> None:
    head = 'name = "N"\n\n'
    text, way = compose(head + before, _read(head + before), Configuration("c", "i", "N", parameters=new), _read)
    assert (text.removeprefix(head), way) == (after, Way.IN_PLACE)
