"""A save costs what was edited: the rest of the file is neither read again nor written otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest
from orch_tui.model.edits import edits
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, Variable
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.saving.changed_part import changed_part
from orch_tui.project.saving.orchestration_text import Way, compose, house_text

from tests.unit.project.test_save_orchestration import read, read_with_document

BIG = Orchestration(
    "a",
    "Big",
    phases=tuple(
        Phase(f"p{p}", f"Phase {p}", tuple(Task(f"t{p}-{t}", f"command/c{t}") for t in range(20))) for p in range(20)
    ),
)
TEXT = house_text(BIG)
ODD = '''\
name = "Odd"

[[phases]]
id = "p"
name = "P"
[phases.retry]
attempts = 2

[[phases.tasks]]
id = "t"
configuration = "command/a"
variables.x = """
[[phases]]
# no comment """
# above
[[phases.tasks]]
id = "u"
configuration = "command/b" # [[phases.tasks]]
[phases.tasks.variables]
x = """a \\
[[phases.tasks]]"""

# alone

[[phases.tasks]]
id = "v"
configuration = 'command/c'

[[schedules]]
cron = "0 6 * * *"
'''


class Reading:
    """Reads texts and keeps how long each was."""

    def __init__(self) -> None:
        self.characters = 0

    def __call__(self, text: str) -> tuple[Orchestration, dict[str, object]]:
        self.characters += len(text)
        return read_with_document(text)


def _edits() -> dict[str, Orchestration]:
    moved = edits.move_tasks(BIG, ["t7-3"], phase_id="p8", position=2)
    return {
        "a task's value": edits.set_enabled(BIG, ["t7-3"], False),
        "a task that goes": edits.remove_tasks(BIG, ["t7-3"]),
        "a task that goes to the next phase": moved,
        "a phase's name": edits.rename_phase(BIG, "p7", "Other"),
        "a new phase": edits.new_phase(BIG, "New", 8),
        "the last task": edits.set_enabled(BIG, ["t19-19"], False),
        "the first task": edits.set_enabled(BIG, ["t0-0"], False),
        "the name": replace(BIG, name="Other"),
        "a variable": replace(BIG, variables=(Variable("x", "1"),)),
    }


@pytest.mark.parametrize("name", _edits())
def test_only_what_is_around_an_edit_is_read(name: str) -> None:
    # GIVEN a file of 400 tasks of which it is known what it reads as
    new, reading = _edits()[name], Reading()
    # WHEN it is edited in one place
    text, way = compose(TEXT, new, reading, BIG)
    # THEN it reads back equal, with a tenth of it read
    assert read(text) == new and way is Way.BY_BLOCKS
    assert 0 < reading.characters < len(TEXT) / 5
    # AND is what the way over all of it makes
    assert compose(TEXT, new, read_with_document).text == text


def test_strings_and_comments_that_look_like_headers_are_none() -> None:
    old = read(ODD)
    for task in ("t", "u", "v"):
        new = edits.set_enabled(old, [task], False)
        assert changed_part(ODD, old, new) is not None
        known, unknown = (compose(ODD, new, read_with_document, value).text for value in (old, None))
        assert read(known) == new and known == unknown
        assert "# above\n[[phases.tasks]]" in known and "\n# alone\n" in known


@pytest.mark.parametrize(
    "text",
    [
        ODD.replace("[[phases.tasks]]\nid", "[[ phases.tasks ]]\nid"),
        ODD.replace("[[phases]]\nid", '[["phases"]]\nid'),
        ODD + "[phases.options]\nx = 1\n",
        ODD.replace("\n", "\r\n"),
        'phases = [{ id = "p", name = "P", tasks = [] }]\n',
    ],
    ids=["spelled in another way", "a quoted name", "a table of a phase that was left", "line ends", "inline"],
)
def test_where_headers_cannot_be_told_all_of_it_is_looked_at(text: str) -> None:
    value = replace(BIG, phases=(Phase("p", "P", (Task("t", "command/a"), Task("u", "command/b"), Task("v", "c/c"))),))
    assert changed_part(text, value, edits.set_enabled(value, ["t"], False)) is None


def test_a_text_that_reads_otherwise_than_was_said_is_looked_at_as_a_whole() -> None:
    # GIVEN a caller that is wrong about what the file reads as
    wrong = edits.set_enabled(BIG, ["t7-3"], False)
    new = edits.set_enabled(wrong, ["t7-4"], False)
    # WHEN / THEN the file says what it should all the same
    assert read(compose(TEXT, new, read_with_document, wrong).text) == new


def test_a_table_of_the_document_below_is_not_made_a_second_time_above() -> None:
    text = f"{TEXT}\n[variables]\n"
    value = read(text)
    new = replace(value, variables=(Variable("x", "1"),))
    assert read(compose(text, new, read_with_document, value).text) == new


def test_a_name_that_two_tasks_would_have_is_refused_as_ever() -> None:
    phase = replace(BIG.phases[7], tasks=(*BIG.phases[7].tasks, Task("t0-0", "command/c0")))
    new = replace(BIG, phases=(*BIG.phases[:7], phase, *BIG.phases[8:]))
    with pytest.raises((DefinitionError, ValueError), match="id"):
        compose(TEXT, new, read_with_document, BIG)


@pytest.mark.parametrize("task", ["t7-3", "t7-4"])
def test_where_alerts_name_tasks_those_that_go_are_looked_for_in_all_of_it(task: str) -> None:
    # GIVEN an alert about one task
    text = f'{TEXT}\n[[alerts]]\non = ["failed"]\ntasks = ["t7-3"]\ncommand = "./notify.sh"\n'
    value = read(text)
    new = edits.remove_tasks(value, [task])
    # WHEN a task goes THEN it is told as ever what the alert has to say of it
    outcomes: list[str] = []
    for known in (value, None):
        try:
            outcomes.append(compose(text, new, read_with_document, known).text)
        except ValueError as error:
            outcomes.append(str(error))
    assert outcomes[0] == outcomes[1]


def test_a_file_without_a_name_has_its_own_under_another_id() -> None:
    text = TEXT.replace('name = "Big"\n', "", 1)
    value = read(text)
    new = replace(value, id="b")

    def read_as_b(text: str) -> tuple[Orchestration, dict[str, object]]:
        found, document = read_with_document(text)
        return replace(found, id="b", name=str(document.get("name", "b"))), document

    assert read_as_b(compose(text, new, read_as_b, value).text)[0] == new
