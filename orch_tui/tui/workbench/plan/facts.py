"""What the task under the cursor does, below the picture where there is room: its tables, and the text that it runs."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events, on
from textual.timer import Timer

from orch_tui.model.components.configuration import Configuration, TableOutput
from orch_tui.model.orchestration.orchestration import Phase, Task
from orch_tui.model.texts.text import counted, safe_line
from orch_tui.project.project import DefinitionError
from orch_tui.tui.text import line
from orch_tui.tui.widgets.line_tree import Part, Row
from orch_tui.tui.widgets.row_list import GivenRows
from orch_tui.tui.widgets.sentence_rows import wrapped
from orch_tui.tui.workbench.model import Item, Workbench

_REST_SECONDS = 0.15
"""After which a cursor that has not moved rests: whoever walks through the tree would have all of it sent each time."""
_TEXTS = ("sql", "query", "script", "code", "command")
"""Parameters that are what a task runs. Others may be secrets in plain text, which the form alone hides."""
_MOST_LINES = 300
_COMMENTS = ("--", "#")
_HEADINGS = 9
"""Columns of the words before tables."""


def task_rows(configuration: Configuration, width: int) -> list[Row]:
    """What a configuration is for, reads and writes, and the text that its task runs, with numbers of lines."""
    rows = wrapped(configuration.description, width, "dim", limit=3) if configuration.description else []
    rows += _all_tables(configuration, width)
    for key in _TEXTS:
        text = configuration.parameters.get(key)
        if isinstance(text, str) and text.strip():
            rows += [*([Row(())] if rows else []), *_numbered(text)]
    return rows


def phase_rows(phase: Phase, bench: Workbench, width: int) -> list[Row]:
    """The tasks of a phase, each with what its configuration is for, reads and writes."""
    rows = []
    for task in phase.tasks:
        entry = bench.catalog.entry(task.configuration)
        named = Part(f" {entry.name}", "strong" if task.enabled else "dim")
        rows.append(Row((named, Part(f"  {entry.description}" if entry.description else "", "dim"))))
        try:
            rows += _all_tables(bench.project.configuration(task.configuration), width)
        except DefinitionError as error:
            rows += wrapped(str(error), width, "error", "   ", limit=2)
    return rows or [Row((Part(" No tasks yet", "dim"),))]


def _all_tables(configuration: Configuration, width: int) -> list[Row]:
    read = (one.table for one in configuration.inputs)
    return _tables("reads", read, width) + _tables("writes", map(_written, configuration.outputs), width)


def _tables(word: str, tables: Iterable[str], width: int) -> list[Row]:
    text = ", ".join(tables)
    if not text:
        return []
    first, *more = wrapped(text, width, indent=" " * _HEADINGS, limit=3)
    heading = Part(f" {word:<{_HEADINGS - 1}}", "dim")
    return [Row((heading, Part(first.left[0].text[_HEADINGS:]))), *more]


def _written(output: TableOutput) -> str:
    key = f", key {', '.join(output.primary_key)}" if output.primary_key else ""
    return f"{output.table} ({output.mode}{key})"


def _numbered(text: str) -> list[Row]:
    lines = text.rstrip().splitlines()
    digits = len(str(min(len(lines), _MOST_LINES)))
    return [
        Row((Part(f" {number:>{digits}}  ", "dim"), Part(safe_line(one.expandtabs(4), 400), _style(one))))
        for number, one in enumerate(lines[:_MOST_LINES], 1)
    ]


def _style(text: str) -> str:
    """Comments say less than what runs."""
    return "dim" if text.lstrip().startswith(_COMMENTS) else "text"


class FactsPane(GivenRows):
    """Tells of the task or phase that it is told of, once the cursor rests there; it takes no focus."""

    shows_place = False

    def __init__(self, bench: Workbench, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.can_focus = False
        self._bench = bench
        self._item: Item | None = None
        self._timer: Timer | None = None

    def about(self, item: Item | None) -> None:
        """The cursor is on another task or phase, or the one that it is on may be another one."""
        self._item = item
        if self._timer is not None:
            self._timer.stop()
        if self.display and self.is_attached:
            self._timer = self.set_timer(_REST_SECONDS, self.tell)

    def on_show(self) -> None:
        """There is room for it now."""
        self.tell()

    @on(events.Resize)
    def _fit_width(self) -> None:
        # Beside the list's own handler of it.
        self.tell()

    def tell(self) -> None:
        """Draw it, where there is something else to say."""
        if not (self.display and self.is_attached and self.size.width):
            return
        item, title, about = self._item, "", ""
        rows: list[Row] = []
        if isinstance(item, Phase):
            title, about = item.name, counted(len(item.tasks), "task")
            rows = phase_rows(item, self._bench, self.size.width)
        elif isinstance(item, Task):
            title, about = self._bench.catalog.label(item.configuration).configuration, item.configuration
            try:
                rows = task_rows(self._bench.project.configuration(item.configuration), self.size.width)
            except DefinitionError as error:
                rows = wrapped(str(error), self.size.width, "error")
        self.border_title = line(title, limit=80)
        self.border_subtitle = line(about, limit=80)
        self.scroll_to(y=0, animate=False, immediate=True)
        self.show(rows)
