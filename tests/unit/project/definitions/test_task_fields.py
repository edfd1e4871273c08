"""Every field of a task that is declared goes into files, journals, plans and the form: none is listed here by name."""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from orch_tui.model.edits.edits import EditError, set_options
from orch_tui.model.orchestration.each import Each
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions, ValueKind, kind_of
from orch_tui.model.orchestration.resources import Resources
from orch_tui.model.orchestration.retry import Backoff, Retry, RetryOn
from orch_tui.model.run.plan import RUN_SETTINGS, PlannedTask, TaskFacts, make_plan
from orch_tui.model.run.run_start import plan_of
from orch_tui.model.run.runstate import RunHeader
from orch_tui.project.definitions.orchestrations import decode_orchestration
from orch_tui.project.definitions.settings import decode_settings
from orch_tui.project.definitions.task_fields import OPTION_KEYS, TASK_KEYS
from orch_tui.project.journal.format import parse_records, write_header
from orch_tui.project.journal.head import Head
from orch_tui.project.saving import orchestration_text
from orch_tui.project.toml.decode import Place
from orch_tui.tui.workbench.dialogs.task_options_form import (
    ALLOW_EMPTY,
    EACH,
    FIELDS,
    ROWS,
    SETS,
    form_values,
    read_form,
)

from tests.support.strategies import retry_failures

_SECONDS = st.integers(1, 10**6).map(float) | st.sampled_from([0.25, 1.5, 90061.0])
_RETRIES = st.builds(
    Retry,
    st.integers(0, 9),
    _SECONDS,
    st.sampled_from(Backoff),
    st.none() | _SECONDS,
    st.lists(retry_failures, max_size=3).map(tuple),
    st.just(0.0) | _SECONDS,
)
_RESOURCES = st.builds(
    Resources,
    st.integers(1, 64),
    st.none() | _SECONDS,
    st.none() | st.integers(1, 8),
)
_NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_.-]{0,9}", fullmatch=True)
_IDS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,9}", fullmatch=True)
_TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
VALUES: dict[ValueKind, st.SearchStrategy[Any]] = {
    ValueKind.FLAG: st.booleans(),
    ValueKind.LENGTH: st.none() | _SECONDS | st.just(0.0),
    ValueKind.LIMIT: st.none() | _SECONDS,
    ValueKind.SIZE: st.none() | st.sampled_from([0.5, 1.0, 2048.0]),
    ValueKind.MEMORY: st.none() | st.integers(10_000_000, 2**62 - 1),
    ValueKind.COUNT: st.none() | st.integers(1, 99),
    ValueKind.RETRY: st.none() | _RETRIES,
    ValueKind.VARIABLES: st.dictionaries(_NAMES, _TEXTS, max_size=3),
    ValueKind.ID: st.none() | _IDS,
    ValueKind.IDS: st.lists(
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9_-]{0,9}", fullmatch=True), max_size=3, unique=True
    ).map(tuple),
    ValueKind.RESOURCES: st.none() | _RESOURCES,
    ValueKind.NAMES: st.lists(_NAMES, max_size=3, unique=True).map(tuple),
    ValueKind.EACH: st.none()
    | st.one_of(
        st.from_regex(r"[a-z]{1,9}/\*\.csv", fullmatch=True),
        _NAMES.map("{{{{ {} }}}}".format),
        st.lists(st.from_regex(r"[a-z0-9 *\[\]{}\"']{1,9}", fullmatch=True), min_size=1, max_size=4, unique=True),
    ).map(Each.of),
}


def _values(owner: type[Any]) -> st.SearchStrategy[dict[str, Any]]:
    kinds = {field.name: kind for field in fields(owner) if (kind := kind_of(field)) is not None}
    own = {name: VALUES[kind] for name, kind in kinds.items() if kind is not ValueKind.OPTIONS}
    return st.fixed_dictionaries(own)


OPTIONS = _values(TaskOptions).map(lambda values: TaskOptions(**values))
TASKS = st.builds(lambda values, options: Task("t", "command/t", options=options, **values), _values(Task), OPTIONS)
# One for each field: all is as it would be without it, but for this field.
SINGLE = [
    *(("options", field.name, kind_of(field)) for field in fields(TaskOptions)),
    *(("task", f.name, kind_of(f)) for f in fields(Task) if kind_of(f) not in (None, ValueKind.OPTIONS)),
]
_SAMPLES: dict[ValueKind, Any] = {
    ValueKind.LENGTH: 7.0,
    ValueKind.LIMIT: 7.0,
    ValueKind.SIZE: 7.0,
    ValueKind.COUNT: 7,
    ValueKind.MEMORY: 77_000_000,
    ValueKind.RETRY: Retry(7, 3.0, Backoff.DOUBLING, 99.0, (RetryOn.parse("timeout"),), 2.0),
    ValueKind.VARIABLES: {"day": "7"},
    ValueKind.NAMES: ("day",),
    ValueKind.IDS: ("4711", "orders"),
    ValueKind.ID: "snowflake",
    ValueKind.RESOURCES: Resources(4, 7200.0, 1),
    ValueKind.EACH: Each.of(["de", "fr"]),
}


def _sample(place: str, name: str, kind: ValueKind | None) -> Task:
    if kind is ValueKind.FLAG:
        opposite: Any = not Task.__dataclass_fields__[name].default
        return Task("t", "command/t", **{name: opposite})
    assert kind is not None
    if place == "options":
        return Task("t", "command/t", options=TaskOptions(**{name: _SAMPLES[kind]}))
    return Task("t", "command/t", **{name: _SAMPLES[kind]})


def _orchestration(task: Task) -> Orchestration:
    return Orchestration("o", "O", phases=(Phase("p", "P", (task,)),))


def _read(text: str) -> Orchestration:
    place = Place("o.toml", text)
    value = decode_orchestration(tomllib.loads(text), place, "o")
    assert not place.problems, place.problems
    return value


def _both(text: str) -> tuple[Orchestration, dict[str, Any]]:
    return _read(text), tomllib.loads(text)


def _planned(task: Task) -> tuple[PlannedTask, PlannedTask]:
    """A task as it is planned, and as it comes back out of the journal of its run."""
    plan = make_plan(_orchestration(task), lambda _: TaskFacts("T", "d"), defaults=TaskOptions(), max_parallel=3)
    head = Head()
    for record in parse_records(write_header(RunHeader("r", "o", "O", 1.0, "me"), plan)):
        head.add(record)
    return next(plan.tasks()), next(plan_of(head.state()).tasks())


@pytest.mark.parametrize(("place", "name", "kind"), SINGLE, ids=[name for _, name, _ in SINGLE])
def test_each_field_that_is_declared_is_kept_wherever_a_task_goes(place: str, name: str, kind: ValueKind) -> None:
    # GIVEN a task in which only this field says something
    task = _sample(place, name, kind)
    # WHEN its orchestration is written and read
    # THEN it is there again, under a key that is known
    text = orchestration_text.house_text(_orchestration(task))
    assert name in TASK_KEYS and name in text and _read(text) == _orchestration(task)
    # AND a changed file takes it in and gives it up again, with the rest as it was
    plain = orchestration_text.house_text(_orchestration(Task("t", "command/t"))) + "# the end\n"
    for before, after in ((plain, task), (text + "# the end\n", Task("t", "command/t"))):
        edited = orchestration_text.compose(before, _orchestration(after), _both).text
        assert _read(edited) == _orchestration(after) and edited.endswith("# the end\n")
    if place == "options" or name in RUN_SETTINGS:
        # AND a run is planned with it and keeps it in its journal
        planned, recalled = _planned(task)
        held = planned.options if place == "options" else planned
        assert getattr(held, name) == getattr(task.options if place == "options" else task, name)
        assert recalled == planned
    if place == "options":
        # AND the form shows and takes it
        texts = form_values([task], TaskOptions()).texts
        empty = form_values([Task("t", "command/t")], TaskOptions())
        assert any(field.name in texts for field in FIELDS if field.name.startswith(name))
        assert read_form(empty, texts, "").options == {name: getattr(task.options, name)}


def test_the_form_has_a_place_for_each_option() -> None:
    shown = {field.name for field in FIELDS}
    assert {key for key in OPTION_KEYS if not any(name.startswith(key) for name in shown)} == set()
    of_tasks = {one.name for one in (SETS, ROWS, EACH, ALLOW_EMPTY)}
    assert set(form_values([Task("t", "command/t")], TaskOptions()).texts) == shown | of_tasks


@given(TASKS)
def test_any_task_comes_back_out_of_its_file_and_out_of_the_journal_of_its_run(task: Task) -> None:
    assert _read(orchestration_text.house_text(_orchestration(task))) == _orchestration(task)
    planned, recalled = _planned(replace(task, enabled=True))
    assert recalled == planned and planned.options == task.options


@given(OPTIONS, OPTIONS)
def test_an_option_that_is_not_set_is_taken_from_the_defaults(own: TaskOptions, defaults: TaskOptions) -> None:
    merged = own.over(defaults)
    for field in fields(TaskOptions):
        value = getattr(own, field.name)
        assert getattr(merged, field.name) == (getattr(defaults, field.name) if value is None else value)


@pytest.mark.parametrize("field", fields(TaskOptions), ids=lambda field: str(field.name))
def test_no_option_takes_a_number_that_no_run_can_use(field: Any) -> None:
    # GIVEN an option that is a number
    kind = kind_of(field)
    if kind is ValueKind.RETRY:
        wrong: list[Any] = [Retry(-1), Retry(1, -1.0), Retry(1, 1.0, total=0.0), Retry(1, jitter=-1.0)]
    elif kind is ValueKind.ID:
        wrong = ["", "two words"]
    elif kind is ValueKind.RESOURCES:
        wrong = [Resources(), Resources(0), Resources(time=-1.0), Resources(gpus=True)]
    else:
        wrong = [-1.0, float("inf"), float("nan"), *([] if kind is ValueKind.LENGTH else [0.0])]
    # WHEN it is set to what is below its least, or to no number
    for value in wrong:
        # THEN the edit is refused
        with pytest.raises(EditError):
            set_options(_orchestration(Task("t", "command/t")), ["t"], options=TaskOptions(**{field.name: value}))


@pytest.mark.parametrize(
    "line", ["keep_days = {0}", "keep = -{0}", "max_log_mb = {0}", "grace = {0}", "timeout = -{0}"]
)
def test_a_whole_number_beyond_any_float_is_told_as_wrong(line: str) -> None:
    # GIVEN a number of TOML that no float holds
    table = "runs" if line.startswith("keep") else "defaults"
    text = f"[{table}]\n{line.format(10**400)}\n"
    # WHEN / THEN
    place = Place("orch.toml", text)
    decode_settings(tomllib.loads(text), place, "x")
    assert place.problems


def test_every_field_of_a_task_but_its_id_and_configuration_has_a_kind() -> None:
    assert {field.name for field in fields(Task) if kind_of(field) is None} == {"id", "configuration"}
    assert all(kind_of(field) is not None and field.default is not MISSING for field in fields(TaskOptions))


def test_a_phase_says_how_its_tasks_are_tried_again_and_a_task_goes_before_it() -> None:
    # GIVEN retries of the orchestration, of a phase, and of a task in it
    text = """name = "O"
[defaults]
retry = { attempts = 1 }
[[phases]]
id = "p"
name = "P"
retry = { attempts = 2, on = ["timeout", "contains: reset"] } # the network
[[phases.tasks]]
id = "own"
configuration = "command/a"
retry = { attempts = 3 }
[[phases.tasks]]
id = "of-phase"
configuration = "command/b"
[[phases]]
id = "q"
name = "Q"
[[phases.tasks]]
id = "of-all"
configuration = "command/c"
"""
    value = _read(text)
    # WHEN a run is planned
    plan = make_plan(value, lambda _: TaskFacts("T", "d"), defaults=TaskOptions(), max_parallel=3)
    # THEN the nearest one holds
    retries = {task.id: task.options.retry for task in plan.tasks()}
    assert {name: retry.attempts for name, retry in retries.items() if retry} == {"own": 3, "of-phase": 2, "of-all": 1}
    # AND an edit beside it leaves its text as it was, and a written file has it
    edited = orchestration_text.compose(text, set_options(value, ["own"], options=TaskOptions()), _both).text
    assert 'retry = { attempts = 2, on = ["timeout", "contains: reset"] } # the network' in edited
    assert _read(orchestration_text.house_text(value)) == value
    # AND without its retry the phase reads so
    plain = replace(value, phases=(replace(value.phases[0], retry=None), value.phases[1]))
    assert _read(orchestration_text.compose(text, plain, _both).text) == plain


@pytest.mark.parametrize("entry", ["often", "exit: 0", "exit: 300", "contains:", "cancel", ""])
def test_what_is_no_failure_to_retry_on_is_a_problem_with_its_place(entry: str) -> None:
    text = f"name = 'O'\n[defaults]\nretry = {{ attempts = 1, on = ['timeout', '{entry}'] }}\n"
    place = Place("o.toml", text)
    decode_orchestration(tomllib.loads(text), place, "o")
    (problem,) = place.problems
    assert (problem.line, problem.code) == (3, "value")
    assert problem.message.startswith(
        f'defaults.retry.on has "{entry}", which is no failure; it can be "contains: TEXT"'
    )
