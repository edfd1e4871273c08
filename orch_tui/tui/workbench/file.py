"""The workbench's file: saving, drafts, what changed on disk meanwhile, and leaving."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable

from textual.timer import Timer

from orch_tui.model.fault import Fault
from orch_tui.model.text import counted, safe_line
from orch_tui.project.drafts import Draft, found_drafts
from orch_tui.project.project import DefinitionError
from orch_tui.project.writer import ChangedOnDisk, Over, SaveError
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.conflict import Answer, Conflict
from orch_tui.tui.draft_keeper import DraftKeeper
from orch_tui.tui.workbench.edits import WorkbenchEdits

_DRAFT_DELAY = 0.5


class WorkbenchFile(WorkbenchEdits):
    """Nothing is lost: each edit is in a draft half a second later, and saving overwrites nothing unasked."""

    def __init__(self, orchestration_id: str) -> None:
        super().__init__(orchestration_id)
        self._drafts: DraftKeeper | None = None
        self._draft_timer: Timer | None = None
        self._has_draft = False
        self._left_for_files = False

    @abstractmethod
    def show_definitions(self) -> None:
        """Components and configurations, read anew."""

    # Drafts

    def start_drafts(self) -> None:
        """Keep drafts from now on."""
        app = self.app
        self._drafts = DraftKeeper(
            self.bench.project,
            self.orchestration_id,
            lambda text: app.call_from_thread(self.orch_app.say, text, "error"),
        )

    def edited(self, focus: str | None = None) -> None:
        super().edited(focus)
        if self._draft_timer is None:
            self._draft_timer = self.set_timer(_DRAFT_DELAY, self.keep_draft)

    def keep_draft(self) -> None:
        """Write the draft of what is not saved, or remove it when all is saved."""
        if self._draft_timer is not None:
            self._draft_timer.stop()
            self._draft_timer = None
        if self._drafts is None:
            return
        bench = self.bench
        if bench.dirty:
            self._has_draft = True
            self._drafts.keep(bench.value, bench.base)
        elif self._has_draft:
            self._has_draft = False
            self._drafts.drop()

    def offer_draft(self) -> None:
        """Ask what to do with unsaved edits of an earlier time."""
        found, broken = found_drafts(self.bench.project, self.orchestration_id)
        for error in broken:
            self.orch_app.say(f"There is a draft that cannot be read: {error}", "warning", seconds=12)
        others = self._drafts.others() if self._drafts is not None else []
        if others:
            who = safe_line(", ".join(others), 200)
            self.orch_app.say(f"There are unsaved edits of this orchestration on another screen: {who}.", "warning")
        self._offer_found(found)

    def _offer_found(self, found: list[Draft]) -> None:
        """The latest draft first; the next one once that is dropped."""
        drafts = self._drafts
        if drafts is None or not found:
            return
        draft, *more = found
        assert draft.path is not None
        path = draft.path
        if draft.orchestration == self.bench.value:
            drafts.discard(path)
            self._offer_found(more)
            return

        def take(answer: str | None) -> None:
            if answer == "restore":
                self._has_draft = True
                drafts.adopt(path)
                self.bench.restore(draft)
                self.edited()
            elif answer == "drop":
                drafts.discard(path)
                self._offer_found(more)

        self.app.push_screen(
            Confirm(
                "There are edits that were not saved. Go on with them?",
                [("r", "Restore them", "restore"), ("d", "Drop them", "drop"), ("l", "Later", "later")],
                self._draft_detail(draft, len(more)),
            ),
            take,
        )

    def _draft_detail(self, draft: Draft, more: int) -> str:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(draft.saved))
        by = f" by {safe_line(draft.by, 80)}" if draft.by else ""
        changed = draft.outdated(self.bench.project)
        sentences = [
            f"Kept on {when}{by}.",
            "The file was changed since; saving will show the difference first." if changed else "",
            f"Besides, {counted(more, 'earlier draft')} of other screens." if more else "",
        ]
        return "\n".join(sentence for sentence in sentences if sentence)

    # Saving

    def action_save(self) -> None:
        self.save()

    def save(self, *, over: Over | None = None, then: Callable[[], object] | None = None) -> None:
        """Write the file, ask when it changed on disk, and go on with ``then`` once it is saved.

        ``over`` is what was seen on disk and is to be written over.
        """
        bench = self.bench
        if not bench.dirty and over is None and bench.base is not None:
            self.orch_app.say("Everything is saved already.", seconds=2)
            return
        try:
            bench.save(over=over)
        except ChangedOnDisk as conflict:
            self._ask_about(conflict, then)
            return
        except (SaveError, DefinitionError) as error:
            self.orch_app.say(f"{error} The edits stay here and are kept as a draft.", "error", seconds=12)
            return
        self.keep_draft()
        self.show_marks()
        self.orch_app.say(f"Saved to {bench.project.paths.relative(bench.path)}.", seconds=3)
        if then is not None:
            then()

    def _ask_about(self, conflict: ChangedOnDisk, then: Callable[[], object] | None) -> None:
        def take(answer: Answer | None) -> None:
            if answer == "overwrite":
                self.save(over=conflict.over, then=then)
            elif answer == "reload":
                self.reload()

        self.app.push_screen(Conflict(conflict), take)

    def reload(self) -> None:
        """Take over what is on disk; undo brings the edits back."""
        try:
            changed = self.bench.reload()
        except DefinitionError as error:
            self.orch_app.say(f"The file was not taken over, since it cannot be read: {error}", "error", seconds=12)
            return
        self.show_definitions()
        self.edited()
        if changed:
            self.orch_app.say("The file was read again; u brings the edits back.")

    def action_edit_file(self) -> None:
        if self.bench.dirty:
            self.orch_app.say("Save first with s: the editor would not see these edits.", "warning")
            return
        self.orch_app.edit_file(self.bench.path)
        self._read_again()

    def _read_again(self) -> None:
        """After files may have been edited elsewhere in the program."""
        self.show_definitions()
        if self.bench.changed_on_disk():
            if self.bench.dirty:
                self.orch_app.say("The file was changed on disk; saving will show the difference.", "warning")
            else:
                self.reload()
        self.show_value()

    # Going elsewhere

    def action_edit_configuration(self) -> None:
        item = self.phase_tree.item
        targets = self.bench.targets(item)
        task = self.bench.tasks_of(targets[:1])
        if task and item is not None and item.id == task[0].id:
            self._open_configuration(task[0].configuration)
        else:
            self.orch_app.say("Put the cursor on a task to edit its configuration.", "warning")

    def action_edit(self) -> None:
        chosen = self.chosen_configuration()
        if chosen is not None:
            self._open_configuration(chosen.ref)

    def _open_configuration(self, ref: str, fault: Fault | None = None) -> None:
        self._left_for_files = True
        self.orch_app.open_configuration(ref, fault)

    def action_new(self) -> None:
        from orch_tui.tui.configuration.new_configuration import NewConfigurationScreen

        component = self.chosen_component()
        if component is not None:
            self._left_for_files = True
            self.app.push_screen(NewConfigurationScreen(component.id))

    def on_screen_resume(self) -> None:
        if self._left_for_files and self.opened is not None:
            self._left_for_files = False
            self._read_again()

    # Leaving

    def action_leave(self) -> None:
        if self.bench.unmark():
            self.show_marks()
        else:
            self.ask_to_leave(lambda: self.dismiss(None))

    def ask_to_leave(self, then: Callable[[], object]) -> None:
        """Go on with ``then`` when nothing is unsaved, or after the person said what becomes of it."""
        if self.opened is None or not self.bench.dirty:
            self._finish(then)
            return

        def take(answer: str | None) -> None:
            if answer == "save":
                self.save(then=lambda: self._finish(then))
            elif answer == "leave":
                self._finish(then)

        self.app.push_screen(_unsaved(), take)

    async def may_leave(self) -> bool:
        """Asked by the program before it ends: False to stay."""
        answer = (
            await self.app.push_screen_wait(_unsaved()) if self.opened is not None and self.bench.dirty else "leave"
        )
        if answer == "save":
            self.save()
            if self.bench.dirty:
                return False
        elif answer != "leave":
            return False
        self._finish(lambda: None)
        return True

    def _finish(self, then: Callable[[], object]) -> None:
        if self._drafts is not None:
            self.keep_draft()
            self._drafts.leave()
        then()

    def on_unmount(self) -> None:
        # Also when the program is told to end: the last edits are in the draft.
        if self._drafts is not None:
            if self.opened is not None and self._draft_timer is not None:
                self.keep_draft()
            self._drafts.leave()


def _unsaved() -> Confirm[str]:
    return Confirm(
        "There are edits that are not saved.",
        [("s", "Save them", "save"), ("l", "Leave, keep as a draft", "leave"), ("t", "Stay", "stay")],
        "A draft is offered when the orchestration is opened again.",
    )
