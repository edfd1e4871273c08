"""Unsaved edits: kept on disk while they are typed, offered again after a crash, asked about before they are left."""

from __future__ import annotations

from textual.timer import Timer

from orch_tui.engine.requests.requests import who_am_i
from orch_tui.tui.configuration.drafts import FormDraft, FormDrafts
from orch_tui.tui.configuration.editing import Editing
from orch_tui.tui.configuration.page import Background, Page

_KEEP_AFTER_SECONDS = 2.0
_OUTDATED = "The file was changed since; restoring puts these edits on top of what it has now."


class Unsaved:
    """The draft of the form that is open."""

    def __init__(self, page: Page, background: Background, editing: Editing) -> None:
        self._page = page
        self._background = background
        self._editing = editing
        self._timer: Timer | None = None
        self._opened: FormDrafts | None = None

    @property
    def _drafts(self) -> FormDrafts:
        ref = self._editing.editor.ref
        if self._opened is None or self._opened.ref != ref:
            self.leave()
            self._opened = FormDrafts(self._page.app.project, ref, who_am_i())
        return self._opened

    def typed(self) -> None:
        """Something was typed: it is kept soon."""
        if self._timer is None:
            self._timer = self._background.later(_KEEP_AFTER_SECONDS, self.keep)

    def settle(self) -> None:
        """Keep at once what was to be kept soon."""
        if self._timer is not None:
            self.keep()

    def keep(self) -> None:
        """Put what is not saved on disk, or take it from there when everything is saved."""
        self._stop_timer()
        form, base = self._editing.form, self._editing.editor.base
        try:
            if form is not None and self._editing.unsaved:
                self._drafts.keep(form.state, base.digest if base is not None else "")
            else:
                self._drafts.drop()
        except (OSError, ValueError) as error:
            self._page.app.say(
                f"The unsaved edits could not be kept as a draft: {error}. Save, or free some space.", "warning"
            )

    def drop(self) -> None:
        """Forget what is not saved."""
        self._stop_timer()
        self._drafts.drop()

    def leave(self) -> None:
        """Let others find the draft, if there is one."""
        if self._opened is not None:
            self._opened.leave()

    def offer(self) -> None:
        """Ask whether edits that were left behind are to be restored."""
        self._background.worker(self._offer, "draft", "offer a draft")

    async def _offer(self) -> None:
        for draft in self._drafts.found():
            if await self._restore(draft):
                return

    async def _restore(self, draft: FormDraft) -> bool:
        """Ask what to do with a draft; True when no other one is to be offered."""
        from orch_tui.tui.dialogs.confirm import Confirm

        editor = self._editing.editor
        history = editor.history
        if history is None:
            return True
        state = draft.onto(history.value)
        if state == history.value:
            self._drafts.discard(draft)
            return False
        detail = "" if editor.base is None or draft.digest == editor.base.digest else _OUTDATED
        choices = [("r", "Restore them", True), ("d", "Drop them", False)]
        question = "There are edits of this form that were never saved."
        answer = await self._page.app.push_screen_wait(Confirm(question, choices, detail))
        if answer is False:
            self._drafts.discard(draft)
            return False
        if answer and self._editing.form is not None:
            self._drafts.adopt(draft)
            await self._editing.put(state, "restored edits")
        return True

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
