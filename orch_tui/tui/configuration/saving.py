"""Saving: checked, never over what another program wrote; asked about before the screen is left."""

from __future__ import annotations

import asyncio

from orch_tui.project.files.source import DefinitionError
from orch_tui.project.saving.writer import ChangedOnDisk, Over, SaveError
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.form.code import CodeText
from orch_tui.tui.configuration.page import Page
from orch_tui.tui.configuration.unsaved import Unsaved


class Saving:
    """From the form to the file."""

    def __init__(self, page: Page, editing: Editing, unsaved: Unsaved) -> None:
        self._page = page
        self._editing = editing
        self._unsaved = unsaved

    async def save(self, *, over: Over | None = None) -> bool:
        """Check and write; True when it is on disk. What hinders is shown where it is."""
        app, editor = self._page.app, self._editing.editor
        if self._editing.form is None:
            app.say("There is no form to save; edit the file instead.", "warning")
            return False
        checked = self._editing.checked("Not saved")
        if checked is None:
            return False
        try:
            editor.save(checked.configuration, over=over)
        except ChangedOnDisk as conflict:
            self._ask_about(conflict)
        except DefinitionError as error:
            self._page.notice(f"✖ {error}")
        except SaveError as error:
            app.say(str(error), "error", 12)
        else:
            self._unsaved.keep()
            await self._say_saved()
            self._page.show_title()
            self._editing.check()
            return True
        return False

    async def _say_saved(self) -> None:
        """A program's text may be saved unfinished, but not silently."""
        app, form = self._page.app, self._editing.form
        saved = f"Saved {self._editing.editor.shown_path}"
        for program in form.query(CodeText) if form is not None else ():
            mistake = await asyncio.to_thread(program.look)
            if mistake is not None:
                app.say(f"{saved}, but {program.place[-1]} cannot be read: {mistake}", "warning")
                return
        app.say(f"{saved}.", seconds=3)

    def _ask_about(self, conflict: ChangedOnDisk) -> None:
        from orch_tui.tui.dialogs.conflict import Conflict

        async def answered(answer: str | None) -> None:
            if answer == "overwrite":
                await self.save(over=conflict.over)
            elif answer == "reload":
                if not self._editing.editor.reload_keeping_edits():
                    self._page.app.say(
                        "Read again. The form has other fields now, so the edits could not be kept.", "warning"
                    )
                await self._page.rebuild()

        self._page.app.push_screen(Conflict(conflict), answered)

    async def leave(self) -> None:
        """Close the screen, unless the person rather stays."""
        if await self.may_leave():
            editor = self._editing.editor
            self._page.leave(editor.ref if editor.saved else None)

    async def may_leave(self) -> bool:
        """Ask about unsaved edits; True when the screen may be left."""
        from orch_tui.tui.dialogs.confirm import Confirm

        self._editing.commit()
        if not self._editing.unsaved:
            return True
        form = self._editing.form
        question = f'"{form.state.name if form else self._editing.editor.ref}" has edits that are not saved.'
        choices = [("s", "Save", "save"), ("d", "Discard", "discard"), ("k", "Keep editing", "stay")]
        answer = await self._page.app.push_screen_wait(Confirm(question, choices))
        if answer == "discard":
            self._unsaved.drop()
        return answer == "discard" or (answer == "save" and await self.save())
