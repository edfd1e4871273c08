"""What ``orch.toml`` says, where other tests of it have not asked."""

from __future__ import annotations

import pytest
from orch_tui.model.orchestration.orchestration import LEAST_MEMORY
from orch_tui.project.definitions.settings import ProjectSettings, decode_settings
from orch_tui.project.toml.decode import Place


def decoded(**tables: object) -> tuple[ProjectSettings, list[str]]:
    place = Place("orch.toml", "")
    settings = decode_settings(dict(tables), place, "fallback")
    return settings, [problem.message for problem in place.problems]


def test_what_is_not_said_is_as_documented() -> None:
    settings, problems = decoded()
    assert (settings.name, settings.max_parallel, settings.keep_runs, settings.keep_versions) == (
        "fallback",
        10,
        100,
        3,
    )
    assert settings.keep_days is settings.keep_version_days is settings.memory is None and problems == []
    assert settings.of_tables == {"ORCH_KEEP_VERSIONS": "3"}


def test_the_least_of_each_is_taken() -> None:
    storage = {"keep_versions": 1, "keep_days": 0.5}
    settings, problems = decoded(max_parallel=1, runs={"keep": 1}, storage=storage, limits={"memory": "10MB"})
    assert (settings.max_parallel, settings.keep_runs, settings.keep_versions) == (1, 1, 1)
    assert settings.keep_version_days == 0.5 and settings.memory == LEAST_MEMORY and problems == []
    assert settings.of_tables == {"ORCH_KEEP_VERSIONS": "1", "ORCH_KEEP_VERSION_DAYS": "0.5"}


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"max_parallel": 0}, "the least is 1"),
        ({"runs": {"keep_days": 0}}, "must be above 0"),
        ({"storage": {"keep_days": 0}}, "must be above 0"),
        ({"storage": {"keep_versions": 0}}, "the least is 1"),
        ({"limits": {"memory": "9MB"}}, "10MB"),
    ],
    ids=str,
)
def test_less_than_the_least_is_a_problem(tables: dict[str, object], said: str) -> None:
    _, (problem,) = decoded(**tables)
    assert said in problem
