"""One configuration: its form, or its file where there can be no form."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from textual import on, work
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.reactive import Reactive
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from orch_tui.engine.requests import who_am_i
from orch_tui.model.configuration import Configuration, split_ref
from orch_tui.model.references import secret_names
from orch_tui.model.undo import NothingToUndo
from orch_tui.project.source import DefinitionError
from orch_tui.project.writer import ChangedOnDisk, Over, SaveError
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.configuration.connection import ConnectionTest
from orch_tui.tui.configuration.drafts import FormDraft, FormDrafts
from orch_tui.tui.configuration.editor import Checked, ConfigurationEditor
from orch_tui.tui.configuration.external import ExternalEdit
from orch_tui.tui.configuration.files import FileActions
from orch_tui.tui.configuration.form.form import Form
from orch_tui.tui.configuration.form.rows import Row
from orch_tui.tui.configuration.form.state import Place
from orch_tui.tui.screens.dialog import FullScreen
from orch_tui.tui.text import join, line, lines
from orch_tui.tui.widgets.bars import KeyBar, TitleBar

if TYPE_CHECKING:
    from orch_tui.tui.app import OrchApp

_KEEP_AFTER_SECONDS = 2.0
_OUTDATED = "The file was changed since; restoring puts these edits on top of what it has now."


class ConfigurationScreen(FileActions, ConnectionTest, FullScreen[str | None]):
    """Dismissed with the reference of the configuration, or with None when it has no file (any more)."""

    CSS_PATH = "configuration.tcss"
    BINDINGS = bindings(ACTIONS, "configuration")
    BINDING_GROUP_TITLE = "Configuration"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012
    HELP = "The form of a configuration. Enter edits the field under the cursor, Esc leaves it; s saves."
    # Textual repaints the whole screen when the focus moves (10 KB); the widgets concerned repaint themselves anyway.
    focused: Reactive[Widget | None] = Reactive(None, repaint=False)
    app: OrchApp

    def __init__(self, ref: str, new: Configuration | None = None) -> None:
        """``new``: a configuration that gets its file with the first save."""
        super().__init__()
        self._ref = ref
        self._new = new
        self.seen: set[Place] | None = set() if new is not None else None
        self._form: Form | None = None
        self._shown: dict[str, Content] = {}
        self._draft_timer: Timer | None = None
        self._drafts: FormDrafts | None = None

    def compose(self) -> ComposeResult:
        yield TitleBar(id="title")
        notice = Static("", id="notice")
        notice.display = False
        yield notice
        with Horizontal(id="body"), VerticalScroll(id="side"):
            yield Static(id="facts")
        yield Static("", id="about")
        yield KeyBar()

    async def on_mount(self) -> None:
        self.editor = ConfigurationEditor(self.app.project, self._ref, self._new)
        await self.rebuild()
        self._offer_draft()
        if ExternalEdit(self.app.project, self._ref).pending:
            key = self.app.key_of("configuration.edit-file")
            self.notice(f"An edit of this file was refused before; {key} goes on with it.")

    def on_unmount(self) -> None:
        self.cancel_test()
        # The terminal may be gone: what was typed a moment ago is kept too.
        if self._draft_timer is not None:
            self.keep_draft()
        if self._drafts is not None:
            self._drafts.leave()

    @property
    def drafts(self) -> FormDrafts:
        """What this screen keeps on disk of the form that is open."""
        if self._drafts is None or self._drafts.ref != self.editor.ref:
            if self._drafts is not None:
                self._drafts.leave()
            self._drafts = FormDrafts(self.app.project, self.editor.ref, who_am_i())
        return self._drafts

    @property
    def form(self) -> Form | None:
        """The form; None where only the file can be shown."""
        return self._form

    @property
    def unsaved(self) -> bool:
        """True when something would be lost by leaving."""
        history, form = self.editor.history, self.form
        if history is None or form is None:
            return False
        return history.dirty or form.state != history.value

    async def rebuild(self) -> None:
        """Show what the editor has read."""
        body, side = self.query_one("#body", Horizontal), self.query_one("#side")
        await body.query("#form, #raw").remove()
        side.set_class(self.editor.history is None, "off")
        if self.editor.history is not None:
            self._form = form = Form(self.editor.fields, self.editor.history.value)
            await body.mount(form, before=side)
            form.focus()
            self.notice("")
            self.check()
        else:
            self._form = None
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
        mark = "● unsaved" if self.unsaved else ""
        if not self.editor.saved:
            mark = "● new, not saved"
        names = [line(self.editor.component_name, "$text-muted"), line("›", "$text-muted"), line(name, "bold")]
        left = join([join(names, " "), line(mark, "$text-warning")])
        self.query_one(TitleBar).show(left, line(self.editor.shown_path, "$text-muted"))

    def notice(self, text: str) -> None:
        """Sentences above the form until the next ones; empty to take them away."""
        self._show_in("#notice", lines(text))
        self.query_one("#notice").display = bool(text)

    def check(self, *, everything: bool = False) -> Checked | None:
        """Check the form and show what is wrong: with fields that were visited, or with all."""
        form = self.form
        if form is None:
            return None
        if everything or self.editor.saved:
            self.seen = None
        checked = self.editor.check(form.state)
        form.show_errors(checked.errors, self.seen)
        if self.seen is None:
            self.notice("\n".join(f"✖ {one}" for one in checked.general))
        self._show_facts(checked.configuration)
        return checked

    def _show_facts(self, configuration: Configuration) -> None:
        """Beside the form: secrets and users."""
        parts = [line("Used by", "bold $text-primary")]
        users = self.editor.users() if self.editor.saved else []
        for user in users[:12]:
            parts.append(join([line(user.orchestration_name), line(user.phase_name, "$text-muted")]))
        if len(users) > 12:
            parts.append(line(f"and {len(users) - 12} more", "$text-muted"))
        if not users:
            parts.append(line("no task yet", "$text-muted"))
        secrets = self.editor.secrets(configuration.parameters)
        parts += [line(""), line("Secrets", "bold $text-primary")]
        parts += [secret_line(name, is_set) for name, is_set in secrets.items()] or [line("none", "$text-muted")]
        files = [field.file for field in self.editor.fields if field.file]
        parts += [line(""), line("Texts in files of their own", "bold $text-primary")] if files else []
        parts += [line(name) for name in files]
        self._show_in("#facts", Content("\n").join(parts))

    def _show_in(self, selector: str, text: Content) -> None:
        """Paint a text only when it is another one: a new layout sends the whole screen."""
        if self._shown.get(selector) != text:
            self._shown[selector] = text
            self.query_one(selector, Static).update(text, layout=selector != "#about")

    def commit(self, label: str = "change") -> None:
        """Make what was typed an undo step."""
        form = self.form
        if self.editor.history is not None and form is not None:
            self.editor.history.push(form.state, label)
            self.show_title()
            if self._draft_timer is not None:
                self.keep_draft()

    @on(Form.Changed)
    def _changed(self) -> None:
        self.show_title()
        if self._draft_timer is None:
            self._draft_timer = self.set_timer(_KEEP_AFTER_SECONDS, self.keep_draft)

    def keep_draft(self) -> None:
        """Put what is not saved on disk, or take it from there when everything is saved."""
        if self._draft_timer is not None:
            self._draft_timer.stop()
            self._draft_timer = None
        form = self.form
        try:
            if form is not None and self.unsaved:
                digest = self.editor.base.digest if self.editor.base is not None else ""
                self.drafts.keep(form.state, digest)
            else:
                self.drafts.drop()
        except (OSError, ValueError) as error:
            self.app.say(
                f"The unsaved edits could not be kept as a draft: {error}. Save, or free some space.", "warning"
            )

    @work(group="draft", description="offer a draft")
    async def _offer_draft(self) -> None:
        for draft in self.drafts.found():
            if await self._restore(draft):
                return

    async def _restore(self, draft: FormDraft) -> bool:
        """Ask what to do with a draft; True when no other one is to be offered."""
        from orch_tui.tui.screens.confirm import Confirm

        history = self.editor.history
        if history is None:
            return True
        state = draft.onto(history.value)
        if state == history.value:
            self.drafts.discard(draft)
            return False
        detail = "" if self.editor.base is None or draft.digest == self.editor.base.digest else _OUTDATED
        choices = [("r", "Restore them", True), ("d", "Drop them", False)]
        question = "There are edits of this form that were never saved."
        answer = await self.app.push_screen_wait(Confirm(question, choices, detail))
        if answer is False:
            self.drafts.discard(draft)
            return False
        if answer and self.form is not None:
            self.drafts.adopt(draft)
            history.push(state, "restored edits")
            await self.form.show(state)
            self.check()
            self.show_title()
        return True

    @on(Form.Left)
    def _left(self, event: Form.Left) -> None:
        event.stop()
        if event.place is not None and self.seen is not None:
            self.seen.add(event.place)
        form, history = self.form, self.editor.history
        if form is None or history is None:
            return
        if form.state != history.value:
            self.commit(event.label)
            self.check()
        elif self.seen is not None:
            self.check()

    @on(Form.Moved)
    def _moved(self, event: Form.Moved) -> None:
        event.stop()
        self._show_about(event.row)

    def _show_about(self, row: Row) -> None:
        texts = [editor.text for editor in row.editors()]
        known = self.editor.secrets({"texts": texts}) if secret_names(texts) else {}
        secrets = [secret_line(name, is_set) for name, is_set in known.items()]
        self._show_in("#about", join([row.help_text, *secrets]))

    async def action_save(self) -> None:
        await self.save()

    async def save(self, *, over: Over | None = None) -> bool:
        """Check and write; True when it is on disk. What hinders is shown where it is."""
        form = self.form
        if form is None:
            self.app.say("There is no form to save; edit the file instead.", "warning")
            return False
        self.commit()
        checked = self.check(everything=True)
        assert checked is not None
        if not checked.ok:
            self.show_mistakes(checked, "Not saved")
            return False
        try:
            self.editor.save(checked.configuration, over=over)
        except ChangedOnDisk as conflict:
            self._ask_about(conflict)
        except DefinitionError as error:
            self.notice(f"✖ {error}")
        except SaveError as error:
            self.app.say(str(error), "error", 12)
        else:
            self.keep_draft()
            self.app.say(f"Saved {self.editor.shown_path}.", seconds=3)
            self.show_title()
            self.check()
            return True
        return False

    def show_mistakes(self, checked: Checked, what: str) -> None:
        """Go to the first mistake; ``what`` did not happen because of it."""
        form = self.form
        assert form is not None
        wrong = next((e.place for row in form.rows() for e in row.editors() if e.place in checked.errors), None)
        if wrong is not None:
            form.go_to(wrong)
        self.app.say(f"{what}: there are mistakes, shown below the fields.", "error")

    def _ask_about(self, conflict: ChangedOnDisk) -> None:
        from orch_tui.tui.screens.conflict import Conflict

        async def answered(answer: str | None) -> None:
            if answer == "overwrite":
                await self.save(over=conflict.over)
            elif answer == "reload":
                if not self.editor.reload_keeping_edits():
                    self.app.say(
                        "Read again. The form has other fields now, so the edits could not be kept.", "warning"
                    )
                await self.rebuild()

        self.app.push_screen(Conflict(conflict), answered)

    async def action_undo(self) -> None:
        self.commit()
        await self._through_history(lambda: self.editor.history and self.editor.history.undo())

    async def action_redo(self) -> None:
        self.commit()
        await self._through_history(lambda: self.editor.history and self.editor.history.redo())

    async def _through_history(self, step: Callable[[], object]) -> None:
        history, form = self.editor.history, self.form
        if history is None or form is None:
            return
        try:
            step()
        except NothingToUndo as error:
            self.app.say(str(error), seconds=2)
            return
        await form.show(history.value)
        self.check()
        self.show_title()
        self.keep_draft()

    async def action_add_input(self) -> None:
        if self.form is not None:
            await self.form.add_row("inputs")

    async def action_add_output(self) -> None:
        if self.form is not None:
            await self.form.add_row("outputs")

    def action_back(self) -> None:
        if self.cancel_test():
            return
        form = self.form
        if form is not None and form.editing:
            form.focus(scroll_visible=False)
            return
        self._leave()

    @work(group="leave", description="leave the configuration")
    async def _leave(self) -> None:
        if await self.may_leave():
            self.dismiss(self.editor.ref if self.editor.saved else None)

    async def may_leave(self) -> bool:
        """Ask about unsaved edits; True when the screen may be left."""
        from orch_tui.tui.screens.confirm import Confirm

        self.commit()
        if not self.unsaved:
            return True
        question = f'"{self.form.state.name if self.form else self.editor.ref}" has edits that are not saved.'
        choices = [("s", "Save", "save"), ("d", "Discard", "discard"), ("k", "Keep editing", "stay")]
        answer = await self.app.push_screen_wait(Confirm(question, choices))
        if answer == "discard":
            if self._draft_timer is not None:
                self._draft_timer.stop()
                self._draft_timer = None
            self.drafts.drop()
        return answer == "discard" or (answer == "save" and await self.save())


def secret_line(name: str, is_set: bool) -> Content:
    """The name of a secret and whether it has a value; never the value."""
    if is_set:
        return line(f"✔ {name} is set", "$text-success")
    return line(f"✖ {name} has no value: put it into .env", "$text-error")
