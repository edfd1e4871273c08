"""Saving files: conflicts, configurations with texts in files of their own, and failures."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from orch_tui.model.components.configuration import Configuration, ConfigurationRow, TableInput, TableOutput, WriteMode
from orch_tui.model.edits import edits
from orch_tui.project.concurrent import file_set
from orch_tui.project.definitions.configurations import decode_configuration
from orch_tui.project.files.source import parse_toml
from orch_tui.project.project import DefinitionError, Project
from orch_tui.project.saving.configuration_text import compose, house_text
from orch_tui.project.saving.orchestration_text import Way
from orch_tui.project.saving.writer import ChangedOnDisk, SaveError, save_configuration, save_orchestration
from orch_tui.project.toml.decode import Place

from tests.support.effort import examples
from tests.unit.project.conftest import MakeProject

ORCHESTRATION = '# mine\nname = "A"\n\n[[phases]]\nid = "p"\nname = "P"\n'
CONFIGURATION = """\
# Orders, once a day.
name = "Orders" # shown
owner = "Eva"

[parameters]
sql = { file = "orders.sql" } # big
limit = 10 # rows
deep = { a = [1, 2], b = "x" }

# from the shop
[[inputs]]
table = "shop/orders" # raw
note = 1

[[outputs]]
name = "o"
table = "out/orders"
"""


def with_orders(make_project: MakeProject) -> Project:
    files = {"configurations/sql/orders.toml": CONFIGURATION, "configurations/sql/orders.sql": "select 1\n"}
    return make_project(files)


def test_saving_and_going_on(make_project: MakeProject) -> None:
    # GIVEN an orchestration that was read
    project = make_project({"orchestrations/a.toml": ORCHESTRATION})
    path = project.paths.orchestration("a")
    value, base = project.orchestration("a"), project.source(path)
    # WHEN it is edited and saved twice
    value = edits.rename(value, "B")
    base = save_orchestration(project, value, base)
    value = edits.new_phase(value, "Q")
    base = save_orchestration(project, value, base)
    # THEN the file has both edits and its comment, and the project gives the new value
    assert path.read_text() == base.text and base.text.startswith('# mine\nname = "B"\n')
    assert project.orchestration("a") == value


@pytest.mark.parametrize("disk", ["# other\n", None])
def test_a_file_that_changed_meanwhile_is_not_overwritten(make_project: MakeProject, disk: str | None) -> None:
    # GIVEN a file that somebody changes or deletes after it was read
    project = make_project({"orchestrations/a.toml": ORCHESTRATION})
    path = project.paths.orchestration("a")
    value, base = edits.rename(project.orchestration("a"), "B"), project.source(path)
    path.unlink()
    if disk is not None:
        path.write_text(disk)
    # WHEN it is saved, THEN it is refused with the difference, and nothing is written
    with pytest.raises(ChangedOnDisk, match="changed on disk") as error:
        save_orchestration(project, value, base)
    assert error.value.disk_text == (disk or "") and '+name = "B"' in error.value.diff()
    assert (path.read_text() if path.exists() else None) == disk
    # AND it can be overwritten
    save_orchestration(project, value, base, force=True)
    assert path.read_text() == error.value.new_text


def test_a_new_file_never_replaces_another(make_project: MakeProject) -> None:
    # GIVEN a file, even a broken one
    project = make_project({"orchestrations/a.toml": "= broken"})
    # WHEN a new orchestration of that id is saved, THEN it is refused
    with pytest.raises(ChangedOnDisk):
        save_orchestration(project, edits.new_orchestration("A"), None)
    assert project.paths.orchestration("a").read_text() == "= broken"


def test_failures_are_sentences(make_project: MakeProject, monkeypatch: pytest.MonkeyPatch) -> None:
    # GIVEN a disk that is full
    project = make_project({"orchestrations/a.toml": ORCHESTRATION})
    path = project.paths.orchestration("a")
    value, base = edits.rename(project.orchestration("a"), "B"), project.source(path)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(file_set, "write_atomic", full)
    # WHEN it is saved, THEN the error is a sentence, and the file is as it was
    with pytest.raises(SaveError, match=r"orchestrations/a\.toml could not be saved: No space left on device"):
        save_orchestration(project, value, base)
    assert path.read_text() == ORCHESTRATION
    # AND a value that no file can hold is a problem of that file
    with pytest.raises(DefinitionError, match=r"orchestrations/a\.toml: it cannot be saved"):
        save_orchestration(project, replace(value, name="\ud800"), base)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_a_read_only_file_stays(make_project: MakeProject) -> None:
    # GIVEN a write-protected file, WHEN it is saved, THEN it is refused
    project = make_project({"orchestrations/a.toml": ORCHESTRATION})
    path = project.paths.orchestration("a")
    value, base = edits.rename(project.orchestration("a"), "B"), project.source(path)
    path.chmod(0o444)
    with pytest.raises(SaveError, match="Permission denied"):
        save_orchestration(project, value, base)


def test_editing_a_configuration_keeps_the_rest(make_project: MakeProject) -> None:
    # GIVEN a configuration with comments, unknown keys and a text in a file of its own
    project = with_orders(make_project)
    path = project.paths.configuration("sql", "orders")
    value = project.configuration("sql/orders")
    base = project.source(path)
    assert value.parameters["sql"] == "select 1\n"
    # WHEN parameters and the name change
    parameters = {**value.parameters, "limit": 20, "new": 'a\n"b"', "deep": {"a": [1, 3], "b": "x"}}
    edited = replace(value, name="N", parameters=parameters)
    base = save_configuration(project, edited, base)
    # THEN only these lines differ
    expected = CONFIGURATION.replace('"Orders" #', '"N" #').replace("limit = 10", "limit = 20").replace("1, 2", "1, 3")
    expected = expected.replace('b = "x" }\n', 'b = "x" }\nnew = """\na\n"b\\""""\n')
    assert path.read_text() == expected
    # WHEN the text in the file of its own changes, THEN only that file does
    edited = replace(edited, parameters={**parameters, "sql": "select 2\n"})
    base = save_configuration(project, edited, base)
    assert path.read_text() == expected and (path.parent / "orders.sql").read_text() == "select 2\n"
    assert project.configuration("sql/orders").parameters == edited.parameters
    # WHEN somebody else changes that file, THEN it is not overwritten
    (path.parent / "orders.sql").write_text("theirs")
    with pytest.raises(ChangedOnDisk, match=r"orders\.sql"):
        save_configuration(project, replace(edited, parameters={**parameters, "sql": "mine"}), base)
    assert (path.parent / "orders.sql").read_text() == "theirs"


def test_tables_of_a_configuration(make_project: MakeProject) -> None:
    # GIVEN a configuration with inputs and outputs
    project = with_orders(make_project)
    path = project.paths.configuration("sql", "orders")
    value, base = project.configuration("sql/orders"), project.source(path)
    # WHEN an input is added and the output gets a key
    output = TableOutput("o", "out/orders", WriteMode.INCREMENTAL, ("id",))
    edited = replace(value, inputs=(TableInput("shop/items", "i"), *value.inputs), outputs=(output,))
    base = save_configuration(project, edited, base)
    # THEN the input that was there keeps its comments and unknown keys
    assert project.configuration("sql/orders") == edited
    for kept in ("# Orders, once", "# big", "# rows", "# from the shop", "# raw", "note = 1", 'owner = "Eva"'):
        assert base.text.count(kept) == 1
    # AND a name that was made of the table's stays when the table changes
    edited = replace(edited, inputs=(edited.inputs[0], TableInput("shop/others", "orders")))
    base = save_configuration(project, edited, base)
    assert project.configuration("sql/orders") == edited and "note = 1" in base.text


plain = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
names = st.sampled_from(["a", "b", "with space", "file", 'q"', "[x]", "é"]) | st.text(plain, min_size=1, max_size=4)
texts = st.sampled_from(
    ["", 'a"""b', "'''", "l1\nl2\n", '\n"', "\\\n'", "\r\n", "\x7f\n", "[t]\nk = 1", "\x1b"]
) | st.text(plain, max_size=6)
leaves = texts | st.integers() | st.booleans() | st.floats(allow_nan=False)
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=8
).filter(lambda value: not (isinstance(value, dict) and value.keys() == {"file"}))
configurations = st.builds(
    Configuration,
    component=st.just("c"),
    id=st.just("i"),
    name=texts.filter(bool),
    description=texts,
    parameters=st.dictionaries(names, values, max_size=4),
    inputs=st.lists(st.builds(TableInput, st.sampled_from(["a/b", "a/c"]), texts.filter(bool)), max_size=2).map(tuple),
    outputs=st.lists(
        st.builds(TableOutput, texts.filter(bool), st.just("a/b"), st.just(WriteMode.APPEND), st.just(("k",))),
        max_size=2,
    ).map(tuple),
    rows=st.lists(
        st.builds(
            ConfigurationRow,
            st.sampled_from(["a", "b", "c"]),
            texts.filter(bool),
            texts,
            st.booleans(),
            st.dictionaries(names, values, max_size=2),
            st.lists(st.builds(TableInput, st.just("a/b"), texts.filter(bool)), max_size=1).map(tuple),
        ),
        max_size=2,
        unique_by=lambda row: row.id,
    ).map(tuple),
    row_parallel=st.integers(1, 2),
    file=st.just("f"),
)


def read(text: str) -> Configuration:
    def no_file(named: str) -> str:
        raise ValueError(named)

    place = Place("f", text)
    value = decode_configuration(parse_toml(text, "f"), place, "c", "i", no_file)
    if place.broken:
        raise DefinitionError(place.problems)
    return value


def readable(value: Configuration) -> bool:
    """A table with the only key "file" stands for a file's text, at any depth; such values cannot be drawn out."""
    try:
        return read(house_text(value)) is not None
    except DefinitionError:
        return False


@pytest.mark.parametrize("rest", ["", "\n[parameters]\na = 1\n"])
def test_tables_that_are_read_stand_above_those_that_are_written(rest: str) -> None:
    # GIVEN a file with a table that it writes, and perhaps parameters below it
    head = 'name = "N"\n'
    outputs = '\n# ours\n[[outputs]]\nname = "o.csv"\ntable = "out/t"\n'
    before = head + outputs + rest
    old = read(before)
    # WHEN it is to read one as well
    new = replace(old, inputs=(TableInput("in/a", "in.csv"),))
    after, way = compose(before, old, new, read)
    # THEN that stands above the other, and everything else where it was
    assert way is Way.IN_PLACE and read(after) == new
    assert after.index("[[inputs]]") < after.index("# ours") and after.endswith(outputs + rest)


@settings(max_examples=examples(150), deadline=None, suppress_health_check=list(HealthCheck))
@given(configurations.filter(readable), configurations.filter(readable), st.sampled_from(["\n", "\r\n"]))
def test_any_configuration_becomes_any_other(old: Configuration, new: Configuration, line_end: str) -> None:
    # GIVEN the file of any configuration, with comments
    text = ("# top\nzzz = 1 # beside\n" + house_text(old)).replace("\n", line_end)
    assert read(text) == old
    # WHEN it is edited into another
    after, way = compose(text, read(text), new, read)
    # THEN it reads back equal, with the comments and the unknown key, and is not written anew
    assert way in (Way.UNCHANGED, Way.IN_PLACE)
    assert read(after) == new and read(after).digest == new.digest
    assert "# top" in after and "zzz = 1 # beside" in after


def test_the_house_style_of_a_configuration() -> None:
    # GIVEN a configuration with a query, WHEN it is written, THEN the query can be read as it was typed
    value = Configuration(
        "sql", "q", "Q", "", {"sql": "select '\\d'\nfrom t\n", "n": {"x": 1}}, (TableInput("a/t", "t"),)
    )
    assert house_text(value) == (
        "name = \"Q\"\n\n[parameters]\nsql = '''\nselect '\\d'\nfrom t\n'''\n\n[parameters.n]\nx = 1\n\n"
        '[[inputs]]\ntable = "a/t"\nname = "t"\n'
    )


def test_an_impossible_id_is_refused(make_project: MakeProject) -> None:
    # GIVEN an id that would lead out of the directory, WHEN it is saved, THEN it is refused
    project = make_project({})
    for value in (Configuration("..", "x", "X"), Configuration("c", "../../x", "X")):
        with pytest.raises(DefinitionError, match="cannot be an id"):
            save_configuration(project, value, None)
    assert not list(Path(project.root).glob("**/x.toml"))
