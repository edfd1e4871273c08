"""Phases made of what reads what: on random graphs, with the checks of definitions as the judge."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from orch_tui.model.edits.edits import EditError, arrange_by_data, new_orchestration
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task
from orch_tui.model.orchestration.rules import Rule
from orch_tui.project.data_order import earlier_tasks, through_gates
from orch_tui.project.lint.check import Linter
from orch_tui.project.project import Project, open_project
from orch_tui.tui.workbench.model import Workbench
from orch_tui.tui.workbench.plan.edits import arranged as arrange_bench

from tests.support.saving import save


def shape(orch: Orchestration) -> dict[str, str]:
    return {phase.name: " ".join(task.id for task in phase.tasks) for phase in orch.phases}


def write(root: Path, name: str, reads: list[str], writes: list[str], component: str = "sql") -> None:
    path = root / "configurations" / component / f"{name}.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ["[parameters]", 'sql = "select 1"' if component == "sql" else 'path = "x.csv"']
    if component == "command":
        lines[1] = 'command = "true"'
    lines += [f'[[inputs]]\ntable = "t/{one}"' for one in reads]
    lines += [f'[[outputs]]\nname = "{one}"\ntable = "t/{one}"' for one in writes]
    path.write_text("\n".join(lines) + "\n")


def arranged(project: Project, value: Orchestration) -> Orchestration:
    def type_of(ref: str) -> object:
        component = project.component(ref.partition("/")[0])
        return component.type if component is not None else None

    return arrange_by_data(value, earlier_tasks(project, value), type_of)  # type: ignore[arg-type]


def text_of(phases: list[list[str]]) -> str:
    lines = ['name = "O"', ""]
    for number, tasks in enumerate(phases, 1):
        lines += ["[[phases]]", f'id = "p{number}"', f'name = "Phase {number}"', ""]
        for task in tasks:
            lines += ["[[phases.tasks]]", f'id = "{task}"', f'configuration = "sql/{task}"', ""]
    return "\n".join(lines)


@pytest.mark.parametrize("seed", range(200), ids=lambda seed: f"seed {seed}")
def test_random_graphs(tmp_path: Path, seed: int) -> None:
    # GIVEN tasks that read what others write, in phases at random
    chance = random.Random(seed)
    names = [f"n{number:02}" for number in range(chance.randint(1, 14))]
    reads = {
        name: chance.sample(names[:number], min(number, chance.randint(0, 3))) for number, name in enumerate(names)
    }
    for name in names:
        write(tmp_path, name, reads[name], [name])
    (tmp_path / "orch.toml").write_text("")
    (tmp_path / "orchestrations").mkdir()
    file = tmp_path / "orchestrations" / "o.toml"
    shuffled = chance.sample(names, len(names))
    cuts = sorted(chance.choices(range(len(names) + 1), k=chance.randint(0, 4)))
    phases = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(names)], strict=True)]
    file.write_text(text_of(phases))
    before = file.read_bytes()
    project = open_project(tmp_path)
    bench = Workbench(project, project.orchestration("o"), project.source(file))
    # WHEN they are arranged by their data
    bench.push(arrange_bench(bench), "arranging by data")
    value = bench.value
    # THEN nothing is found fault with, and there are as many phases as the longest chain has tasks
    assert [problem.code for problem in Linter(project).check(value)] == []
    depth: dict[str, int] = {}
    for name in names:
        depth[name] = 1 + max((depth[one] for one in reads[name]), default=0)
    assert len(value.phases) == max(depth.values())
    assert {task.id: number for number, phase in enumerate(value.phases, 1) for task in phase.tasks} == depth
    # AND to arrange them again changes nothing
    assert arranged(project, value) is value
    # AND once it is undone, the file is what it was byte for byte, also when it was saved in between
    if value is not project.orchestration("o"):
        save(bench)
        bench.undo()
    save(bench)
    assert file.read_bytes() == before


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "orch.toml").write_text("")
    return open_project(tmp_path)


def of(*phases: tuple[str, ...], head: str = "p") -> Orchestration:
    return Orchestration(
        "o",
        "O",
        phases=tuple(
            Phase(f"{head}{number}", f"P{number}", tuple(Task(ref.partition("/")[2], ref) for ref in refs))
            for number, refs in enumerate(phases, 1)
        ),
    )


def test_phases_keep_their_names_where_most_of_their_tasks_stay(project: Project) -> None:
    # GIVEN a writer and a transformation in one phase with what they wait for
    write(project.root, "load", [], ["a"], "file-extractor")
    write(project.root, "more", [], ["c"], "file-extractor")
    write(project.root, "sum", ["a"], ["b"])
    write(project.root, "out", ["b"], [], "file-writer")
    value = of(("file-extractor/load", "file-extractor/more", "sql/sum", "file-writer/out"))
    # WHEN THEN
    assert shape(arranged(project, value)) == {
        "P1": "load more", "Transformation phase": "sum", "Writer phase": "out",
    }  # fmt: skip


def test_names_of_several_phases_of_one_type(project: Project) -> None:
    for number in range(4):
        write(project.root, f"s{number}", [f"t{number - 1}"] if number else [], [f"t{number}"])
    value = of(tuple(f"sql/s{number}" for number in range(4)))
    assert list(shape(arranged(project, value))) == [
        "P1", "Transformation phase", "Second transformation phase", "Third transformation phase",
    ]  # fmt: skip


def test_two_that_write_one_table_stay_one_after_another(project: Project) -> None:
    # GIVEN
    write(project.root, "first", [], ["a"])
    write(project.root, "second", [], ["a"])
    write(project.root, "reader", ["a"], ["b"])
    # WHEN
    value = arranged(project, of(("sql/first",), ("sql/reader",), ("sql/second",)))
    # THEN the reader comes after both
    assert [task.id for task in value.tasks()] == ["first", "second", "reader"]
    assert Linter(project).check(value) == []


def test_what_nobody_knows_stays_where_it_is_between_the_others(project: Project) -> None:
    # GIVEN a command without tables between two loads, and an own table that is written late
    write(project.root, "load", [], ["a"], "file-extractor")
    write(project.root, "late", [], ["b"], "file-extractor")
    write(project.root, "say", [], [], "command")
    # WHEN THEN
    value = of(("file-extractor/load",), ("command/say",), ("file-extractor/late",))
    assert arranged(project, value) is value


def test_a_circle_is_broken_by_the_present_order(project: Project) -> None:
    write(project.root, "a", ["b"], ["a"])
    write(project.root, "b", ["a"], ["b"])
    value = arranged(project, of(("sql/a", "sql/b")))
    assert sorted(shape(value).values()) == ["a", "b"]


def test_variables_that_tasks_set_are_data_too(project: Project) -> None:
    # GIVEN a command that says which day, and a transformation that uses it
    write(project.root, "use", [], ["a"])
    (project.root / "configurations" / "sql" / "use.toml").write_text(
        '[parameters]\nsql = "select \'{{ day }}\'"\n[[outputs]]\nname = "a"\ntable = "t/a"\n'
    )
    write(project.root, "say", [], [], "command")
    value = Orchestration(
        "o", "O", phases=(Phase("p", "P", (Task("use", "sql/use"), Task("say", "command/say", sets=("day",)))),)
    )
    # WHEN THEN
    assert [[task.id for task in phase.tasks] for phase in arranged(project, value).phases] == [["say"], ["use"]]


def test_rules_that_would_lead_back_go_and_others_stay(project: Project) -> None:
    # GIVEN phases in an order that the data does not allow
    write(project.root, "a", [], ["a"])
    write(project.root, "b", ["a"], ["b"])
    first, second = of(("sql/b",), ("sql/a",)).phases
    value = replace(of(("sql/b",), ("sql/a",)), phases=(
        replace(first, rules=(Rule(goto="p2"), Rule(goto="end"))), second,
    ))  # fmt: skip
    # WHEN
    found = arranged(project, value)
    # THEN
    assert [(phase.id, [rule.goto for rule in phase.rules]) for phase in found.phases] == [("p2", []), ("p1", ["end"])]


def test_without_tasks_it_is_refused(project: Project) -> None:
    with pytest.raises(EditError, match="no tasks to arrange"):
        arranged(project, new_orchestration("O"))


@pytest.mark.parametrize("seed", range(60))
def test_tasks_that_may_read_anything_stay_where_they_are_between_the_others(tmp_path: Path, seed: int) -> None:
    # GIVEN phases with such tasks among others, of which some read what others write
    chance = random.Random(seed)
    (tmp_path / "orch.toml").write_text("")
    refs = []
    for number in range(chance.randint(2, 12)):
        if chance.random() < 0.4:
            write(tmp_path, f"n{number}", [], [], "command")
            refs.append(f"command/n{number}")
        else:
            sources = chance.sample(range(number), min(number, chance.randint(0, 2)))
            write(tmp_path, f"n{number}", [f"n{one}" for one in sources], [f"n{number}"])
            refs.append(f"sql/n{number}")
    cuts = sorted(chance.choices(range(len(refs) + 1), k=chance.randint(0, 5)))
    value = of(*(tuple(refs[a:b]) for a, b in zip([0, *cuts], [*cuts, len(refs)], strict=True)))
    project = open_project(tmp_path)
    # WHEN
    place = {task.id: at for at, phase in enumerate(arranged(project, value).phases) for task in phase.tasks}
    # THEN each of them is behind all that was in phases before its own, and before all of those behind it
    was = {task.id: at for at, phase in enumerate(value.phases) for task in phase.tasks}
    opaque = {ref.partition("/")[2] for ref in refs if ref.startswith("command/")}
    earlier = earlier_tasks(project, value)
    for task, at in was.items():
        apart = {one for one in was if was[one] < at and (task in opaque or one in opaque)}
        assert all(place[one] < place[task] for one in apart)
        assert apart <= set(through_gates(earlier, task))


def test_many_tasks_that_may_read_anything_need_no_pair_each(project: Project) -> None:
    # GIVEN two thousand of them in a hundred phases
    write(project.root, "c", [], [], "command")
    tasks = [[Task(f"t{phase}-{number}", "command/c") for number in range(20)] for phase in range(100)]
    value = Orchestration(
        "o", "O", phases=tuple(Phase(f"p{at}", f"P{at}", tuple(ones)) for at, ones in enumerate(tasks))
    )
    # WHEN
    earlier = earlier_tasks(project, value)
    # THEN what is kept of their order grows with them and not with its square
    assert sum(len(before) for before in earlier.values()) < 4 * 2000
    assert arranged(project, value) is value
