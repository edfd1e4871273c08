"""Versions of definitions and the trash on the screen."""

from __future__ import annotations

from orch_tui.project.kept.versions import Versions
from orch_tui.project.project import Project
from orch_tui.project.saving.catalog import delete_configuration
from orch_tui.project.saving.writer import replace_text
from orch_tui.tui.app import OrchApp
from orch_tui.tui.definitions.trash import TrashScreen
from orch_tui.tui.definitions.versions import DefinitionVersionsScreen
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.home.screen import HomeScreen

from tests.tui.driving import text_of, until


async def test_the_versions_of_an_orchestration_are_compared_and_gone_back_to(project: Project) -> None:
    # GIVEN an orchestration that was saved twice with another name
    path = project.paths.orchestration("alpha")
    first = path.read_text()
    second = first.replace('name = "', 'name = "New ', 1)
    replace_text(project, path, first, second)
    replace_text(project, path, second, f"{second}# more\n")
    app = OrchApp(project)
    async with app.run_test(size=(120, 40)) as pilot:
        # WHEN its versions are shown
        home = app.screen
        assert isinstance(home, HomeScreen)
        home.table.go_to("alpha")
        await pilot.press("f6")
        await until(pilot, lambda: "+# more" in text_of(pilot))
        assert isinstance(app.screen, DefinitionVersionsScreen)
        # THEN each is compared with the one before, and with now where that is asked for
        assert "version 2 → " in text_of(pilot) and "3 versions" in text_of(pilot)
        await pilot.press("down")
        await until(pilot, lambda: '+name = "New ' in text_of(pilot))
        await pilot.press("down", "n")
        await until(pilot, lambda: "version 1 → " in text_of(pilot) and "+# more" in text_of(pilot))
        # WHEN the first is gone back to
        await pilot.press("R")
        await until(pilot, lambda: isinstance(app.screen, Prompt))
        await pilot.press(*"oops", "enter")
        await until(pilot, lambda: "rolled back to 1 by" in text_of(pilot))
        # THEN the file is what it was, and nothing is lost
        assert path.read_text() == first
        assert [one.note for one in Versions(project.paths).of("orchestration/alpha")] == ["", "", "", "oops"]


async def test_what_was_deleted_is_put_back(project: Project) -> None:
    # GIVEN a configuration in the trash
    ref = next(ref for ref in project.configuration_refs() if not ref.startswith("orchestration/"))
    item = delete_configuration(project, ref, force=True)
    app = OrchApp(project)
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("f7")
        await until(pilot, lambda: isinstance(app.screen, TrashScreen) and item.original.name in text_of(pilot))
        # WHEN it is chosen THEN it is where it was, and the trash is empty
        await pilot.press("enter")
        await until(pilot, lambda: "The trash is empty" in text_of(pilot))
        assert item.original.exists()
