"""SQL and Python on the form: an editor with lines, indentation, names and its own parser."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from orch_tui.project.project import open_project
from orch_tui.storage.storage import Storage
from orch_tui.storage.tables import Publication
from orch_tui.tui.app import OrchApp
from orch_tui.tui.configuration.form.code import CodeText, can_colour
from orch_tui.tui.configuration.form.form import Form
from orch_tui.tui.configuration.screen import ConfigurationScreen
from orch_tui.tui.dialogs.pick import Pick
from textual.pilot import Pilot
from textual.widgets import Input, Static

from tests.tui.conftest import write_files
from tests.tui.driving import said, text_of, until

SQL, SCRIPT = ("parameters", "sql"), ("parameters", "script")
FILES = {
    "orch.toml": 'name = "Test"\n',
    "configurations/sql/some.toml": (
        'name = "Some"\n[parameters]\nsql = "select 1"\n[[inputs]]\ntable = "marketing/campaigns"\n'
        '[[outputs]]\ntable = "a/result"\n'
    ),
    "configurations/sql/empty.toml": 'name = "Empty"\n',
    "configurations/python/some.toml": 'name = "Some"\n[parameters]\nscript = "pass"\n',
}


def store(root: Path) -> None:
    """A table of the storage with two columns."""
    import duckdb

    write_files(root, FILES)
    file = root / "campaigns.parquet"
    with duckdb.connect() as con:
        con.execute(f"copy (select 1 as campaign_id, 2.5 as cost) to '{file}' (format parquet)")
    project = open_project(root)
    project.paths.make_state()
    Storage(project.paths.storage).publish([Publication("marketing/campaigns", file)])


@asynccontextmanager
async def form_of(root: Path, ref: str, size: tuple[int, int] = (120, 40)) -> AsyncIterator[tuple[Pilot[Any], Form]]:
    app = OrchApp(open_project(write_files(root, FILES)))
    async with app.run_test(size=size) as pilot:
        screen = ConfigurationScreen(ref)
        app.push_screen(screen)
        await pilot.pause()
        assert screen.form is not None
        yield pilot, screen.form


def field(form: Form, place: tuple[str, ...]) -> CodeText:
    editor = form.editor(place)
    assert isinstance(editor, CodeText)
    return editor


def errors(form: Form) -> list[str]:
    return [str(one.render()) for one in form.query(".error").results(Static) if one.display]


async def test_what_cannot_be_parsed_is_said_while_it_is_typed(tmp_path: Path) -> None:
    async with form_of(tmp_path, "sql/some") as (pilot, form):
        # WHEN the SQL becomes none
        form.go_to(SQL)
        await pilot.press("end", *"; selekt 2")
        await until(pilot, lambda: errors(form), "the parser's word")
        # THEN its line is said below the field
        assert errors(form)[0].startswith("✖ line 1: ") and "syntax error" in errors(form)[0]
        # AND saving says so, too, but saves
        await pilot.press("f3")
        await until(pilot, lambda: "cannot be read: line 1" in said(pilot), "the warning")
        assert "selekt" in (tmp_path / "configurations/sql/some.toml").read_text()
        # WHEN it is mended THEN nothing is said
        field(form, SQL).text = "select 2"
        await until(pilot, lambda: not errors(form), "no word")


async def test_python_is_compiled_and_indented(tmp_path: Path) -> None:
    async with form_of(tmp_path, "python/some") as (pilot, form):
        # WHEN a function is written
        form.go_to(SCRIPT)
        field(form, SCRIPT).text = ""
        await pilot.press(*"def f():", "enter", *"x = 1", "enter", *"return x", "enter", "tab", *"y")
        # THEN lines are indented as Python's are, and Tab indents
        assert field(form, SCRIPT).text == "def f():\n    x = 1\n    return x\n        y"
        await until(pilot, lambda: any("line 4: unexpected indent" in one for one in errors(form)), "the parser's word")


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_lines_have_numbers_and_an_empty_text_an_example(tmp_path: Path, size: tuple[int, int]) -> None:
    async with form_of(tmp_path, "sql/empty", size) as (pilot, form):
        form.go_to(SQL)
        await pilot.pause()
        assert "create table my_output as" in text_of(pilot)
        await pilot.press(*"select 1", "enter", *"as x")
        await pilot.pause()
        shown = text_of(pilot)
        assert "1  select 1" in shown and "2  as x" in shown


async def test_tables_and_columns_are_completed_from_the_storage(tmp_path: Path) -> None:
    store(tmp_path)
    async with form_of(tmp_path, "sql/some") as (pilot, form):
        await until(pilot, lambda: form.names.tables, "the names")
        # WHEN the beginning of a column is typed THEN the rest is offered, and the right arrow takes it
        form.go_to(SQL)
        field(form, SQL).text = ""
        await pilot.press(*"select co")
        assert field(form, SQL).suggestion == "st"
        await pilot.press("right", *" from cam", "right")
        assert field(form, SQL).text == "select cost from campaigns"
        # AND all of them can be seen, and one taken
        await pilot.press("space", "ctrl+n")
        assert isinstance(pilot.app.screen, Pick)
        await pilot.press(*"campaign_id", "enter")
        await pilot.pause()
        assert field(form, SQL).text.endswith("campaigns campaign_id")
        # AND the table of an input is offered while it is typed
        await form.add_row("inputs")
        await pilot.pause()
        await pilot.press(*"mark")
        await until(pilot, lambda: isinstance(pilot.app.focused, Input) and pilot.app.focused._suggestion, "the offer")
        await pilot.press("right")
        assert form.state.inputs[1].table == "marketing/campaigns"


async def test_colours_come_with_tree_sitter(tmp_path: Path) -> None:
    # GIVEN tree-sitter and its parser of SQL, or not
    async with form_of(tmp_path, "sql/some") as (_, form):
        editor = field(form, SQL)
        # THEN the text has their colours, or none, and is the same
        assert editor.language == ("sql" if can_colour("sql") else None)
        assert editor.text == "select 1"
        if can_colour("sql"):
            assert any(segment.style and segment.style.color for segment in editor.render_line(0))
