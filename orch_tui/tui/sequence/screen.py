"""The sequence in the full width of the screen, live while a run goes on."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from orch_tui.model.texts.text import counted
from orch_tui.runs.sequence.text import legend
from orch_tui.runs.sequence.values import Sequence
from orch_tui.tui.actions import BY_ID, bindings, handed_on
from orch_tui.tui.actions import sequence as actions
from orch_tui.tui.background import in_background
from orch_tui.tui.dialogs.base import FullScreen
from orch_tui.tui.sequence.picture import SequencePicture
from orch_tui.tui.status_look import status_text
from orch_tui.tui.text import line
from orch_tui.tui.widgets.bars import KeyBar, TitleBar

TICK = 0.5
"""Seconds between two looks at what is shown."""
_REST, _SLOWEST = 6.0, 3.0

Look = Callable[[], Awaitable[Sequence | None]]
Edit = Callable[[str, str], Awaitable[None]]
"""Carries out an action, by its id, at a task or phase."""
_EDITS = (
    "tree.phase-up", "tree.phase-down", "tree.move-up", "tree.move-down", "tree.toggle-enabled",
    "workbench.move-tasks", "workbench.group", "workbench.undo", "workbench.redo",
)  # fmt: skip


class SequenceScreen(FullScreen[str | None]):
    """Dismissed with the id of the task or phase that was chosen, or with None.

    ``look`` gives what is to be seen now, None for "as before"; it is asked again and again while the screen is shown,
    and may read files in a thread.
    """

    BINDINGS = [*bindings(actions.SCREEN), *handed_on(BY_ID[id] for id in _EDITS)]  # noqa: RUF012
    DEFAULT_CSS = """
    SequenceScreen {
        & #picture { height: 1fr; margin: 1 1 0 1; }
        & #legend { height: 1; padding: 0 1; color: $text-muted; }
    }
    """
    HELP = "Phases run one after another, the tasks of a box in parallel. Enter goes to the task under the cursor."

    def __init__(self, sequence: Sequence, look: Look, *, cursor: str | None = None, edit: Edit | None = None) -> None:
        """``edit`` is given where the sequence is a plan that can be edited."""
        super().__init__()
        self._look, self._edit = look, edit
        self._first, self._cursor = sequence, cursor
        self.picture = SequencePicture(id="picture")

    def compose(self) -> ComposeResult:
        yield TitleBar()
        yield self.picture
        yield Static(id="legend")
        yield KeyBar()

    def on_mount(self) -> None:
        self.set_focus(self.picture)
        # The picture has its width after the first layout.
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        self._show(self._first, self._cursor)
        in_background(self, self._follow, "sequence", "follow the sequence", exclusive=True)

    async def _follow(self) -> None:
        pause, spent = TICK, time.thread_time()
        while True:
            found = await self._look()
            if found is not None and self.is_current:
                self._show(found)
            # What is costly to draw is drawn less often: the screen shares the interpreter with the executor.
            now = time.thread_time()
            pause, spent = min(max(TICK, _REST * (now - spent)), _SLOWEST), now
            await self.wait(pause)

    async def wait(self, seconds: float) -> None:
        """Between two looks; for tests to take the place of."""
        import asyncio

        await asyncio.sleep(seconds)

    def _show(self, sequence: Sequence, cursor: str | None = None) -> None:
        self.picture.show(sequence, cursor)
        counts = f"{counted(len(sequence.phases), 'phase')} · {counted(sequence.tasks, 'task')}"
        left = Content.assemble(("Sequence  ", "$text-muted"), line(sequence.name, "bold", limit=80))
        self.query_one(TitleBar).show(left, Content.styled(counts, "$text-muted"))
        states = Content("  ").join([status_text(state) for state in legend(sequence)])
        self.query_one("#legend", Static).update(states, layout=False)

    async def _look_again(self) -> None:
        """What was edited is seen at once."""
        if self.is_current and (found := await self._look()) is not None:
            self._show(found)

    async def on_screen_resume(self) -> None:
        # A dialog on top of it may have changed the plan. Before the first look there is no picture yet.
        if self.picture.sequence.phases:
            await self._look_again()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return self._edit is not None if action == "do" else super().check_action(action, parameters)

    async def action_do(self, action_id: str) -> None:
        """An edit at the cursor."""
        if self._edit is not None and self.picture.cursor:
            await self._edit(action_id, self.picture.cursor)
            await self._look_again()

    def on_sequence_picture_chosen(self, event: SequencePicture.Chosen) -> None:
        event.stop()
        self.dismiss(event.id)

    def action_leave(self) -> None:
        self.dismiss(None)
