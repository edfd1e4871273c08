"""Whole files: the person's own editor, duplicate, rename, delete, users."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.model.components.configuration import split_ref
from orch_tui.model.texts.text import safe_line, slug, unique, valid_id
from orch_tui.project.files.source import DefinitionError
from orch_tui.project.saving.writer import ChangedOnDisk, SaveError
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.external import ExternalEdit, edit_text
from orch_tui.tui.configuration.page import Page
from orch_tui.tui.configuration.saving import Saving
from orch_tui.tui.configuration.unsaved import Unsaved

if TYPE_CHECKING:
    from orch_tui.tui.application import Application
    from orch_tui.tui.configuration.editor import ConfigurationEditor


class Files:
    """What is done to the file as a whole."""

    def __init__(self, page: Page, editing: Editing, unsaved: Unsaved, saving: Saving) -> None:
        self._page = page
        self._editing = editing
        self._unsaved = unsaved
        self._saving = saving

    @property
    def _app(self) -> Application:
        return self._page.app

    @property
    def _editor(self) -> ConfigurationEditor:
        return self._editing.editor

    async def edit_file(self) -> None:
        """The file in the person's editor; edits of the form are saved or dropped before, so that none get lost."""
        from orch_tui.tui.dialogs.confirm import Confirm

        self._editing.commit()
        if self._editing.unsaved or not self._editor.saved:
            question = "The form has edits that are not in the file yet."
            choices = [("s", "Save them first", "save")]
            if self._editor.saved:
                choices.append(("d", "Discard them", "discard"))
            answer = await self._app.push_screen_wait(Confirm(question, [*choices, ("k", "Keep editing", "stay")]))
            if answer not in ("save", "discard") or (answer == "save" and not await self._saving.save()):
                return
        await self._edit_outside()

    async def _edit_outside(self) -> None:
        session = ExternalEdit(self._app.project, self._editor.ref, who_am_i())
        try:
            copy = session.begin()
        except (DefinitionError, OSError) as error:
            self._app.say(f"The file cannot be edited: {error}", "error", 12)
            return
        if not self._app.edit_file(copy):
            if not session.changed:
                session.discard()
            session.leave()
            return
        await self._take_over(session)

    async def _take_over(self, session: ExternalEdit) -> None:
        key = self._app.key_of("configuration.edit-file")
        try:
            changed = session.finish()
        except DefinitionError as error:
            self._page.notice(
                f"Your edit was not taken; the file is as it was, {key} goes on with your text.\n✖ {error}"
            )
            return
        except ChangedOnDisk as conflict:
            await self._settle(session, conflict)
            return
        except SaveError as error:
            session.leave()
            self._app.say(f"{error} {key} goes on with your text.", "error", 12)
            return
        self._editor.load()
        await self._page.rebuild()
        self._unsaved.keep()
        self._app.say("The file was taken over." if changed else "Nothing was changed.", seconds=3)

    async def _settle(self, session: ExternalEdit, conflict: ChangedOnDisk) -> None:
        from orch_tui.tui.dialogs.conflict import Conflict

        answer = await self._app.push_screen_wait(Conflict(conflict))
        if answer == "overwrite":
            session.rebase(conflict.disk_text)
            await self._take_over(session)
            return
        session.leave()
        if answer == "reload":
            self._editor.load()
            await self._page.rebuild()
        key = self._app.key_of("configuration.edit-file")
        self._page.notice(f"Your text is kept beside the file; {key} goes on with it.")

    def edit_text(self) -> None:
        """The long text under the cursor in the person's editor; it comes back into the form, unsaved."""
        form = self._editing.form
        text = form.current_text() if form is not None else None
        if form is None or text is None:
            self._app.say("The field under the cursor is no text of several lines; Enter edits it here.", "warning", 3)
            return
        field = next((one for one in self._editor.fields if ("parameters", *one.path) == text.place), None)
        if field is not None and field.hidden:
            self._app.say("This text holds a secret and is not shown; type a new one.", "warning")
            return
        suffix = Path(field.file).suffix if field is not None and field.file else ".txt"
        try:
            text.text = edit_text(self._app.project, text.text, suffix, self._app.edit_file)
        except (DefinitionError, OSError) as error:
            self._app.say(f"The text could not be taken over: {safe_line(str(error))}", "error", 12)
            return
        form.state = form.state.with_text(text.place, text.text)
        self._editing.commit("edit of a text")

    async def versions(self) -> None:
        """What it was at each save and run; the form shows what it was gone back to."""
        from orch_tui.tui.definitions.versions import DefinitionVersionsScreen

        self._editing.commit()
        if self._editing.unsaved or not self._editor.saved:
            self._app.say("Save first with s: going back would not see these edits.", "warning")
            return
        if await self._app.push_screen_wait(DefinitionVersionsScreen(self._editor.ref)):
            self._editor.load()
            await self._page.rebuild()
            self._unsaved.keep()

    async def used_by(self) -> None:
        """The tasks that run it."""
        await self._show_users("")

    async def _show_users(self, reason: str) -> None:
        from orch_tui.tui.configuration.used_by import UsedByScreen

        user = await self._app.push_screen_wait(UsedByScreen(self._editor.ref, self._editor.users(), reason))
        if user is None:
            return
        self._app.open_workbench(user.orchestration, focus=user.task)

    def _is_on_disk(self) -> bool:
        self._editing.commit()
        if self._editing.unsaved or not self._editor.saved:
            self._app.say("Save first: this works on the file.", "warning")
            return False
        return True

    async def duplicate(self) -> None:
        """A copy under another name, opened."""
        from orch_tui.project.saving.catalog import duplicate_configuration
        from orch_tui.tui.dialogs.prompt import Prompt

        if not self._is_on_disk():
            return
        component, old_id = split_ref(self._editor.ref)
        old = self._editor.configuration.name if self._editor.configuration is not None else old_id
        name = await self._app.push_screen_wait(
            Prompt("Duplicate: name of the copy", f"{old} copy", _name_problem, "name")
        )
        if name is None:
            return
        new_id = unique(slug(name, "configuration"), taken_ids(self._app, component))
        try:
            duplicate_configuration(self._app.project, self._editor.ref, new_id, name.strip())
        except (DefinitionError, ChangedOnDisk, SaveError) as error:
            self._app.say(f"Not copied: {error}", "error", 12)
            return
        self._app.open_configuration(f"{component}/{new_id}")

    async def rename_id(self) -> None:
        """Another id; the tasks that run it follow."""
        from orch_tui.project.saving.catalog import rename_configuration
        from orch_tui.tui.dialogs.prompt import Prompt

        if not self._is_on_disk():
            return
        component, old_id = split_ref(self._editor.ref)
        taken = taken_ids(self._app, component)
        new_id = await self._app.push_screen_wait(
            Prompt("Another id; all tasks that run it follow", old_id, lambda text: id_problem(text, taken - {old_id}))
        )
        if new_id is None or new_id == old_id:
            return
        try:
            changed = rename_configuration(self._app.project, self._editor.ref, new_id)
        except (DefinitionError, ChangedOnDisk, SaveError) as error:
            self._page.notice(f"✖ Not renamed completely: {error}")
            return
        self._editor.ref = f"{component}/{new_id}"
        self._editor.load()
        await self._page.rebuild()
        files = "\n".join(f"  {self._app.project.paths.relative(path)}" for path in changed)
        self._page.notice(f"Renamed from {old_id} to {new_id}. Files changed:\n{files}")

    async def delete(self) -> None:
        """Into the trash; refused while in use."""
        from orch_tui.project.saving.catalog import InUse, delete_configuration
        from orch_tui.tui.dialogs.confirm import Confirm

        if not self._editor.saved:
            self._app.say("It has no file yet; Esc leaves it.", seconds=3)
            return
        if self._editor.users():
            await self._show_users("It cannot be deleted while these tasks run it; remove them first.")
            return
        question = f"Delete {self._editor.ref}?"
        detail = "The file goes to .orch/trash, from where it can be put back."
        if self._editing.unsaved:
            detail += " Edits that are not saved are lost."
        if not await self._app.push_screen_wait(
            Confirm(question, [("d", "Delete", True), ("k", "Keep", False)], detail)
        ):
            return
        try:
            trashed = delete_configuration(self._app.project, self._editor.ref)
        except (InUse, SaveError) as error:
            self._app.say(str(error), "error", 12)
            return
        self._unsaved.drop()
        self._app.say(f"Deleted; the file is {self._app.project.paths.relative(trashed.stored)}.", seconds=10)
        self._page.leave(None)


def taken_ids(app: Application, component: str) -> frozenset[str]:
    """The ids of a component's configurations."""
    pairs = [split_ref(ref) for ref in app.project.configuration_refs()]
    return frozenset(name for owner, name in pairs if owner == component)


def id_problem(text: str, taken: frozenset[str]) -> str | None:
    """What is wrong with an id for a new file."""
    if not valid_id(text):
        return "Letters, digits, _ . and -, at most 100 characters, beginning with a letter or digit."
    return f'There is a configuration "{text}" already.' if text in taken else None


def _name_problem(text: str) -> str | None:
    return None if safe_line(text).strip() else "Give it a name."
