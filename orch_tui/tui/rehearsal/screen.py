"""A rehearsal: the way of a run through its phases, every rule with what it saw, and what is assumed beside it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content

from orch_tui.engine.trials.assumptions import AssumptionFault
from orch_tui.model.edits.undo import NothingToUndo
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.runs.planning.rehearsing import unreached
from orch_tui.tui.actions import bindings
from orch_tui.tui.actions import rehearsal as actions
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.dialogs.pick import Choice, Pick
from orch_tui.tui.dialogs.prompt import Prompt
from orch_tui.tui.rehearsal.model import Assuming, current_value
from orch_tui.tui.rehearsal.rows import Shown, ending_row, rows_of
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar
from orch_tui.tui.widgets.line_tree import LineList, Part, Row, ScreenList
from orch_tui.tui.widgets.row_list import RowList
from orch_tui.tui.widgets.sentence_rows import wrapped

_NOTHING = " Nothing yet"


class WayList(ScreenList):
    """Phases, tasks and rules; all rows can have the cursor."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.shown: Sequence[Shown] = ()

    def show(self, shown: Sequence[Shown]) -> None:
        """The rows are as many for each walk of one flow: the cursor stays."""
        self.shown = shown
        self.reload()

    @property
    def chosen(self) -> Shown | None:
        return self.shown[self.cursor] if self.cursor < len(self.shown) else None

    def count(self) -> int:
        return len(self.shown)

    def row(self, index: int) -> Row:
        return self.shown[index].row


class RehearsalScreen(FullScreen[bool]):
    """Nothing is started or written here. Dismissed with True to see the way in the tree of the workbench."""

    CSS_PATH = "rehearsal.tcss"
    BINDINGS = bindings(actions.ACTIONS)
    HELP = (
        "Where a run would go if its tasks ended as it is assumed. Enter on a task assumes something of it, on a rule "
        "of what it asks for."
    )

    def __init__(self, assuming: Assuming, title: str, *, in_tree: bool) -> None:
        """``in_tree``: there is a tree in which the way can be seen."""
        super().__init__()
        self.assuming = assuming
        self.about = title
        self._in_tree = in_tree

    def compose(self) -> ComposeResult:
        yield TitleBar()
        with Horizontal(id="panes"):
            with Vertical(id="way-pane"):
                yield WayList(id="way")
            with Vertical(id="assumed-pane"):
                yield RowList(id="assumed")
        yield RowList(driven=True, id="about")
        yield RowList(driven=True, id="ending")
        yield KeyBar()

    @property
    def way(self) -> WayList:
        return self.query_one(WayList)

    @property
    def assumed(self) -> RowList:
        return self.query_one("#assumed", RowList)

    def on_mount(self) -> None:
        self.query_one("#way-pane").border_title = line("Where it would go")
        self.query_one("#assumed-pane").border_title = line("Assumed")
        self.assumed.empty_text = _NOTHING
        self.set_focus(self.way)
        self._show()

    def _show(self) -> None:
        now = self.assuming
        state = now.rehearsal.state
        self.way.show(rows_of(now.rehearsal, now.assumed))
        lost = set(unreached(now.rehearsal, now.assumed))
        rows = [
            Row((Part(f" {safe_line(one, 200)}", "dim" if _task_in(one, lost) else "marked"),)) for one in now.assumed
        ]
        self.assumed.show(rows, min(self.assumed.cursor, max(0, len(rows) - 1)))
        said = f"{counted(len(lost), 'task')} not reached" if lost else ""
        self.query_one("#assumed-pane").border_subtitle = line(said)
        self.query_one("#ending", RowList).show([ending_row(now.rehearsal)])
        went = sum(phase.started is not None for phase in state.phases.values())
        left = Content.assemble(("Rehearsal  ", "$text-muted"), line(self.about, "bold", limit=80))
        self.query_one(TitleBar).show(
            left, Content.styled(f"{went} of {counted(len(state.phases), 'phase')}", "$text-muted")
        )

        self._tell()

    def _tell(self) -> None:
        """What there is to say of the row under the cursor, whole."""
        chosen = self.way.chosen
        text = chosen.about if chosen is not None else ""
        self.query_one("#about", RowList).show(wrapped(text, self.size.width, "dim", limit=3) if text else [])

    def on_line_list_moved(self, event: LineList.Moved) -> None:
        event.stop()
        self._tell()

    def on_resize(self) -> None:
        self._tell()

    # Assuming

    def on_line_list_chosen(self, event: LineList.Chosen) -> None:
        event.stop()
        self.action_assume()

    def action_assume(self) -> None:
        if self.focused is self.assumed:
            if self.assuming.assumed:
                self._fill_in(self.assuming.assumed[self.assumed.cursor].partition("=")[0])
            return
        chosen = self.way.chosen
        if chosen is None or (chosen.task is None and chosen.rule is None):
            self._say("Put the cursor on a task, or on a rule.")
            return
        if chosen.task is not None:
            title, choices = f"Assume of {chosen.task}", self.assuming.choices_of_task(chosen.task)
        else:
            title, choices = "Assume what the rule asks for", self._of_rule(chosen)
        if not choices:
            self._say("This rule asks for nothing of a task or variable.")
            return

        def take(choice: str | None) -> None:
            if choice is not None and choice.endswith("="):
                self._fill_in(choice.removesuffix("="))
            elif choice is not None:
                self._assume(choice)

        self.app.push_screen(Pick(title, choices, "what is assumed"), take)

    def _of_rule(self, chosen: Shown) -> list[Choice]:
        return self.assuming.choices_of_rule(str(chosen.phase), chosen.rule or 0)

    def action_type(self) -> None:
        chosen = self.way.chosen
        self._fill_in(None, f"task.{chosen.task}." if chosen is not None and chosen.task is not None else "task.")

    def _fill_in(self, name: str | None, begin: str = "") -> None:
        """Ask for the value of a fact, or for both."""
        value = current_value(self.assuming.assumed, name) if name is not None else begin
        before = f"{name}=" if name is not None else ""

        def take(text: str | None) -> None:
            if text is not None:
                self._assume(f"{before}{text}")

        title = f"Assume that {name} is" if name is not None else "Assume"
        hint = (
            "A number, true, null, or a text"
            if name is not None
            else "task.ID.status=error, task.ID.rows=0, vars.NAME=1"
        )
        self.app.push_screen(
            Prompt(title, value, lambda text: self.assuming.flow.complaint(f"{before}{text}"), hint=hint), take
        )

    def action_fail(self) -> None:
        chosen = self.way.chosen
        if chosen is None or chosen.task is None:
            self._say("Put the cursor on a task.")
            return
        failure = f"task.{chosen.task}.status=error"
        if failure in self.assuming.assumed:
            self._change([failure])
        else:
            self._assume(failure)

    def action_forget(self) -> None:
        chosen = self.way.chosen
        if self.focused is self.assumed and self.assuming.assumed:
            self._change([self.assuming.assumed[self.assumed.cursor]])
        elif chosen is not None and chosen.task is not None and (texts := self.assuming.of_task(chosen.task)):
            self._change(texts)
        else:
            self._say("Nothing is assumed here.")

    def _assume(self, text: str) -> None:
        try:
            self.assuming.assume(text)
        except AssumptionFault as error:
            self._say(error.sentence)
        self._show()

    def _change(self, gone: Sequence[str]) -> None:
        self.assuming.forget(gone)
        self._show()

    def action_undo(self) -> None:
        self._step(redo=False)

    def action_redo(self) -> None:
        self._step(redo=True)

    def _step(self, *, redo: bool) -> None:
        try:
            (self.assuming.redo if redo else self.assuming.undo)()
        except NothingToUndo as error:
            self._say(str(error))
        self._show()

    # Views

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "tree" or self._in_tree

    def action_tree(self) -> None:
        self.dismiss(True)

    def action_picture(self) -> None:
        from orch_tui.tui.rehearsal.picture import picture_of

        def take(chosen: str | None) -> None:
            rows = self.way.shown
            index = next((at for at, one in enumerate(rows) if chosen in (one.task, one.phase)), None)
            if chosen is not None and index is not None:
                self.way.go(index)

        self.app.push_screen(picture_of(self.assuming.rehearsal), take)

    def _say(self, text: str) -> None:
        self.notify(safe_line(text, 300), severity="warning", markup=False)

    def action_leave(self) -> None:
        self.dismiss(False)


def _task_in(assumption: str, tasks: set[str]) -> bool:
    return any(assumption.startswith(f"task.{task}.") for task in tasks)
