"""From the card of a failure to the line of the configuration that failed."""

from __future__ import annotations

from pathlib import Path

import pytest
from orch_tui.project.project import open_project
from orch_tui.tui.configuration.form.inputs import LongText
from orch_tui.tui.configuration.screen import ConfigurationScreen
from textual.widgets import Static

from tests.support.engine_kit import run
from tests.tui.conftest import write_files
from tests.tui.driving import until, workbench

SQL = "create table first as select 1 as x;\n\ncreate table result as\nselect nope from first\n"
SCRIPT = "import sys\n\n\ndef load():\n    raise ValueError('no rows today')\n\n\nload()\n"
FILES = {
    "orch.toml": 'name = "Test"\n',
    "configurations/sql/failing.toml": (
        'name = "Failing"\n[parameters]\nsql = { file = "failing.sql" }\n[[outputs]]\ntable = "a/result"\n'
    ),
    "configurations/sql/failing.sql": SQL,
    "configurations/python/failing.toml": 'name = "Failing"\n[parameters]\nscript = { file = "failing.py" }\n',
    "configurations/python/failing.py": SCRIPT,
    "configurations/command/failing.toml": 'name = "Failing"\n[parameters]\ncommand = "echo bad; exit 3"\n',
}


@pytest.mark.parametrize(
    ("component", "place", "line", "said"),
    [
        ("sql", ("parameters", "sql"), 4, 'column "nope"'),
        ("python", ("parameters", "script"), 5, "ValueError: no rows today"),
        ("command", ("name",), None, "exit code 3"),
    ],
)
async def test_the_form_opens_where_it_failed(
    tmp_path: Path, component: str, place: tuple[str, ...], line: int | None, said: str
) -> None:
    # GIVEN a run whose task failed
    text = f'name = "O"\n[[phases]]\nname = "P"\n[[phases.tasks]]\nid = "t"\nconfiguration = "{component}/failing"\n'
    project = open_project(write_files(tmp_path, {**FILES, "orchestrations/o.toml": text}))
    run(project)
    async with workbench(project, "o") as (pilot, screen):
        await pilot.press("w")
        await until(
            pilot, lambda: screen.run_shown is not None and screen.panel.query("#failure").first().display, "it"
        )
        # WHEN its card opens the configuration
        await pilot.press("exclamation_mark", "e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfigurationScreen), "the form")
        shown = pilot.app.screen
        assert isinstance(shown, ConfigurationScreen)
        await until(pilot, lambda: shown.form is not None, "its fields")
        await pilot.pause()
        # THEN the cursor is in the field and line that failed, with the error there
        assert getattr(pilot.app.focused, "place", None) == place
        sentences = [str(one.render()) for one in shown.query(".error, #notice").results(Static) if one.display]
        assert any(said in sentence for sentence in sentences), sentences
        if line is not None:
            editor = pilot.app.focused
            assert isinstance(editor, LongText) and editor.cursor_location == (line - 1, 0)
        # AND the error goes once the text is another one
        if isinstance(pilot.app.focused, LongText):
            await pilot.press("x", "escape")
            assert not any(said in str(one.render()) for one in shown.query(".error").results(Static) if one.display)
