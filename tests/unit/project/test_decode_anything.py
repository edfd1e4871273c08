"""Whatever valid TOML a file holds, reading it gives a value or problems with places, never an exception."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.project.definitions.configurations import decode_component, decode_configuration
from orch_tui.project.definitions.orchestrations import decode_orchestration
from orch_tui.project.definitions.settings import decode_settings
from orch_tui.project.files.source import DefinitionError, parse_toml
from orch_tui.project.toml.decode import Place

from tests.support.effort import examples

WORDS = (
    "name description id max_parallel defaults variables phases tasks configuration enabled continue_on_failure retry "
    "attempts delay backoff timeout grace max_log_mb value parameters inputs outputs table mode primary_key file type "
    "command inline tables staged schema parameters_model actions runs keep keep_days storage keep_versions on_hangup "
    "group_order pass_environment environments schedules"
)
KEYS = WORDS.split()
keys = st.sampled_from(KEYS) | st.text(st.characters(exclude_categories=["Cs"]), max_size=3)
leaves = (
    st.sampled_from(["a/b", "30m", "constant", "incremental", "extractor", "csv", "", "x", "\x1b[31m\n", "a/b/c"])
    | st.integers(-(2**62), 2**62)
    | st.booleans()
    | st.floats()
    | st.dates()
)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=5), max_leaves=15
)
# Half of the documents have the shape of the real thing, with anything in it.
tasks = st.dictionaries(keys, values, max_size=4).map(lambda task: {"configuration": "a/b", **task})
phases = st.dictionaries(keys, values, max_size=3).flatmap(
    lambda phase: st.lists(tasks, max_size=3).map(lambda inner: {**phase, "tasks": inner})
)
documents = st.dictionaries(keys, values, max_size=5).flatmap(
    lambda document: st.just(document) | st.lists(phases, max_size=3).map(lambda inner: {**document, "phases": inner})
)


def no_file(named: str) -> str:
    raise ValueError(f"no file {named!r}")


DECODERS: dict[str, Callable[[dict[str, Any], Place], object]] = {
    "orchestration": lambda data, place: decode_orchestration(data, place, "o"),
    "configuration": lambda data, place: decode_configuration(data, place, "c", "i", no_file),
    "component": lambda data, place: decode_component(data, place, "c", builtin=False, directory="d"),
    "settings": lambda data, place: decode_settings(data, place, "p"),
}


@pytest.mark.parametrize("kind", DECODERS)
@settings(max_examples=examples(60), deadline=None, suppress_health_check=list(HealthCheck))
@given(document=documents)
def test_any_document_gives_a_value_or_problems(kind: str, document: dict[str, Any]) -> None:
    # GIVEN any document
    text = tomli_w.dumps(document)
    place = Place("f.toml", text)
    # WHEN it is read as a definition
    value = DECODERS[kind](parse_toml(text, "f.toml"), place)
    # THEN there is a value, and every problem has a line of the file and one line of safe text
    assert value is not None
    lines = text.count("\n") + 1
    for problem in place.problems:
        assert problem.file == "f.toml" and problem.line is not None and 1 <= problem.line <= lines
        assert problem.message and "\x1b" not in problem.message + problem.remedy
    shown = str(DefinitionError(place.problems))
    assert shown.count("\n") == max(0, len(place.problems) - 1)
