"""What the configuration screen does with whole files: the person's editor, duplicate, rename, delete, users."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual import work
from textual.screen import Screen

from orch_tui.engine.requests import who_am_i
from orch_tui.model.configuration import split_ref
from orch_tui.model.text import safe_line, slug, unique, valid_id
from orch_tui.project.source import DefinitionError
from orch_tui.project.writer import ChangedOnDisk, SaveError
from orch_tui.tui.configuration.external import ExternalEdit, edit_text

if TYPE_CHECKING:
    from orch_tui.project.writer import Over
    from orch_tui.tui.app import OrchApp
    from orch_tui.tui.configuration.drafts import FormDrafts
    from orch_tui.tui.configuration.editor import ConfigurationEditor
    from orch_tui.tui.configuration.form.form import Form


class FileActions:
    """Part of the configuration screen."""

    if TYPE_CHECKING:
        app: OrchApp
        editor: ConfigurationEditor

        @property
        def form(self) -> Form | None: ...
        @property
        def drafts(self) -> FormDrafts: ...
        @property
        def unsaved(self) -> bool: ...
        async def rebuild(self) -> None: ...
        async def save(self, *, over: Over | None = None) -> bool: ...
        def notice(self, text: str) -> None: ...
        def commit(self, label: str = "change") -> None: ...
        def keep_draft(self) -> None: ...
        def dismiss(self, result: str | None = None) -> Any: ...

    @work(group="file", description="edit the file")
    async def action_edit_file(self) -> None:
        """The file in the person's editor; edits of the form are saved or dropped before, so that none get lost."""
        from orch_tui.tui.screens.confirm import Confirm

        self.commit()
        if self.unsaved or not self.editor.saved:
            question = "The form has edits that are not in the file yet."
            choices = [("s", "Save them first", "save")]
            if self.editor.saved:
                choices.append(("d", "Discard them", "discard"))
            answer = await self.app.push_screen_wait(Confirm(question, [*choices, ("k", "Keep editing", "stay")]))
            if answer not in ("save", "discard") or (answer == "save" and not await self.save()):
                return
        await self._edit_outside()

    async def _edit_outside(self) -> None:
        session = ExternalEdit(self.app.project, self.editor.ref, who_am_i())
        try:
            copy = session.begin()
        except (DefinitionError, OSError) as error:
            self.app.say(f"The file cannot be edited: {error}", "error", 12)
            return
        if not self.app.edit_file(copy):
            if not session.changed:
                session.discard()
            session.leave()
            return
        await self._take_over(session)

    async def _take_over(self, session: ExternalEdit) -> None:
        key = self.app.key_of("configuration.edit-file")
        try:
            changed = session.finish()
        except DefinitionError as error:
            self.notice(f"Your edit was not taken; the file is as it was, {key} goes on with your text.\n✖ {error}")
            return
        except ChangedOnDisk as conflict:
            await self._settle(session, conflict)
            return
        except SaveError as error:
            session.leave()
            self.app.say(f"{error} {key} goes on with your text.", "error", 12)
            return
        self.editor.load()
        await self.rebuild()
        self.keep_draft()
        self.app.say("The file was taken over." if changed else "Nothing was changed.", seconds=3)

    async def _settle(self, session: ExternalEdit, conflict: ChangedOnDisk) -> None:
        from orch_tui.tui.screens.conflict import Conflict

        answer = await self.app.push_screen_wait(Conflict(conflict))
        if answer == "overwrite":
            session.rebase(conflict.disk_text)
            await self._take_over(session)
            return
        session.leave()
        if answer == "reload":
            self.editor.load()
            await self.rebuild()
        key = self.app.key_of("configuration.edit-file")
        self.notice(f"Your text is kept beside the file; {key} goes on with it.")

    def action_edit_text(self) -> None:
        """The long text under the cursor in the person's editor; it comes back into the form, unsaved."""
        form = self.form
        text = form.current_text() if form is not None else None
        if form is None or text is None:
            self.app.say("The field under the cursor is no text of several lines; Enter edits it here.", "warning", 3)
            return
        field = next((one for one in self.editor.fields if ("parameters", *one.path) == text.place), None)
        if field is not None and field.hidden:
            self.app.say("This text holds a secret and is not shown; type a new one.", "warning")
            return
        suffix = Path(field.file).suffix if field is not None and field.file else ".txt"
        try:
            text.text = edit_text(self.app.project, text.text, suffix, self.app.edit_file)
        except (DefinitionError, OSError) as error:
            self.app.say(f"The text could not be taken over: {safe_line(str(error))}", "error", 12)
            return
        form.state = form.state.with_text(text.place, text.text)
        self.commit("edit of a text")

    @work(group="file", description="used by")
    async def action_used_by(self) -> None:
        """The tasks that run it."""
        await self._show_users("")

    async def _show_users(self, reason: str) -> None:
        from orch_tui.tui.configuration.used_by import UsedByScreen
        from orch_tui.tui.workbench.screen import WorkbenchScreen

        user = await self.app.push_screen_wait(UsedByScreen(self.editor.ref, self.editor.users(), reason))
        if user is None:
            return
        stack = self.app.screen_stack
        for bench in stack:
            if isinstance(bench, WorkbenchScreen) and bench.orchestration_id == user.orchestration:
                # A second workbench of the same orchestration would know nothing of the edits in the first.
                if await self._go_back_to(bench):
                    bench.phase_tree.go_to(user.task)
                return
        self.app.push_screen(WorkbenchScreen(user.orchestration, focus=user.task))

    async def _go_back_to(self, wanted: Screen[Any]) -> bool:
        """Leave all screens above ``wanted``; False when the person rather stays."""
        stack = self.app.screen_stack
        for screen in reversed(stack[stack.index(wanted) + 1 :]):
            may_leave = getattr(screen, "may_leave", None)
            if may_leave is not None and not await may_leave():
                return False
        while self.app.screen is not wanted:
            self.app.pop_screen()
        return True

    def _is_on_disk(self) -> bool:
        self.commit()
        if self.unsaved or not self.editor.saved:
            self.app.say("Save first: this works on the file.", "warning")
            return False
        return True

    @work(group="file", description="duplicate the configuration")
    async def action_duplicate(self) -> None:
        """A copy under another name, opened."""
        from orch_tui.project.catalog import duplicate_configuration
        from orch_tui.tui.screens.prompt import Prompt

        if not self._is_on_disk():
            return
        component, old_id = split_ref(self.editor.ref)
        old = self.editor.configuration.name if self.editor.configuration is not None else old_id
        name = await self.app.push_screen_wait(
            Prompt("Duplicate: name of the copy", f"{old} copy", _name_problem, "name")
        )
        if name is None:
            return
        new_id = unique(slug(name, "configuration"), taken_ids(self.app, component))
        try:
            duplicate_configuration(self.app.project, self.editor.ref, new_id, name.strip())
        except (DefinitionError, ChangedOnDisk, SaveError) as error:
            self.app.say(f"Not copied: {error}", "error", 12)
            return
        self.app.open_configuration(f"{component}/{new_id}")

    @work(group="file", description="rename the configuration")
    async def action_rename_id(self) -> None:
        """Another id; the tasks that run it follow."""
        from orch_tui.project.catalog import rename_configuration
        from orch_tui.tui.screens.prompt import Prompt

        if not self._is_on_disk():
            return
        component, old_id = split_ref(self.editor.ref)
        taken = taken_ids(self.app, component)
        new_id = await self.app.push_screen_wait(
            Prompt("Another id; all tasks that run it follow", old_id, lambda text: id_problem(text, taken - {old_id}))
        )
        if new_id is None or new_id == old_id:
            return
        try:
            changed = rename_configuration(self.app.project, self.editor.ref, new_id)
        except (DefinitionError, ChangedOnDisk, SaveError) as error:
            self.notice(f"✖ Not renamed completely: {error}")
            return
        self.editor.ref = f"{component}/{new_id}"
        self.editor.load()
        await self.rebuild()
        files = "\n".join(f"  {self.app.project.paths.relative(path)}" for path in changed)
        self.notice(f"Renamed from {old_id} to {new_id}. Files changed:\n{files}")

    @work(group="file", description="delete the configuration")
    async def action_delete(self) -> None:
        """Into the trash; refused while in use."""
        from orch_tui.project.catalog import InUse, delete_configuration
        from orch_tui.tui.screens.confirm import Confirm

        if not self.editor.saved:
            self.app.say("It has no file yet; Esc leaves it.", seconds=3)
            return
        if self.editor.users():
            await self._show_users("It cannot be deleted while these tasks run it; remove them first.")
            return
        question = f"Delete {self.editor.ref}?"
        detail = "The file goes to .orch/trash, from where it can be put back."
        if self.unsaved:
            detail += " Edits that are not saved are lost."
        if not await self.app.push_screen_wait(
            Confirm(question, [("d", "Delete", True), ("k", "Keep", False)], detail)
        ):
            return
        try:
            trashed = delete_configuration(self.app.project, self.editor.ref)
        except (InUse, SaveError) as error:
            self.app.say(str(error), "error", 12)
            return
        self.drafts.drop()
        self.app.say(f"Deleted; the file is {self.app.project.paths.relative(trashed.stored)}.", seconds=10)
        self.dismiss(None)


def taken_ids(app: OrchApp, component: str) -> frozenset[str]:
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
