"""What has to run so that a table is up to date: exactly what is stale, and after that nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from orch_tui.engine.runs.start import RunRequest, plan_run
from orch_tui.freshness.planning import CannotFreshen, FreshPlan, changed_standings, plan_fresh
from orch_tui.model.events.reasons import Cause
from orch_tui.model.run.plan import Decision
from orch_tui.project.project import open_project
from orch_tui.storage.storage import Storage
from orch_tui.storage.versions import restore

from tests.support.table_launcher import TableLauncher

SOURCES = tuple(f"s{number:02}" for number in range(1, 13))


class World:
    """A project of configurations that read and write tables, run without processes."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "orchestrations").mkdir(parents=True)
        (root / "orch.toml").write_text('name = "P"\n[storage]\nkeep_versions = 9\n')
        self.project = open_project(root)
        self.launcher = TableLauncher(self.project)

    def configuration(
        self, ref: str, reads: tuple[str, ...] = (), writes: tuple[str, ...] = (), parameters: str = ""
    ) -> None:
        path = self.root / "configurations" / f"{ref}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        lines = ["[parameters]", parameters or 'sql = "select 1"']
        lines += [f'[[inputs]]\ntable = "{table}"' for table in reads]
        lines += [f'[[outputs]]\nname = "{table.partition("/")[2]}"\ntable = "{table}"' for table in writes]
        path.write_text("\n".join(lines) + "\n")

    def orchestration(self, name: str, *phases: tuple[str, ...], head: str = "") -> None:
        lines = [head]
        for number, refs in enumerate(phases, 1):
            lines += ["[[phases]]", f'id = "p{number}"', f'name = "P{number}"']
            lines += [f'[[phases.tasks]]\nid = "{ref.partition("/")[2]}"\nconfiguration = "{ref}"' for ref in refs]
        (self.root / "orchestrations" / f"{name}.toml").write_text("\n".join(lines) + "\n")

    def fresh(self, table: str, said: tuple[str, ...] = (), variables: Mapping[str, str] | None = None) -> FreshPlan:
        self.project.reload()
        return plan_fresh(self.project, table, said, variables)

    def make(self, table: str, said: tuple[str, ...] = ()) -> list[str]:
        """Bring a table up to date; the configurations that ran, in order."""
        self.launcher.ran.clear()
        for request in self.fresh(table, said).runs:
            self.launcher.run(request)
        return [ref.partition("/")[2] for ref in self.launcher.ran]

    def changed(self, orchestration: str) -> list[str]:
        """Run what is stale of an orchestration; the configurations that ran, in order."""
        self.project.reload()
        self.launcher.ran.clear()
        value = self.project.orchestration(orchestration)
        request = RunRequest(orchestration, changed=changed_standings(self.project, value))
        if not plan_run(self.project, request).nothing_changed:
            self.launcher.run(request)
        return [ref.partition("/")[2] for ref in self.launcher.ran]


def _mart(root: Path, sources: tuple[str, ...]) -> World:
    """Files, each loaded into a table, cleaned, joined by threes, and these made into one report."""
    world = World(root)
    (root / "data").mkdir()
    for name in sources:
        (root / "data" / f"{name}.csv").write_text("k\n1\n")
        os.utime(root / "data" / f"{name}.csv", (1_000_000_000, 1_000_000_000))
        world.configuration(f"file-extractor/{name}", (), (f"raw/{name}",), f'path = "data/{name}.csv"')
        world.configuration(f"sql/clean-{name}", (f"raw/{name}",), (f"clean/{name}",))
    groups = [sources[at : at + 3] for at in range(0, len(sources), 3)]
    joins = [f"join{number}" for number in range(1, len(groups) + 1)]
    for join, group in zip(joins, groups, strict=True):
        world.configuration(f"sql/{join}", tuple(f"clean/{name}" for name in group), (f"mart/{join}",))
    world.configuration("sql/report", tuple(f"mart/{join}" for join in joins), ("mart/report",))
    world.configuration("sql/aside", ("raw/s01",), ("mart/aside",))
    world.orchestration(
        "daily",
        tuple(f"file-extractor/{name}" for name in sources),
        tuple(f"sql/clean-{name}" for name in sources),
        (*(f"sql/{join}" for join in joins), "sql/aside"),
        ("sql/report",),
    )
    return world


@pytest.fixture
def large(tmp_path: Path) -> World:
    """Of twelve sources."""
    return _mart(tmp_path, SOURCES)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Of three sources."""
    return _mart(tmp_path, SOURCES[:3])


def test_one_source_of_twelve_changed_runs_exactly_its_path_and_then_nothing(large: World) -> None:
    # GIVEN a report that was made once; what is beside the way was not run for it
    assert len(large.make("mart/report")) == 12 + 12 + 4 + 1
    assert large.make("mart/report") == []
    # WHEN one of its twelve sources is another file
    (large.root / "data" / "s08.csv").write_text("k\n2\n")
    plan = large.fresh("mart/report")
    # THEN exactly its path is to run, each with its reason
    assert {one.task: one.standing.stale.cause for one in plan.stale if one.standing.stale is not None} == {
        "s08": Cause.SOURCE_CHANGED,
        "clean-s08": Cause.MADE_ANEW,
        "join3": Cause.MADE_ANEW,
        "report": Cause.MADE_ANEW,
    }
    assert large.make("mart/report") == ["s08", "clean-s08", "join3", "report"]
    # AND then nothing
    assert large.fresh("mart/report").runs == ()


def test_what_holds_is_reused_in_the_run_and_the_run_is_one_as_any_other(world: World) -> None:
    # GIVEN
    world.make("mart/report")
    # WHEN somebody says that a source has changed
    (request,) = world.fresh("mart/report", ("raw/s01",)).runs
    state = world.launcher.run(request)
    # THEN the run says of every task on the way what became of it, and of others that they were not chosen
    assert state.status.value == "success"
    causes = {task.id: task.because.cause.value for task in state.tasks.values() if task.because is not None}
    assert causes["s02"] == causes["clean-s02"] == "unchanged"
    assert causes["aside"] == "not-selected"
    assert {task.id for task in state.tasks.values() if task.attempts} == {"s01", "clean-s01", "join1", "report"}


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ("text", Cause.EDITED),
        ("version", Cause.NEWER_INPUT),
        ("gone", Cause.OUTPUT_GONE),
        ("new", Cause.NEVER_SUCCEEDED),
    ],
)
def test_the_reasons_of_a_transformation(world: World, change: str, cause: Cause) -> None:
    # GIVEN
    world.make("mart/report")
    storage = Storage(world.project.paths.storage, keep=9)
    # WHEN
    if change == "text":
        world.configuration("sql/join1", ("clean/s01",), ("mart/join1",))
    elif change == "version":
        world.make("clean/s01", ("clean/s01",))
    elif change == "gone":
        (storage.home("mart/join1") / "table.toml").unlink()
    else:
        world.configuration("sql/join0", ("clean/s01",), ("mart/join1",))
        world.orchestration("more", ("sql/join0",))
    stale = {one.configuration: one.standing.stale for one in world.fresh("mart/report").stale}
    # THEN
    name = "sql/join0" if change == "new" else "sql/join1"
    reason = stale[name]
    assert reason is not None and reason.cause is cause
    # AND after it was run, nothing is left
    world.make("mart/report")
    assert world.make("mart/report") == []


def test_a_table_that_was_restored_makes_what_reads_it_stale_and_not_its_writer(world: World) -> None:
    # GIVEN
    world.make("mart/report")
    world.make("mart/join1", ("mart/join1",))
    world.make("mart/report")
    # WHEN somebody goes back to an older version
    restore(Storage(world.project.paths.storage, keep=9), "mart/join1", 1, by="ann", note="")
    # THEN
    assert world.make("mart/report") == ["report"]


def test_a_variable_with_another_value_is_a_reason_where_it_is_used(tmp_path: Path) -> None:
    # GIVEN two transformations, one of which uses a variable
    world = World(tmp_path)
    world.configuration("sql/a", (), ("t/a",), "sql = 'select {{ least }}'")
    world.configuration("sql/b", (), ("t/b",))
    world.configuration("sql/c", ("t/a", "t/b"), ("t/c",))
    head = '[variables]\nleast = "1"\n'
    world.orchestration("o", ("sql/a", "sql/b"), ("sql/c",), head=head)
    assert world.make("t/c") == ["a", "b", "c"]
    # WHEN
    world.orchestration("o", ("sql/a", "sql/b"), ("sql/c",), head='[variables]\nleast = "2"\n')
    # THEN
    plan = world.fresh("t/c")
    reason = plan.stale[0].standing.stale
    assert reason is not None and (reason.cause, reason.fields["names"]) == (Cause.OTHER_VALUES, "least")
    assert world.make("t/c") == ["a", "c"]
    assert world.make("t/c") == []


def test_a_way_through_several_orchestrations_is_run_in_the_order_of_the_data(tmp_path: Path) -> None:
    # GIVEN a chain that goes from one orchestration to another and back
    world = World(tmp_path)
    world.configuration("sql/a", (), ("t/a",))
    world.configuration("sql/b", ("t/a",), ("t/b",))
    world.configuration("sql/c", ("t/b",), ("t/c",))
    world.orchestration("first", ("sql/a",), ("sql/c",))
    world.orchestration("second", ("sql/b",))
    # WHEN
    plan = world.fresh("t/c")
    # THEN there are three runs
    assert [request.orchestration for request in plan.runs] == ["first", "second", "first"]
    assert world.make("t/c") == ["a", "b", "c"]
    assert world.make("t/c") == []


def test_a_task_that_reads_what_its_own_phase_writes_runs_after_it(tmp_path: Path) -> None:
    # GIVEN an orchestration whose phases do not fit its data
    world = World(tmp_path)
    world.configuration("sql/a", (), ("t/a",))
    world.configuration("sql/b", ("t/a",), ("t/b",))
    world.orchestration("o", ("sql/b", "sql/a"))
    # WHEN THEN
    assert world.make("t/b") == ["a", "b"]
    assert world.make("t/b") == []


def test_a_table_that_reads_itself_becomes_fresh(tmp_path: Path) -> None:
    # GIVEN
    world = World(tmp_path)
    world.configuration("sql/a", ("t/a",), ("t/a",))
    world.orchestration("o", ("sql/a",))
    # WHEN THEN
    assert world.make("t/a") == ["a"]
    assert world.make("t/a") == []


def test_after_a_failure_only_what_is_left_runs(world: World) -> None:
    # GIVEN a run on the way in which one task failed
    world.launcher.failing = {"sql/clean-s02"}
    world.make("mart/report")
    # WHEN it is mended
    world.launcher.failing = set()
    # THEN
    assert world.make("mart/report") == ["clean-s02", "join1", "report"]
    assert world.make("mart/report") == []


def test_run_changed_takes_what_is_stale_of_an_orchestration(world: World) -> None:
    # GIVEN an orchestration that ran whole
    assert len(world.changed("daily")) == 3 + 3 + 2 + 1
    assert world.changed("daily") == []
    # WHEN a source is another THEN its path runs, also beside the report
    (world.root / "data" / "s01.csv").write_text("k\n2\n")
    assert world.changed("daily") == ["s01", "clean-s01", "join1", "aside", "report"]
    assert world.changed("daily") == []


def test_a_program_of_which_nobody_knows_what_it_reads_runs_after_others(tmp_path: Path) -> None:
    # GIVEN a command without tables after a transformation, and one before it
    world = World(tmp_path)
    world.configuration("command/before", parameters='command = "true"')
    world.configuration("command/after", parameters='command = "true"')
    world.configuration("sql/a", (), ("t/a",))
    world.orchestration("o", ("command/before",), ("sql/a",), ("command/after",))
    world.changed("o")
    assert world.changed("o") == []
    # WHEN the transformation is edited THEN the one behind it runs too
    world.configuration("sql/a", (), ("t/a",), 'sql = "select 2"')
    assert world.changed("o") == ["a", "after"]


def test_a_nested_orchestration_is_stale_when_a_task_of_it_is(tmp_path: Path) -> None:
    # GIVEN an orchestration within another, each of whose tasks has succeeded
    world = World(tmp_path)
    world.configuration("sql/a", (), ("t/a",))
    world.orchestration("inner", ("sql/a",))
    world.orchestration("outer", ("orchestration/inner",))
    world.changed("inner")
    world.launcher.failing = set()
    value = world.project.orchestration("outer")
    # WHEN it never ran below the outer one THEN it is to run
    stale = changed_standings(world.project, value)["inner"].stale
    assert stale is not None and stale.cause is Cause.NEVER_SUCCEEDED


ARRAY = """
[[phases]]
id = "first"
[[phases.tasks]]
id = "first"
configuration = "sql/first"
[[phases]]
id = "load"
[[phases.tasks]]
id = "load"
configuration = "file-extractor/load"
each = "data/*.csv"
allow_empty = true
"""


@pytest.fixture
def array(tmp_path: Path) -> World:
    """Two files, each loaded by a part of one task that reads a table besides."""
    world = World(tmp_path)
    world.configuration("sql/first", (), ("t/first",))
    world.configuration("file-extractor/load", ("t/first",), ("t/rows",), 'path = "{{ item }}"')
    with (tmp_path / "configurations" / "file-extractor" / "load.toml").open("a") as file:
        file.write('mode = "append"\n')
    (tmp_path / "orchestrations" / "o.toml").write_text(ARRAY)
    (tmp_path / "data").mkdir()
    for name in ("a", "b"):
        old_file(tmp_path / "data" / f"{name}.csv")
    return world


def old_file(path: Path) -> None:
    path.write_text("k\n1\n")
    os.utime(path, (1_000_000_000, 1_000_000_000))


def why_stale(world: World, task: str) -> str:
    """The sentence of it; empty where the task is reused."""
    world.project.reload()
    stale = changed_standings(world.project, world.project.orchestration("o"))[task].stale
    return "" if stale is None else stale.sentence


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("file", "data/b.csv has changed ("),
        ("more", "1 more item than in run "),
        ("fewer", "1 fewer item than in run "),
        ("other", "1 more and 1 fewer item than in run "),
        ("text", "edited since run "),
        ("table", "t/first is version 2, and version 1 was read in run "),
    ],
)
def test_an_array_is_stale_when_its_items_their_files_its_text_or_its_tables_are_others(
    array: World, change: str, why: str
) -> None:
    # GIVEN an array all of whose parts have succeeded, after which there is nothing to do
    assert array.changed("o") == ["first", "load", "load"]
    assert array.changed("o") == []
    # WHEN something of it is another
    data = array.root / "data"
    if change in ("fewer", "other"):
        (data / "a.csv").unlink()
    if change in ("more", "other"):
        old_file(data / "c.csv")
    if change == "file":
        (data / "b.csv").write_text("k\n2\n")
    if change == "text":
        path = array.root / "configurations" / "file-extractor" / "load.toml"
        path.write_text(path.read_text().replace("[[inputs]]", 'format = "csv"\n[[inputs]]'))
    if change == "table":
        array.make("t/first", ("t/first",))
    # THEN it is stale, with the reason, and all of its parts run; then it holds again
    assert why_stale(array, "load").startswith(why)
    parts = {"more": 3, "fewer": 1}.get(change, 2)
    assert array.changed("o") == ["load"] * parts
    assert array.changed("o") == []


def test_parts_that_were_reused_count_with_the_run_in_which_they_worked(array: World) -> None:
    # GIVEN a run of an array whose second part failed, and one that continued it
    array.launcher.failing_items = {"data/b.csv"}
    state = array.launcher.run(RunRequest("o"))
    array.launcher.failing_items = set()
    # AND between them the file of the first part was changed
    (array.root / "data" / "a.csv").write_text("k\n2\n")
    array.launcher.run(RunRequest("o", rerun=state.header.id))
    # THEN that file has not been loaded as it is
    assert why_stale(array, "load").startswith("data/a.csv has changed (")
    assert array.changed("o") == ["load", "load"]
    assert why_stale(array, "load") == ""


def test_an_array_without_anything_to_do_has_succeeded_until_there_is_something(array: World) -> None:
    for path in (array.root / "data").iterdir():
        path.unlink()
    assert array.changed("o") == ["first"]
    assert why_stale(array, "load") == "table t/rows is not there"
    array.make("t/rows")
    old_file(array.root / "data" / "c.csv")
    assert why_stale(array, "load").startswith("1 more item than in run ")
    assert array.changed("o") == ["load"]
    assert array.changed("o") == []


def test_an_array_over_a_list_that_a_task_has_set_is_stale_with_another_list(array: World) -> None:
    # GIVEN an array over what a task before it sets
    path = array.root / "orchestrations" / "o.toml"
    text = ARRAY.replace("data/*.csv", "{{ countries }}").replace('"sql/first"', '"sql/first"\nsets = ["countries"]')
    path.write_text(text)
    array.launcher.variables = {"sql/first": {"countries": ["de", "fr"]}}
    assert array.changed("o") == ["first", "load", "load"]
    assert array.changed("o") == []
    # WHEN that task alone has run again with another list
    array.launcher.variables = {"sql/first": {"countries": ["de", "it", "fr"]}}
    array.launcher.run(RunRequest("o", only=["first"]))
    # THEN
    assert why_stale(array, "load").startswith("1 more item than in run ")
    # AND where that task is to run, so is the array
    array.configuration("sql/first", (), ("t/first",), 'sql = "select 2"')
    assert why_stale(array, "first").startswith("edited since run ")
    assert array.changed("o") == ["first", "load", "load", "load"]
    assert array.changed("o") == []


def test_two_tasks_of_one_configuration_are_stale_when_one_of_them_is(tmp_path: Path) -> None:
    # GIVEN one configuration in two tasks, with variables of their own
    world = World(tmp_path)
    world.configuration("sql/a", (), ("t/a",), "sql = 'select {{ least }}'")
    tasks = [
        f'[[phases]]\nid = "{name}"\n[[phases.tasks]]\nid = "{name}"\nconfiguration = "sql/a"\n'
        f'variables = {{ least = "{value}" }}\n'
        for name, value in (("one", 1), ("two", 2))
    ]
    (tmp_path / "orchestrations" / "o.toml").write_text("\n".join(tasks))
    world.changed("o")
    # THEN the last success, which is that of the second, does not stand for the first
    assert why_stale(world, "one").startswith("least had another value in run ")


@pytest.mark.parametrize(
    ("table", "said", "words"),
    [
        ("t/none", (), "no configuration writes"),
        ("t/a", (), "in no orchestration"),
        ("t/b", ("t/x",), '"t/x" is neither'),
    ],
)
def test_what_cannot_be_made_fresh_is_said(tmp_path: Path, table: str, said: tuple[str, ...], words: str) -> None:
    # GIVEN
    world = World(tmp_path)
    world.configuration("sql/a", (), ("t/a",))
    world.configuration("sql/b", (), ("t/b",))
    world.orchestration("o", ("sql/b",))
    # WHEN THEN
    with pytest.raises(CannotFreshen, match=words):
        world.fresh(table, said)


def test_disabled_tasks_and_those_beside_the_way_stay_out_of_it(world: World) -> None:
    # WHEN
    plan = world.fresh("clean/s03")
    # THEN
    assert [one.task for one in plan.tasks] == ["s03", "clean-s03"]
    (request,) = plan.runs
    decisions = {task.id: task.decision for task in plan_run(world.project, request).tasks()}
    assert [task for task, decision in decisions.items() if decision is Decision.RUN] == ["s03", "clean-s03"]
