"""Saving orchestrations: equal when read back, and everything that was not edited as it was."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.model.edits import edits
from orch_tui.model.orchestration.orchestration import Orchestration, Phase, Task, TaskOptions, Variable
from orch_tui.model.orchestration.retry import Retry, RetryOn
from orch_tui.project.definitions.orchestrations import decode_orchestration, has_all_ids
from orch_tui.project.files.source import DefinitionError, parse_toml
from orch_tui.project.saving import orchestration_text
from orch_tui.project.saving.orchestration_text import Composed, Way, compose, house_text
from orch_tui.project.toml.blocks import split_blocks
from orch_tui.project.toml.decode import Place

from tests.support.effort import examples
from tests.support.strategies import Edit, apply_edit, edit_sequences, orchestrations

FILE = """\
# The pipeline of the marketing team.
name = "Campaigns"   # shown at home
owner = "marketing"

[defaults]
timeout = "30m" # long enough

# -- reading --------------------------------

# Everything is read here.
[[phases]]
id = "extractors"
name = "Extractor phase"
color = "blue"

# Slow on Mondays.
[[phases.tasks]]
id = "adform"
configuration = "reader/adform"   # the old account
note = "ask Eva"

[[phases.tasks]]
configuration = "reader/index"
[phases.tasks.retry]
# three are enough
attempts = 3

# -- writing --------------------------------

[[phases]]
name = "Writer phase"
[[phases.tasks]]
id = "out"
configuration = "sql/out"
# timeout = "5m"

[[schedules]]
cron = "0 6 * * *"   # before work
"""


def read(text: str) -> Orchestration:
    place = Place("a.toml", text)
    value = decode_orchestration(parse_toml(text, "a.toml"), place, "a")
    if place.broken:
        raise DefinitionError(place.problems)
    return value


def read_with_document(text: str) -> tuple[Orchestration, dict[str, Any]]:
    return read(text), parse_toml(text, "a.toml")


def composed(text: str, new: Orchestration) -> Composed:
    """What becomes of a text of which nothing is known; the same as when it is known what it reads as."""
    whole = compose(text, new, read_with_document)
    old, document = read_with_document(text)
    if has_all_ids(document) and whole.way in (Way.UNCHANGED, Way.BY_BLOCKS):
        assert compose(text, new, read_with_document, old).text == whole.text
    return whole


def saved(text: str, new: Orchestration) -> str:
    """The text of a save that moved blocks and changed values in their places, and rewrote nothing."""
    text_after, way = composed(text, new)
    assert way in (Way.UNCHANGED, Way.BY_BLOCKS), way
    return text_after


def decorated(text: str) -> str:
    """The text with a comment of its own above and below each header, and an unknown key in each table."""
    pieces = re.split(r"(?m)^(?=\[\[)", text)
    result = pieces[0]
    for number, piece in enumerate(pieces[1:]):
        header, _, rest = piece.partition("\n")
        result += f"# above {number} é\n{header} # beside {number}\nunknown = {number}\n{rest}"
    return result


@settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(orchestrations())
def test_a_new_file_reads_back_equal(value: Orchestration) -> None:
    # GIVEN any orchestration, WHEN it is written in the house style, THEN it reads back equal
    value = replace(value, id="a")
    assert read(house_text(value)) == value


@settings(max_examples=examples(120), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(orchestrations(), edit_sequences(6), st.sampled_from(["\n", "\r\n"]), st.sampled_from(["", "\ufeff"]))
def test_any_edits_read_back_equal_and_keep_what_they_did_not_touch(
    value: Orchestration, sequence: list[Edit], line_end: str, mark: str
) -> None:
    # GIVEN a file with comments and unknown keys everywhere
    value = replace(value, id="a")
    text = mark + decorated(house_text(value)).replace("\n", line_end)
    raw = {
        task["id"]: task
        for phase in tomllib.loads(text[len(mark) :]).get("phases", [])
        for task in phase.get("tasks", [])
    }
    # WHEN it is edited and saved
    edited = value
    for edit in sequence:
        edited = apply_edit(edited, edit)
    text_after = saved(text, edited)
    # THEN it reads back equal, and every task that is still there has its unknown key and its comments
    assert read(text_after) == edited
    assert text_after.startswith(mark)
    if line_end == "\r\n":
        assert not re.search(r"(?<!\r)\n", text_after)
    for phase in tomllib.loads(text_after[len(mark) :]).get("phases", []):
        for task in phase.get("tasks", []):
            if task["id"] in raw:
                number = raw[task["id"]]["unknown"]
                assert task["unknown"] == number
                assert re.search(rf"# above {number} é\r?\n\[\[phases.tasks\]\] # beside {number}\r?\n", text_after)


def test_saving_without_an_edit_writes_the_missing_ids_and_nothing_else() -> None:
    # GIVEN a file of a person's, with two ids left out
    # WHEN it is saved as it was read
    after = saved(FILE, read(FILE))
    # THEN the ids stand below their headers, and every other byte is as it was
    expected = FILE.replace('configuration = "reader/index"', 'id = "index"\nconfiguration = "reader/index"')
    assert after == expected.replace('[[phases]]\nname = "Writer', '[[phases]]\nid = "writer-phase"\nname = "Writer')
    assert saved(after, read(after)) == after


def test_a_moved_task_takes_its_comments_along() -> None:
    # GIVEN a task with a comment above it and one beside a key
    value = read(FILE)
    # WHEN it moves into the other phase
    after = saved(FILE, edits.move_tasks(value, ["adform"], phase_id="writer-phase"))
    # THEN its block is there verbatim, behind the task of that phase, and the rest keeps its order
    block = (
        '# Slow on Mondays.\n[[phases.tasks]]\nid = "adform"\n'
        'configuration = "reader/adform"   # the old account\nnote = "ask Eva"\n'
    )
    assert after.count(block) == 1
    assert after.index('id = "out"') < after.index(block)
    assert after.index('color = "blue"') < after.index("three are enough") < after.index("-- writing --")
    for kept in (
        "# The pipeline",
        '"Campaigns"   # shown',
        "owner",
        "# long enough",
        "# -- reading",
        '# timeout = "5m"',
    ):
        assert after.count(kept) == 1
    assert 'cron = "0 6 * * *"   # before work' in after


def test_a_changed_value_changes_one_line() -> None:
    # GIVEN a file, WHEN single values are edited
    value = read(FILE)
    text = saved(FILE, value)
    for edited, removed, added in [
        (edits.set_enabled(value, ["adform"], False), set(), {"enabled = false"}),
        (edits.rename(value, "New"), {'name = "Campaigns"   # shown at home'}, {'name = "New"   # shown at home'}),
        (
            replace(value, defaults=TaskOptions(timeout=60)),
            {'timeout = "30m" # long enough'},
            {'timeout = "1m" # long enough'},
        ),
        (edits.rename_phase(value, "extractors", "X"), {'name = "Extractor phase"'}, {'name = "X"'}),
        (edits.set_options(value, ["index"], options=TaskOptions(retry=Retry(5))), {"attempts = 3"}, {"attempts = 5"}),
        (
            edits.set_phase_options(
                value, "extractors", {"retry": Retry(2, on=(RetryOn.parse("timeout"),), jitter=5.0)}
            ),
            set(),
            {'retry = { attempts = 2, delay = "10s", on = ["timeout"], jitter = "5s" }'},
        ),
        (edits.set_options(value, ["adform"], sets=["rows"]), set(), {'sets = ["rows"]'}),
        (replace(value, variables=(Variable("day", "1"),)), set(), {"[variables]", 'day = "1"'}),
    ]:
        after = saved(text, edited)
        # THEN the lines of that value differ and no others
        before_lines, after_lines = set(text.splitlines()), set(after.splitlines())
        assert (before_lines - after_lines, after_lines - before_lines - {'delay = "10s"'}) == (removed, added)


def test_removed_items_go_with_their_comments_and_loose_ones_stay() -> None:
    # GIVEN a file, WHEN a task and a phase go
    value = edits.remove_tasks(read(FILE), ["adform"])
    value = edits.remove_phase(value, "writer-phase")
    after = saved(FILE, value)
    # THEN so do the comments that belong to them, but not the ones that stand alone
    assert "Slow on Mondays" not in after and "5m" not in after
    assert "# -- writing ---" in after and "# -- reading ---" in after and "[[schedules]]" in after


@pytest.mark.parametrize(
    "text",
    [
        'phases = [\n  # first\n  { id = "p", name = "P", tasks = [ # tasks\n    { id = "t", configuration = "a/b" },\n'
        '    { id = "u", configuration = "a/c" }, # last\n  ] },\n]\n[x]\ny = 1 # kept\n',
        '[[phases]]\nid = "p"\nname = "P"\ntasks = [\n  { id = "t", configuration = "a/b" }, # one\n'
        '  { id = "u", configuration = "a/c" },\n]\nz = 1\n',
        '[[phases]]\nid = "p"\nname = "P"\n[[phases.tasks]]\nid = "t"\nconfiguration = "a/b" # one\n[[phases.tasks]]\n'
        'id = "u"\nconfiguration = "a/c"\n[phases.extra]\nz = 1\n',
        'phases = [] # none yet\nname = "N"\n',
        'name = "N"\n[[phases]]\nid = "p"\nname = "P"\ntasks = [] # none yet\n',
        "# nothing but this\n",
        "",
        'name = "a"\nretry.x = 1\ndefaults.timeout = "5m" # dotted\n[[phases]]\nid = "p"\nname = """P"""\n',
        '[[phases]]\nid = "p"\nname = "[[phases]]"\n[[phases.tasks]]\nid = "t"\nconfiguration = "a/b"\n'
        "variables = { x = '[[phases.tasks]] # no' }\n[[phases.tasks]]\nid = \"u\"\nconfiguration = 'a/c'\n"
        '[phases.tasks.variables]\nmany = """\n[[phases]]\n# no comment\n"""\n',
        '[["phases"]]\nid = "p"\nname = "P"\n[["phases"."tasks"]]\nid = "t"\nconfiguration = "a/b"',
    ],
)
@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(sequence=edit_sequences(4))
def test_files_of_other_shapes(text: str, sequence: list[Edit]) -> None:
    # GIVEN files with inline arrays, dotted keys and other shapes
    edited = read(text)
    # WHEN they are edited
    for edit in sequence:
        edited = apply_edit(edited, edit)
    after, way = composed(text, edited)
    # THEN they read back equal, with the unknown keys of the document, and are not written anew as a whole
    assert way is not Way.REWRITTEN
    assert read(after) == edited
    raw, raw_after = tomllib.loads(text), tomllib.loads(after)
    assert all(raw_after[key] == raw[key] for key in raw.keys() & {"x", "retry"})
    if not edited.phases and text.startswith("#"):
        assert "# nothing but this" in after


def test_inline_phases_keep_their_comments_through_a_move() -> None:
    # GIVEN phases in an inline array with comments
    text = 'phases = [\n  # first\n  { id = "p", name = "P", tasks = ['
    text += '{ id = "t", configuration = "a/b", q = 1 }] }, # end\n]\n'
    # WHEN the structure changes
    after, way = composed(text, edits.new_phase(read(text), "Second"))
    # THEN they are written as tables, and neither comments nor unknown keys are lost
    assert way is Way.NEW_PHASES
    assert "# first" in after and "# end" in after and "q = 1" in after and after.count("[[phases]]") == 2
    # WHEN only a value changes
    after, way = composed(text, edits.set_enabled(read(text), ["t"], False))
    assert way is Way.IN_PLACE
    # THEN the array stays one
    assert "  # first\n" in after and "[[" not in after


def test_a_file_in_the_house_style_is_the_one_of_the_specification() -> None:
    # GIVEN the orchestration of the specification's example
    value = Orchestration(
        id="a",
        name="Campaigns to Mailchimp",
        max_parallel=10,
        phases=(
            Phase(
                "extractors",
                "Extractor phase",
                (
                    Task("adform", "adform/campaigns", options=TaskOptions(timeout=1800, retry=Retry(3))),
                    Task("index", "snowflake/index", continue_on_failure=True),
                ),
            ),
        ),
    )
    # WHEN it is written, THEN this is its text
    assert house_text(value) == (
        'name = "Campaigns to Mailchimp"\nmax_parallel = 10\n\n'
        '[[phases]]\nid = "extractors"\nname = "Extractor phase"\n\n'
        '[[phases.tasks]]\nid = "adform"\nconfiguration = "adform/campaigns"\n'
        'retry = { attempts = 3, delay = "10s" }\ntimeout = "30m"\n\n'
        '[[phases.tasks]]\nid = "index"\nconfiguration = "snowflake/index"\ncontinue_on_failure = true\n'
    )


def test_what_no_file_can_hold_is_refused() -> None:
    # GIVEN a name with half of a surrogate pair, WHEN it is saved, THEN an error says so
    value = replace(read(FILE), name="\ud800")
    with pytest.raises(ValueError, match="type it again"):
        saved(FILE, value)


@pytest.mark.parametrize(
    "text",
    ['phases = [] # none yet\nname = "N"\n', '[[phases]]\nid = "p"\nname = "P"\ntasks = [] # none yet\n'],
)
def test_empty_lists_leave_no_room_for_blocks_of_the_same_name(text: str) -> None:
    assert split_blocks(text, read(text)) is None


def test_a_first_key_comes_below_the_comments_at_the_top_and_away_from_the_first_phase() -> None:
    # GIVEN a file in which nothing but comments stands above the first phase
    text = '# The pipeline\n# of Eva\n\n[[phases]]\nid = "p"\nname = "P"\n'
    # WHEN it gets a name
    after = saved(text, edits.rename(read(text), "New"))
    # THEN the comments are at the top still
    assert after == '# The pipeline\n# of Eva\n\nname = "New"\n\n[[phases]]\nid = "p"\nname = "P"\n'


@pytest.mark.parametrize("wrong", ['name = "Other"\nowner = "Eva"\n', 'name = "New"\n', "name = ", None])
def test_a_way_whose_text_reads_otherwise_is_not_taken(wrong: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a first way that gives another value, loses a key that is not ours, gives no TOML, or gives nothing
    monkeypatch.setattr(orchestration_text, "_by_blocks", lambda *_: wrong)
    text = '# top\nname = "Old"\nowner = "Eva"\n'
    # WHEN the file is edited THEN the next way is taken, and nothing is lost
    after, way = composed(text, edits.rename(read(text), "New"))
    assert (after, way) == ('# top\nname = "New"\nowner = "Eva"\n', Way.IN_PLACE)
    # AND when none gives what is wanted, the file is written anew, with its comments
    monkeypatch.setattr(orchestration_text, "_in_place", lambda *_: wrong)
    monkeypatch.setattr(orchestration_text, "_by_new_phases", lambda *_: wrong)
    after, way = composed(text, edits.rename(read(text), "New"))
    assert way is Way.REWRITTEN and "# top" in after and 'owner = "Eva"' in after
