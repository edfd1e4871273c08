"""One configuration: its form, or its file where there can be no form."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.reactive import Reactive
from textual.widget import Widget
from textual.widgets import Static

from orch_tui.model.components.configuration import Configuration, split_ref
from orch_tui.model.components.fault import Fault
from orch_tui.model.variables.references import secret_names
from orch_tui.tui.actions import BY_ID, bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.editor import ConfigurationEditor
from orch_tui.tui.configuration.external import ExternalEdit
from orch_tui.tui.configuration.files import Files
from orch_tui.tui.configuration.form.form import Form
from orch_tui.tui.configuration.page import Background, Came
from orch_tui.tui.configuration.panes import Facts, FactsPane, FieldHelp, Notice
from orch_tui.tui.configuration.programs import Programs
from orch_tui.tui.configuration.saving import Saving
from orch_tui.tui.configuration.stored_names import offer_names
from orch_tui.tui.configuration.unsaved import Unsaved
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.importing.origins import look_for_origin
from orch_tui.tui.keymap import keys_of
from orch_tui.tui.text import join, line, lines
from orch_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from orch_tui.tui.application import Application

_TEST, _ASK = "configuration.test-connection", "configuration.ask"


class ConfigurationScreen(FullScreen[str | None]):
    """Dismissed with the reference of the configuration, or with None when it has no file (any more).

    Layout and panes; what is done to the configuration is owned by its parts.
    """

    CSS_PATH = "configuration.tcss"
    BINDINGS = bindings(ACTIONS, "configuration")
    BINDING_GROUP_TITLE = "Configuration"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    HELP = (
        "The form of a configuration. What is typed goes into the field under the cursor; Esc leaves it, and letters "
        "are keys then: s saves. F3 saves from anywhere."
    )
    # Textual repaints the whole screen when the focus moves (10 KB); the widgets concerned repaint themselves anyway.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    app: Application

    def __init__(self, ref: str, new: Configuration | None = None, fault: Fault | None = None) -> None:
        """``new``: a configuration that gets its file with the first save. ``fault``: what made it fail; the form
        opens there."""
        super().__init__()
        self._ref = ref
        self._new = new
        self._fault = fault
        self.background = Background(self)

    # --- its parts ---

    @cached_property
    def editing(self) -> Editing:
        return Editing(self, ConfigurationEditor(self.app.project, self._ref, self._new))

    @cached_property
    def drafts(self) -> Unsaved:
        drafts = Unsaved(self, self.background, self.editing)
        self.editing.keep = drafts.keep
        return drafts

    @cached_property
    def saving(self) -> Saving:
        return Saving(self, self.editing, self.drafts)

    @cached_property
    def files(self) -> Files:
        return Files(self, self.editing, self.drafts, self.saving)

    @cached_property
    def programs(self) -> Programs:
        return Programs(self, self.background, self.editing)

    @property
    def editor(self) -> ConfigurationEditor:
        """What was read from the file."""
        return self.editing.editor

    @property
    def form(self) -> Form | None:
        """The form; None where only the file can be shown."""
        return self.editing.form

    # --- layout ---

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        yield Notice(id="notice")
        with Horizontal(id="body"), VerticalScroll(id="side"):
            yield FactsPane(id="facts")
        yield FieldHelp(id="about", layout=False)
        yield KeyBar()

    async def on_mount(self) -> None:
        await self.rebuild()
        if self._fault is not None:
            self.editing.show_fault(self._fault)
        self.drafts.offer()
        if self.editor.saved:
            told = self.query_one(FactsPane).show_origin
            look_for_origin(self, self.app.project, self._ref, self.editor.path, told)
        offer_names(self.background, self.editing, self.app.project.paths)
        if ExternalEdit(self.app.project, self._ref).pending:
            key = self.app.key_of("configuration.edit-file")
            self.notice(f"An edit of this file was refused before; {key} goes on with it.")

    def on_unmount(self) -> None:
        self.programs.close()
        # The terminal may be gone: what was typed a moment ago is kept too.
        self.drafts.settle()
        self.drafts.leave()

    async def rebuild(self) -> None:
        """Show what the editor has read."""
        body, side = self.query_one("#body", Horizontal), self.query_one("#side")
        await body.query("#form, #raw").remove()
        side.set_class(self.editor.history is None, "off")
        if self.editor.history is not None:
            await body.mount(self.editing.open_form(), before=side)
            self.notice("")
            self.editing.check()
        else:
            self.editing.form = None
            raw = VerticalScroll(Static(lines(self.editor.file_text())), id="raw")
            await body.mount(raw, before=side)
            raw.focus()
            key = self.app.key_of("configuration.edit-file")
            self.notice("\n".join([*self.editor.obstacles, f"{key} opens the file in your editor."]))
        self.show_title()
        self.refresh_bindings()

    def show_title(self) -> None:
        """Component, name, and whether everything is saved."""
        form = self.form
        name = form.state.name if form is not None else split_ref(self.editor.ref)[1]
        mark = "● unsaved" if self.editing.unsaved else ""
        if not self.editor.saved:
            mark = "● new, not saved"
        names = [line(self.editor.component_name, "$text-muted"), line("›", "$text-muted"), line(name, "bold")]
        left = join([join(names, " "), line(mark, "$text-warning")])
        self.query_one(TitleBar).show(left, line(self.editor.shown_path, "$text-muted"))

    def notice(self, text: str) -> None:
        """Sentences above the form until the next ones; empty to take them away."""
        self.query_one(Notice).show(text)

    def show_facts(self, configuration: Configuration) -> None:
        """What stands beside the form, for what would be saved now."""
        users = self.editor.users() if self.editor.saved else []
        files = [field.file for field in self.editor.fields if field.file]
        parts = configuration.parts() or (configuration,)
        secrets = {name: known for part in parts for name, known in self.editor.secrets(part.parameters).items()}
        self.query_one(FactsPane).show(Facts(users, secrets, files))

    # --- what the form and the parts tell ---

    @on(Form.Changed)
    def _changed(self) -> None:
        self.show_title()
        self.drafts.typed()

    @on(Form.Left)
    def _left(self, event: Form.Left) -> None:
        event.stop()
        self.editing.left(event.place, event.label)

    @on(Form.Moved)
    def _moved(self, event: Form.Moved) -> None:
        event.stop()
        texts = [editor.text for editor in event.row.editors()]
        secrets = self.editor.secrets({"texts": texts}) if secret_names(texts) else {}
        self.query_one(FieldHelp).show(event.row.help_text, secrets)

    @on(Came)
    def _came(self, event: Came) -> None:
        event.stop()
        event.take()

    # --- keys ---

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Test and question are there only where the component has such actions."""
        if action == BY_ID[_ASK].method:
            return self.programs.asking.offered
        return (
            self.programs.connection.offered
            if action == BY_ID[_TEST].method
            else super().check_action(action, parameters)
        )

    def on_key(self, event: events.Key) -> None:
        """Where nothing can be tested the key is in no footer; pressed, it says so."""
        if not self.programs.connection.offered and event.key in keys_of(BY_ID[_TEST], self.app.config.keys):
            event.stop()
            self.programs.connection.start()

    async def action_save(self) -> None:
        await self.saving.save()

    def action_try(self) -> None:
        self.background.worker(self.programs.trial.start, "try", "try the configuration")

    def action_test_connection(self) -> None:
        self.programs.connection.start()

    def action_ask(self) -> None:
        self.background.worker(self.programs.asking.ask, "ask", "ask the component")

    async def action_undo(self) -> None:
        await self.editing.undo()

    async def action_redo(self) -> None:
        await self.editing.redo()

    def action_edit_file(self) -> None:
        self.background.worker(self.files.edit_file, "file", "edit the file")

    def action_versions(self) -> None:
        self.background.worker(self.files.versions, "file", "versions of the configuration")

    def action_edit_text(self) -> None:
        self.files.edit_text()

    def action_used_by(self) -> None:
        self.background.worker(self.files.used_by, "file", "used by")

    def action_duplicate(self) -> None:
        self.background.worker(self.files.duplicate, "file", "duplicate the configuration")

    def action_rename_id(self) -> None:
        self.background.worker(self.files.rename_id, "file", "rename the configuration")

    def action_delete(self) -> None:
        self.background.worker(self.files.delete, "file", "delete the configuration")

    async def action_add_input(self) -> None:
        if self.form is not None:
            await self.form.add_row("inputs")

    async def action_add_output(self) -> None:
        if self.form is not None:
            await self.form.add_row("outputs")

    @on(Form.LeaveAsked)
    def action_back(self, event: Form.LeaveAsked | None = None) -> None:
        if event is not None:
            event.stop()
        if self.programs.cancel():
            return
        if self.form is not None and self.form.editing:
            self.form.focus(scroll_visible=False)
        else:
            self.background.worker(self.saving.leave, "leave", "leave the configuration")

    async def may_leave(self) -> bool:
        """Ask about unsaved edits; True when the screen may be left."""
        return await self.saving.may_leave()

    def leave(self, ref: str | None) -> None:
        """Close, with the configuration's reference where it has a file."""
        self.dismiss(ref)
