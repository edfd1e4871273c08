"""The workbench's file: saving, drafts, what changed on disk meanwhile, and leaving."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Protocol

from textual.timer import Timer

from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.components.fault import Fault
from orch_tui.model.orchestration.orchestration import Orchestration, Task
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import DefinitionError, Project, SourceText
from orch_tui.project.saving.drafts import Draft, found_drafts
from orch_tui.project.saving.writer import ChangedOnDisk, Over, SaveError, save_orchestration
from orch_tui.tui.dialogs.confirm import Confirm
from orch_tui.tui.dialogs.conflict import Answer, Conflict
from orch_tui.tui.draft_keeper import DraftKeeper
from orch_tui.tui.workbench.catalog import ComponentEntry, ConfigurationEntry
from orch_tui.tui.workbench.host import Asks, Opens, Rows, Times
from orch_tui.tui.workbench.model import Workbench

_DRAFT_DELAY = 0.5


class FileHost(Asks, Times, Opens, Protocol):
    """Dialogs, timers, forms and the editor."""


class FileDesk(Protocol):
    """What the file needs of the workbench that it is open in."""

    def plan_changed(self, focus: str | None = None) -> None:
        """The orchestration is another one now."""

    def marks_changed(self) -> None:
        """The title says whether all is saved."""

    def definitions_changed(self) -> None:
        """Components and configurations may be others now."""

    def chosen_configuration(self) -> ConfigurationEntry | None:
        """The configuration under the cursor of its list."""

    def chosen_component(self) -> ComponentEntry | None:
        """The component under the cursor of its list."""


class FileController:
    """Nothing is lost: each edit is in a draft half a second later, and saving overwrites nothing unasked."""

    def __init__(self, bench: Workbench, rows: Rows, host: FileHost, desk: FileDesk, drafts: DraftKeeper) -> None:
        self._bench = bench
        self._rows = rows
        self._host = host
        self._desk = desk
        self.drafts = drafts
        self._draft_timer: Timer | None = None
        self._has_draft = False
        self._left_for_files = False
        self._turn = asyncio.Lock()
        self._begun = self._ended = 0
        self._all_done = asyncio.Event()
        self._all_done.set()

    @property
    def actions(self) -> Mapping[str, Callable[[], object]]:
        """What carries out which action, by its id."""
        return {
            "workbench.save": self.save,
            "workbench.edit-file": self.edit_file,
            "workbench.versions": self.show_versions,
            "tree.edit-configuration": self.edit_configuration,
            "workbench.lineage": self.lineage,
            "configurations.edit": self.edit_chosen,
            "configurations.new": self.new_configuration,
        }

    # Drafts

    def edited(self) -> None:
        """The orchestration was changed: keep a draft soon."""
        if self._draft_timer is None:
            self._draft_timer = self._host.set_timer(_DRAFT_DELAY, self.keep_draft)

    def keep_draft(self) -> None:
        """Write the draft of what is not saved, or remove it when all is saved."""
        if self._draft_timer is not None:
            self._draft_timer.stop()
            self._draft_timer = None
        bench = self._bench
        if bench.dirty:
            self._has_draft = True
            self.drafts.keep(bench.value, bench.base)
        elif self._has_draft:
            self._has_draft = False
            self.drafts.drop()

    def offer_draft(self) -> None:
        """Ask what to do with unsaved edits of an earlier time."""
        found, broken = found_drafts(self._bench.project, self._bench.value.id)
        for error in broken:
            self._host.say(f"There is a draft that cannot be read: {error}", "warning", seconds=12)
        others = self.drafts.others()
        if others:
            who = safe_line(", ".join(others), 200)
            self._host.say(f"There are unsaved edits of this orchestration on another screen: {who}.", "warning")
        self._offer_found(found)

    def _offer_found(self, found: list[Draft]) -> None:
        """The latest draft first; the next one once that is dropped."""
        drafts = self.drafts
        if not found:
            return
        draft, *more = found
        assert draft.path is not None
        path = draft.path
        if draft.orchestration == self._bench.value:
            drafts.discard(path)
            self._offer_found(more)
            return

        def take(answer: str | None) -> None:
            if answer == "restore":
                self._has_draft = True
                drafts.adopt(path)
                self._bench.restore(draft)
                self._desk.plan_changed()
            elif answer == "drop":
                drafts.discard(path)
                self._offer_found(more)

        self._host.show_screen(
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
        changed = draft.outdated(self._bench.project)
        sentences = [
            f"Kept on {when}{by}.",
            "The file was changed since; saving will show the difference first." if changed else "",
            f"Besides, {counted(more, 'earlier draft')} of other screens." if more else "",
        ]
        return "\n".join(sentence for sentence in sentences if sentence)

    # Saving

    def save(self, *, over: Over | None = None, then: Callable[[], object] | None = None) -> None:
        """Write the file, ask when it changed on disk, and go on with ``then`` once it is saved.

        ``over`` is what was seen on disk and is to be written over.
        """
        self._begun += 1
        self._all_done.clear()
        # Each in a group of its own: a save that the next one breaks off would go on in its thread, unheard.
        self._host.in_background(partial(self._save, over, then), f"save {self._begun}", "save the file")

    async def _save(self, over: Over | None, then: Callable[[], object] | None) -> None:
        try:
            is_saved = await self.saved(over=over, then=then)
        finally:
            self._ended += 1
            if self._ended == self._begun:
                self._all_done.set()
        if is_saved and then is not None:
            then()

    async def saved(self, *, over: Over | None = None, then: Callable[[], object] | None = None) -> bool:
        """As :meth:`save`, but True once what was there when it began is saved; ``then`` is for after a question."""
        bench = self._bench
        async with self._turn:
            if not bench.dirty and over is None and bench.base is not None:
                self._host.say("Everything is saved already.", seconds=2)
                return True
            value = bench.value
            try:
                base = await asyncio.to_thread(_write, bench.project.root, value, bench.base, over)
            except ChangedOnDisk as conflict:
                self._ask_about(conflict, then)
                return False
            except (SaveError, DefinitionError) as error:
                self._host.say(f"{error} The edits stay here and are kept as a draft.", "error", seconds=12)
                return False
            bench.saved(value, base)
        self.keep_draft()
        self._desk.marks_changed()
        self._host.say(f"Saved to {bench.project.paths.relative(bench.path)}.", seconds=3)
        return True

    @property
    def _is_saving(self) -> bool:
        """Whether a save was asked for, or goes on: what is unsaved is not known yet."""
        return not self._all_done.is_set() or self._turn.locked()

    async def _settled(self) -> None:
        await self._all_done.wait()
        async with self._turn:
            pass

    def _ask_about(self, conflict: ChangedOnDisk, then: Callable[[], object] | None) -> None:
        def take(answer: Answer | None) -> None:
            if answer == "overwrite":
                self.save(over=conflict.over, then=then)
            elif answer == "reload":
                self.reload()

        self._host.show_screen(Conflict(conflict), take)

    def reload(self) -> None:
        """Take over what is on disk; undo brings the edits back."""
        try:
            changed = self._bench.reload()
        except DefinitionError as error:
            self._host.say(f"The file was not taken over, since it cannot be read: {error}", "error", seconds=12)
            return
        self._desk.definitions_changed()
        self._desk.plan_changed()
        if changed:
            self._host.say("The file was read again; u brings the edits back.")

    async def edit_file(self) -> None:
        await self._settled()
        if self._bench.dirty:
            self._host.say("Save first with s: the editor would not see these edits.", "warning")
            return
        self._host.edit_file(self._bench.path)
        self._read_again()

    async def show_versions(self) -> None:
        await self._settled()
        if self._bench.dirty:
            self._host.say("Save first with s: going back would not see these edits.", "warning")
            return
        from orch_tui.tui.definitions.versions import DefinitionVersionsScreen

        await self._host.ask(DefinitionVersionsScreen(f"{ORCHESTRATION_COMPONENT}/{self._bench.path.stem}"))
        self._read_again()

    def _read_again(self) -> None:
        """After files may have been edited elsewhere in the program."""
        self._desk.definitions_changed()
        # A save that is going on looks at the disk itself.
        if not self._is_saving and self._bench.changed_on_disk():
            if self._bench.dirty:
                self._host.say("The file was changed on disk; saving will show the difference.", "warning")
            else:
                self.reload()
        self._desk.plan_changed()

    # Going elsewhere

    def edit_configuration(self) -> None:
        if (task := self._task_here()) is not None:
            self.open_configuration(task.configuration)
        else:
            self._host.say("Put the cursor on a task to edit its configuration.", "warning")

    def _task_here(self) -> Task | None:
        """The task under the cursor."""
        item = self._rows.item
        task = self._bench.tasks_of(self._bench.targets(item)[:1])
        return task[0] if task and item is not None and item.id == task[0].id else None

    def lineage(self) -> None:
        """What the task under the cursor makes of what."""
        from orch_tui.lineage.values import Kind, Node
        from orch_tui.tui.data.lineage import LineageScreen

        if (task := self._task_here()) is not None:
            self._host.show_screen(LineageScreen(Node(Kind.JOB, task.configuration)))
        else:
            self._host.say("Put the cursor on a task to see what it makes of what.", "warning")

    def edit_chosen(self) -> None:
        chosen = self._desk.chosen_configuration()
        if chosen is not None:
            self.open_configuration(chosen.ref)

    def open_configuration(self, ref: str, fault: Fault | None = None) -> None:
        """Show the form of a configuration, at what made a task fail; what was edited is read when it is left."""
        self._left_for_files = True
        self._host.open_configuration(ref, fault)

    def new_configuration(self) -> None:
        component = self._desk.chosen_component()
        if component is not None:
            self._left_for_files = True
            self._host.new_configuration(component.id)

    def come_back(self) -> None:
        """The screen is on top again."""
        if self._left_for_files:
            self._left_for_files = False
            self._read_again()

    # Leaving

    def ask_to_leave(self, then: Callable[[], object]) -> None:
        """Go on with ``then`` when nothing is unsaved, or after the person said what becomes of it."""
        if self._is_saving:
            self._host.in_background(partial(self._ask_when_settled, then), "leave", "wait for the file to be saved")
            return
        if not self._bench.dirty:
            self._finish(then)
            return

        def take(answer: str | None) -> None:
            if answer == "save":
                self.save(then=lambda: self._finish(then))
            elif answer == "leave":
                self._finish(then)

        self._host.show_screen(_unsaved(), take)

    async def _ask_when_settled(self, then: Callable[[], object]) -> None:
        await self._settled()
        self.ask_to_leave(then)

    async def may_leave(self) -> bool:
        """False to stay."""
        await self._settled()
        answer = await self._host.ask(_unsaved()) if self._bench.dirty else "leave"
        if answer == "save":
            if not await self.saved():
                return False
        elif answer != "leave":
            return False
        self._finish(lambda: None)
        return True

    def _finish(self, then: Callable[[], object]) -> None:
        self.keep_draft()
        self.drafts.leave()
        then()

    def close(self) -> None:
        """The screen goes, also when the program is told to end: the last edits are in the draft."""
        if self._draft_timer is not None:
            self.keep_draft()
        self.drafts.leave()


def _write(root: Path, value: Orchestration, base: SourceText | None, over: Over | None) -> SourceText:
    """In a thread of its own: with a project of its own, since one is for one thread."""
    return save_orchestration(Project(root, tolerant=True), value, base, over=over)


def _unsaved() -> Confirm[str]:
    return Confirm(
        "There are edits that are not saved.",
        [("s", "Save them", "save"), ("l", "Leave, keep as a draft", "leave"), ("t", "Stay", "stay")],
        "A draft is offered when the orchestration is opened again.",
    )
