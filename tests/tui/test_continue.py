"""After a failure, as one story: edit what failed, see what would run, go on, and find both runs by each other."""

from __future__ import annotations

from pathlib import Path

from orch_tui.model.status import Status
from orch_tui.project.history import run_ids
from orch_tui.tui.configuration.screen import ConfigurationScreen
from orch_tui.tui.runs.attempt_text import AttemptTextScreen
from orch_tui.tui.runs.history import HistoryScreen
from orch_tui.tui.workbench.dialogs.run_preview import RunPreview

from tests.support.engine_kit import make_commands, run
from tests.tui.driving import rows_of, said, text_of, until, workbench
from tests.tui.test_live import to_end

COMMAND = ("parameters", "command")


async def test_a_failed_task_is_edited_and_its_run_continued(tmp_path: Path) -> None:
    # GIVEN a run that failed
    project = make_commands(tmp_path, {"First": {"good": "true", "bad": "exit 3"}, "Second": {"later": "true"}})
    run(project)
    (failed,) = run_ids(project.paths, "o")
    async with workbench(project, "o") as (pilot, screen):
        await pilot.press("w")
        await until(
            pilot, lambda: screen.run_shown is not None and screen.panel.query("#failure").first().display, "it"
        )
        # WHEN its card opens the configuration, and that is edited to what cannot be
        await pilot.press("exclamation_mark", "e")
        await until(pilot, lambda: isinstance(pilot.app.screen, ConfigurationScreen), "the form")
        form_screen = pilot.app.screen
        assert isinstance(form_screen, ConfigurationScreen)
        await until(pilot, lambda: form_screen.form is not None, "its fields")
        form = form_screen.form
        assert form is not None

        async def write(text: str) -> None:
            form.go_to(COMMAND)
            await pilot.pause()
            editor = form.editor(COMMAND)
            assert editor is not None
            editor.text = text
            await pilot.pause()
            form.focus()
            await pilot.press("s")
            await pilot.pause()

        await write("")
        # THEN it is refused, and the file is as it was
        assert "exit 3" in (tmp_path / "configurations/command/bad.toml").read_text()
        # WHEN it is edited well, and the run is continued from the card
        await write("exit 0")
        await until(pilot, lambda: "exit 0" in (tmp_path / "configurations/command/bad.toml").read_text(), "the file")
        await pilot.press("escape")
        await until(pilot, lambda: pilot.app.screen is screen, "the workbench")
        await pilot.press("exclamation_mark", "c")
        await until(pilot, lambda: isinstance(pilot.app.screen, RunPreview), "the preview")
        tree = rows_of(screen.phase_tree)
        assert "✔ reused" in tree[1] and "● will run" in tree[2] and "● will run" in tree[4]
        first = screen.run_shown
        await pilot.press("enter")
        await until(pilot, lambda: screen.run_shown is not first, "the new run")
        await to_end(pilot, screen)
        # THEN it is a success that says which run it continues
        assert screen.run_shown is not None and screen.run_shown.state.status is Status.SUCCESS
        assert screen.run_shown.state.header.rerun_of == failed
        assert f"continues {failed[9:11]}" in text_of(pilot)
        # AND the history has both, each with the other
        await pilot.press("H")
        await until(pilot, lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.list.runs, "runs")
        history = pilot.app.screen
        assert isinstance(history, HistoryScreen)
        newer, older = rows_of(history.list)
        assert "✔ success" in newer and "continues " in newer
        assert "✘ error" in older and "continued " in older
        # AND the failed one, opened, says how it went on and what text it ran
        await pilot.press("down", "enter")
        await until(pilot, lambda: screen.desk.shown.past and screen.run_shown is not None, "the old run")
        await until(pilot, lambda: ": success;" in text_of(pilot), "how it went on")
        screen.phase_tree.go_to("bad")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, AttemptTextScreen), "the text")
        assert '-command = "exit 3"' in text_of(pilot) and '+command = "exit 0"' in text_of(pilot)
        assert "error" not in said(pilot)
