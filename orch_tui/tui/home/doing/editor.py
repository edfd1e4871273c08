"""Creating, copying, renaming and deleting orchestrations, each with its question and its way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from orch_tui.model.edits.undo import NothingToUndo
from orch_tui.model.orchestration.orchestration import Orchestration
from orch_tui.project.files.source import DefinitionError
from orch_tui.tui.home.state.model import Entry, HomeModel
from orch_tui.tui.home.state.own_fields import read_again

if TYPE_CHECKING:
    from orch_tui.tui.application import Application
    from orch_tui.tui.home.panes.orchestration_list import OrchestrationList


class HasList(Protocol):
    """What the editor needs of the screen: what is under the cursor, and somebody who shows what has changed."""

    @property
    def table(self) -> OrchestrationList:
        """The list with the cursor."""

    def show(self, go_to: str | None = None) -> None:
        """Show the model anew, with the cursor on ``go_to``."""


class OrchestrationEditor:
    """Every change is one of the model, and can be taken back."""

    def __init__(self, app: Application, model: HomeModel, home: HasList) -> None:
        self._app, self._model, self._home = app, model, home

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {
            "home.new": self.create,
            "home.duplicate": self.duplicate,
            "home.rename": self.rename,
            "home.orchestration": self.orchestration,
            "home.starts": self.starts,
            "home.change-id": self.change_id,
            "home.delete": self.delete,
            "home.undo": self.undo,
            "home.edit-file": self.edit_file,
        }

    @property
    def _chosen(self) -> str | None:
        return self._home.table.chosen

    async def create(self) -> None:
        """Ask for a name."""
        await self._ask("New orchestration", "", self._model.create)

    async def duplicate(self) -> None:
        """Ask for the name of the copy."""
        if entry := self._editable():
            await self._ask(
                "Name of the copy", f"{entry.name} (copy)", lambda name: self._model.duplicate(entry.id, name)
            )

    async def rename(self) -> None:
        """Ask for another name."""
        if entry := self._editable():
            await self._ask("Rename orchestration", entry.name, lambda name: self._model.rename(entry.id, name))

    async def orchestration(self) -> None:
        """Show the form of the orchestration itself."""
        if (entry := self._editable()) is None:
            return
        from orch_tui.tui.workbench.dialogs.orchestration import OrchestrationDialog

        try:
            value, base = read_again(self._app.project, entry.id)
        except DefinitionError as error:
            self._app.say(str(error), "error")
            return
        new = await self._app.push_screen_wait(OrchestrationDialog(value, self._app.project.settings))
        if new is not None and new != value:
            self._do(lambda: self._model.edit(new, base, f'editing of "{entry.name}"'))

    async def starts(self) -> None:
        """Show its schedules, triggers and alerts; each change is saved at once."""
        if (entry := self._editable()) is None:
            return
        from orch_tui.tui.starts.dialog import Keeper, StartsDialog

        project = self._app.project
        try:
            value, base = read_again(project, entry.id)
        except DefinitionError as error:
            self._app.say(str(error), "error")
            return

        changes = 0

        def reread() -> Orchestration | None:
            nonlocal base
            try:
                value, base = read_again(project, entry.id)
            except DefinitionError:
                # What is wrong with it has been said.
                return None
            return value

        def change(new: Orchestration, what: str) -> Orchestration | None:
            nonlocal changes
            changes += self._do(lambda: self._model.edit(new, base, f'{what} of "{entry.name}"'))
            # Where it was refused, what is there now is shown.
            return reread()

        def undo() -> Orchestration | None:
            nonlocal changes
            # What was changed before is of other orchestrations too, and not to be seen here.
            if not changes:
                self._app.say("There is nothing to undo here.", seconds=2)
                return None
            changes -= 1
            self.undo()
            return reread()

        keeper = Keeper(change, undo)
        await self._app.push_screen_wait(StartsDialog(value, project.settings.timezone, keeper))

    async def change_id(self) -> None:
        """Ask for another name of the file."""
        if entry := self._editable():
            title = "Change id (the name of its file)"
            await self._ask(title, entry.id, lambda new: self._model.change_id(entry.id, new))

    def delete(self) -> None:
        """Move it to the trash; the cursor goes to the one below."""
        chosen, ids = self._chosen, self._model.ids
        if chosen is None:
            return
        name, row = self._model.entry(chosen).name, self._home.table.cursor
        following = ids[row + 1 : row + 2] or ids[max(0, row - 1) : row]
        if self._do(lambda: self._model.delete(chosen), following[0] if following else None):
            self._app.say(f'"{name}" was moved to .orch/trash; {self._app.key_of("home.undo")} brings it back.')

    def undo(self) -> None:
        """Take back the last change."""

        def back() -> str | None:
            label, place = self._model.undo()
            self._app.say(f"Took back: {label}.")
            return place

        self._do(back)

    def edit_file(self) -> None:
        """Open its file in the person's editor, and read it again."""
        if self._chosen is not None:
            path = self._app.project.paths.orchestration(self._chosen)
            self._app.edit_file(path)
            self._app.project.forget(path)
            self._model.look_again()
            self._home.show()

    def _editable(self) -> Entry | None:
        entry = self._model.entry(self._chosen) if self._chosen is not None else None
        if entry is not None and entry.value is None:
            key = self._app.key_of("home.edit-file")
            self._app.say(f'"{entry.name}" has errors and is left alone; {key} opens its file.', "warning")
            return None
        return entry

    async def _ask(self, title: str, value: str, do: Callable[[str], str]) -> None:
        from orch_tui.tui.dialogs.prompt import Prompt

        name = await self._app.push_screen_wait(Prompt(title, value, self._model.name_problem))
        if name is not None:
            self._do(lambda: do(name))

    def _do(self, what: Callable[[], str | None], go_to: str | None = None) -> bool:
        """Do it and show the result; what went wrong is said in its own sentence."""
        # Saving needs more than showing does.
        from orch_tui.project.saving.catalog import InUse
        from orch_tui.project.saving.writer import ChangedOnDisk, SaveError

        try:
            place = what()
        except DefinitionError as error:
            problem = error.problems[0]
            self._app.say(f"{problem.message}; {problem.remedy}", "error")
            return False
        except (InUse, SaveError, ChangedOnDisk, NothingToUndo, RuntimeError) as error:
            self._app.say(str(error), "warning" if isinstance(error, NothingToUndo) else "error")
            return False
        self._home.show(place or go_to)
        return True
