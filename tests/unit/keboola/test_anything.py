"""Flows and orchestrators with anything anywhere are taken or refused with sentences, and go out as they came in."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from orch_tui.keboola.back.flows import Surroundings, write_flow
from orch_tui.keboola.exporting import single_flow
from orch_tui.keboola.mapping.orchestrations import map_orchestration
from orch_tui.keboola.mapping.references import References
from orch_tui.keboola.reading.single import read_file
from orch_tui.keboola.values import KeboolaError
from orch_tui.project.saving.configuration_text import house_text
from orch_tui.project.saving.orchestration_text import new_text

from tests.support.keboola_projects import (
    REAL_CASES,
    branching_flow,
    bring_in,
    empty_project,
    legacy_orchestrator,
    real_cases,
    write_json,
)

VALUES: list[Any] = [None, True, 0, -1, 1.5, "", "x", "*", [], {}, [1], [None], {"file": "x"}, "${X}", "{{x}}", 10**30]


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _places(item, (*path, key))


def _damaged(rng: random.Random) -> dict[str, Any]:
    """A flow or an orchestrator in which some values are others, or gone."""
    body = rng.choice([branching_flow, legacy_orchestrator])()
    for _ in range(rng.randrange(1, 4)):
        if not (places := list(_places(body))):
            break
        *above, last = rng.choice(places)
        owner: Any = body
        for key in above:
            owner = owner[key]
        if isinstance(owner, dict) and rng.random() < 0.3:
            del owner[last]
        else:
            owner[last] = copy.deepcopy(rng.choice(VALUES))
    return body


@pytest.mark.parametrize("number", [400, pytest.param(20_000, marks=pytest.mark.long)])
def test_anything_is_taken_or_refused(tmp_path: Path, number: int) -> None:
    taken = 0
    for seed in range(number):
        # GIVEN
        body = _damaged(random.Random(seed))
        write_json(tmp_path / "daily.json", body)
        try:
            brought = read_file(tmp_path / "daily.json")
            # WHEN
            references = References()
            mapped = map_orchestration(brought.stored[0], "daily", references, brought)
        except KeboolaError as refused:
            assert all(refused.sentences), body
            continue
        # THEN it can be written as our files
        taken += 1
        new_text(mapped.value)
        made = {one.ref: one for one in mapped.made}
        for one in made.values():
            house_text(one)
        # AND goes out as it came in
        around = Surroundings(made.get, lambda ref: {"configId": ref})
        written = write_flow(mapped.value, brought.stored[0], mapped, references, brought, around)
        assert (written.body, written.notes) == (body, ()), seed
    assert taken > number / 10


def test_half_of_a_character_is_refused(tmp_path: Path) -> None:
    # GIVEN
    (tmp_path / "daily.json").write_text('{"phases": [], "tasks": [], "x": "\\ud800"}', encoding="utf-8")
    # WHEN / THEN
    with pytest.raises(KeboolaError, match="half of a character"):
        read_file(tmp_path / "daily.json")


def _with_unknown_keys(value: Any, number: int = 0) -> Any:
    """The value with a key that nobody knows in every object, down to those that the body itself is made of."""
    if isinstance(value, dict):
        inner = {key: _with_unknown_keys(item, number + 1) for key, item in value.items()}
        return {**inner, f"x-unknown-{number}": {"kept": None, "list": [None, 1.5, "${X} {{y}}"]}}
    return [_with_unknown_keys(item, number + 1) for item in value] if isinstance(value, list) else value


SOURCES = ["branching", "legacy", *(case["file"] for case in real_cases() if case["valid"])]


@pytest.mark.parametrize("part", range(3))
def test_import_export_import_is_the_identity_with_unknown_keys_at_every_level(tmp_path: Path, part: int) -> None:
    made = {"branching": branching_flow(), "legacy": legacy_orchestrator()}
    for source in SOURCES[part::3]:
        # GIVEN
        body = made[source] if source in made else json.loads((REAL_CASES / source).read_text(encoding="utf-8"))
        body = _with_unknown_keys(body)
        write_json(tmp_path / "daily.json", body)
        first = read_file(tmp_path / "daily.json").stored[0]
        # WHEN it is imported, exported and imported
        project = empty_project(tmp_path / "here" / str(SOURCES.index(source)))
        bring_in(project, tmp_path / "daily.json")
        written = single_flow(project, "daily", first.component).body
        write_json(tmp_path / "daily.json", written)
        other = empty_project(tmp_path / "there" / str(SOURCES.index(source)))
        bring_in(other, tmp_path / "daily.json")
        # THEN it is what it was, with all its keys
        assert written == body, source
        assert other.orchestration("daily") == project.orchestration("daily"), source
        assert single_flow(other, "daily").body == body, source
