"""The form of a configuration: rows from a state, and a state from what is typed. It reads and writes no files."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial
from itertools import groupby

from textual import on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.events import Click, DescendantBlur, DescendantFocus
from textual.message import Message
from textual.widgets import Input

from orch_tui.tui.actions import bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.configuration.form.code import CodeText
from orch_tui.tui.configuration.form.depends import is_used
from orch_tui.tui.configuration.form.fields import Field
from orch_tui.tui.configuration.form.folding import FEWEST, Fold, FoldRow, can_fold
from orch_tui.tui.configuration.form.help_texts import ABOUT, AT_ONCE, CHECKS, NAME, ROWS
from orch_tui.tui.configuration.form.inputs import Edited, Editor, LongText, Passed
from orch_tui.tui.configuration.form.names import KnownNames
from orch_tui.tui.configuration.form.places import label_of, text_at
from orch_tui.tui.configuration.form.rows import FieldRow, Heading, Row, TableRow, field_row, own_row
from orch_tui.tui.configuration.form.sentences import Sentences
from orch_tui.tui.configuration.form.state import FormState, Place
from orch_tui.tui.configuration.form.tables import Tables
from orch_tui.tui.text import line


class Form(VerticalScroll, can_focus=True):
    """``state`` is always what the editors hold.

    The editor under the cursor has the focus, and whatever is typed goes into it. Esc takes the focus to the form
    itself: letters are keys then, until Enter or an arrow leads back into a field.
    """

    BINDINGS = bindings(ACTIONS, "form", "field")
    BINDING_GROUP_TITLE = "Form"

    class Changed(Message):
        """Something was typed."""

    class Left(Message):
        """A field was left, or a row came or went: a good moment to check it and to make an undo step."""

        def __init__(self, label: str, place: Place | None = None) -> None:
            super().__init__()
            self.label = label
            self.place = place

    class Moved(Message):
        """The cursor is on another row."""

        def __init__(self, row: Row) -> None:
            super().__init__()
            self.row = row

    class LeaveAsked(Message):
        """The person wants to be out of the field."""

    def __init__(self, fields: Sequence[Field], state: FormState, pools: Collection[str] = ()) -> None:
        """``pools`` are the names of those that the project has."""
        super().__init__(id="form")
        self._pools = pools
        self._fields = fields
        self._defaults = {field.path: field.default for field in fields}
        self.state = state
        self._current: Row | None = None
        self.names = KnownNames()
        self._sentences = Sentences()
        self._sections: list[tuple[Heading, list[FieldRow], FoldRow]] = []
        self._open: set[FieldRow | FoldRow] = set()
        self._order: list[Row | Tables] = []
        self._checks = _own_row(self, "checks", "Checks", CHECKS, tall=True)
        self._checks.display = self.state.may_have_checks

    def compose(self) -> ComposeResult:
        yield from _ordered(
            self._order,
            _own_row(self, "name", "Name", NAME, required=True),
            _own_row(self, "description", "Description", ABOUT, long=True),
        )
        for section, fields in groupby(self._fields, key=lambda field: field.section):
            rows = [
                field_row(field, lambda one: self.state.texts[one.path], lambda: self.names.of_texts(self.state))
                for field in fields
            ]
            self._sections.append((Heading(line(section or "Parameters")), rows, FoldRow(len(self._sections))))
        self._show_used()
        for heading, rows, fold in self._sections:
            yield heading
            # Of the others nothing is made: most of a form's time would go there.
            yield from (row for row in _ordered(self._order, *rows) if row.display)
            yield from _ordered(self._order, fold)
        if self._pools or self.state.pool:
            known = f" There are {', '.join(sorted(self._pools))}." if self._pools else ""
            about = f"Whose slots its tasks take, like snowflake, or snowflake 2 for two of them.{known}"
            yield from _ordered(self._order, _own_row(self, "pool", "Pool", about))
        tables = Tables(self.state, lambda: self.names)
        self._order.append(tables)
        yield tables
        yield from (row for row in _ordered(self._order, self._checks) if row.display)
        if self.state.rows:
            yield Heading(line("Rows"))
            yield from _ordered(
                self._order,
                _own_row(self, "row_parallel", "At once", AT_ONCE),
                _own_row(self, "rows", "Rows", ROWS, tall=True),
            )

    def on_mount(self) -> None:
        self._go(next(iter(self.rows()), None), edit=True)

    def all_rows(self) -> list[Row]:
        """The rows from top to bottom, also those that nobody has seen yet, which have no widgets."""
        return [row for one in self._order for row in (one.query(Row) if isinstance(one, Tables) else (one,))]

    def rows(self) -> list[Row]:
        """The rows that can be seen, from top to bottom."""
        return [row for row in self.all_rows() if row.display]

    def _is_shown(self, field: Field) -> bool:
        """Used with what is chosen now, or not empty: nothing of the parameters is ever out of sight."""
        if not field.depends or field.hidden or self.state.texts.get(field.path):
            return True
        return is_used(field.path, field.depends, self.state.texts, self._defaults)

    def _show_used(self) -> None:
        """Show the fields that the choices of now need, and hide the empty ones that they do not."""
        fields = iter(self._fields)
        for heading, rows, fold in self._sections:
            used, folded = [], {}
            for row in rows:
                field, wrong = next(fields), row.has_class("wrong")
                if self._is_shown(field) or wrong:
                    used.append(row)
                    kept = wrong or row in self._open or row is self._current
                    if not kept and can_fold(field, self.state.texts):
                        folded[row] = field.title
            heading.display = bool(used)
            fold.display = fold not in self._open and len(folded) >= FEWEST
            fold.fold.show(list(folded.values()))
            for row in rows:
                row.display = row in used and not (fold.display and row in folded)
        self._checks.display = self.state.may_have_checks or self._checks.has_class("wrong")
        if self.is_mounted:
            _mount_shown(self)
        if self._current is not None and not self._current.display:
            every = self.all_rows()
            above = reversed(every[: every.index(self._current)])
            self._go(next(row for row in above if row.display), edit=False)

    @property
    def current(self) -> Row | None:
        return self._current

    @property
    def editing(self) -> bool:
        """True while an editor has the focus, and plain letters are text."""
        return self.app.focused is not None and self.app.focused is not self and self in self.app.focused.ancestors

    def editor(self, place: Place) -> Editor | None:
        """The editor at ``place``."""
        row = _row_of(self, place)
        return next((one for one in row.editors() if one.place == place), None) if row is not None else None

    def current_text(self) -> LongText | None:
        """The long text under the cursor."""
        editors = self._current.editors() if self._current is not None else []
        return next((one for one in editors if isinstance(one, LongText)), None)

    async def show(self, state: FormState) -> None:
        """Make the editors hold ``state``; nobody is told."""
        shape = len(self.state.inputs), len(self.state.outputs)
        self.state = state
        if shape != (len(state.inputs), len(state.outputs)):
            await self._remake_tables()
        for row in self.all_rows():
            row.show_texts(partial(text_at, state))
        self._show_used()

    async def _remake_tables(self) -> None:
        tables = self.query_one(Tables)
        inside = self._current is not None and tables in self._current.ancestors
        refocus = self.app.focused is not None and tables in self.app.focused.ancestors
        position = self.rows().index(self._current) if inside and self._current is not None else 0
        await tables.show(self.state)
        if refocus:
            self.focus(scroll_visible=False)
        if inside:
            rows = self.rows()
            self._go(rows[min(position, len(rows) - 1)], edit=False)

    def show_errors(self, errors: Mapping[Place, Sequence[str]], only: set[Place] | None = None) -> None:
        """Sentences below the rows they belong to. ``only``: leave rows without one of these places empty."""
        self._sentences.check(errors, only)
        for row in self.all_rows():
            self._sentences.show(row)
        self._show_used()

    @on(CodeText.Checked)
    def _checked(self, event: CodeText.Checked) -> None:
        event.stop()
        row = _row_of(self, event.place)
        editor = self.editor(event.place)
        if row is None or editor is None or editor.text != event.text:
            return
        self._sentences.parse(event.place, event.mistake)
        self._sentences.show(row)

    def go_to(self, place: Place, *, edit: bool = True, line: int | None = None) -> None:
        """Put the cursor on the row of ``place``, into its editor when ``edit``, there into ``line`` (from 1)."""
        row, editor = _row_of(self, place), self.editor(place)
        if row is None or editor is None:
            return
        # A problem may be about a field that nothing needs at the moment.
        row.display = True
        _mount_shown(self)
        self._go(row, edit=False)
        if line is not None and isinstance(editor, LongText):
            editor.go_to_line(line)
        if not edit:
            self.focus()
        elif editor.is_attached:
            editor.focus()
        else:
            row.enter()

    def tell(self, place: Place, message: str) -> None:
        """A sentence below the row of ``place``, until the form is checked again."""
        row = _row_of(self, place)
        if row is not None:
            self._sentences.tell(place, message)
            self._sentences.show(row)

    def _go(self, row: Row | None, *, edit: bool) -> None:
        if row is None:
            return
        if row is not self._current:
            if self._current is not None:
                self._current.remove_class("-current")
            self._current = row
            row.add_class("-current")
            self.post_message(self.Moved(row))
        if isinstance(row, FieldRow):
            # What somebody has been at stays in sight.
            self._open.add(row)
        if edit:
            row.enter()
        else:
            self.call_after_refresh(self._show_row, row)

    def _show_row(self, row: Row) -> None:
        rows = self.rows()
        if rows and row is rows[0]:
            self.scroll_home(animate=False)
        elif row.is_attached:
            self.scroll_to_widget(row, animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A field is left only from inside, and edited only from outside."""
        if action == "leave_field":
            return self.editing
        return not self.editing if action == "edit" else super().check_action(action, parameters)

    def _step(self, by: int, *, edit: bool) -> None:
        rows = self.rows()
        at = rows.index(self._current) if self._current in rows else 0
        self._go(rows[max(0, min(len(rows) - 1, at + by))], edit=edit)

    def action_next(self) -> None:
        self._step(1, edit=self.editing)

    def action_previous(self) -> None:
        self._step(-1, edit=self.editing)

    def action_next_field(self) -> None:
        self._step(1, edit=True)

    def action_previous_field(self) -> None:
        self._step(-1, edit=True)

    def action_first(self) -> None:
        self._go(self.rows()[0], edit=self.editing)

    def action_last(self) -> None:
        self._go(self.rows()[-1], edit=self.editing)

    def action_leave_field(self) -> None:
        self.post_message(self.LeaveAsked())

    def action_edit(self) -> None:
        self._go(self._current, edit=True)

    async def action_remove_row(self) -> None:
        if isinstance(self._current, TableRow):
            await self.remove_row(self._current)

    async def remove_row(self, row: TableRow) -> None:
        """Take an input or output out."""
        await self.show(self.state.without_row(row.kind, row.index))
        self.post_message(self.Left(f"removal of an {row.kind.removesuffix('s')} table"))

    async def add_row(self, kind: str) -> None:
        """Add an empty row to ``inputs`` or ``outputs`` and go into it."""
        await self.show(self.state.with_row(kind))
        self.post_message(self.Left(f"new {kind.removesuffix('s')} table"))
        rows = [row for row in self.query(TableRow) if row.kind == kind]
        self._go(rows[-1], edit=False)
        self.go_to((kind, str(len(rows) - 1), "table"))

    @on(Edited)
    def _edited(self, event: Edited) -> None:
        event.stop()
        try:
            if text_at(self.state, event.place) == event.text:
                return
            self.state = self.state.with_text(event.place, event.text)
        except (KeyError, IndexError):
            # A row that is gone meanwhile.
            return
        self._show_used()
        self.post_message(self.Changed())

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_next_field()

    @on(Passed)
    def _passed(self, event: Passed) -> None:
        event.stop()
        self._step(event.by, edit=True)

    @on(Fold.Opened)
    def _opened(self, event: Fold.Opened) -> None:
        event.stop()
        _, rows, fold = self._sections[event.section]
        before = [row for row in rows if row.display]
        self._open.add(fold)
        self._show_used()
        self._go(next(row for row in rows if row.display and row not in before), edit=True)

    @on(Tables.Asked)
    async def _asked(self, event: Tables.Asked) -> None:
        event.stop()
        if event.row is not None:
            await self.remove_row(event.row)
        else:
            await self.add_row(event.kind)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        row = next((one for one in event.widget.ancestors_with_self if isinstance(one, Row)), None)
        if row is not None and row is not self._current:
            self._go(row, edit=False)

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        place = getattr(event.widget, "place", None)
        if place:
            self.post_message(self.Left(f"change of {label_of(place)}", place))

    def on_click(self, event: Click) -> None:
        row = next(
            (one for one in (event.widget.ancestors_with_self if event.widget else ()) if isinstance(one, Row)), None
        )
        if row is not None:
            self._go(row, edit=not self.editing)


def _own_row(form: Form, name: str, title: str, about: str, **how: bool) -> FieldRow:
    return own_row(name, title, line(about), lambda: text_at(form.state, (name,)), **how)


def _ordered(order: list[Row | Tables], *rows: Row) -> Sequence[Row]:
    """The rows, which come next from top to bottom."""
    order += rows
    return rows


def _row_of(form: Form, place: Place) -> Row | None:
    return next((row for row in form.all_rows() if place in row.places), None)


def _mount_shown(form: Form) -> None:
    """Bring the rows that are seen for the first time into their places."""
    for _, rows, fold in form._sections:
        after: Row = fold
        for row in reversed(rows):
            if row.display and not row.is_attached:
                form.mount(row, before=after)
            if row.is_attached:
                after = row
    if form._checks.display and not form._checks.is_attached:
        form.mount(form._checks, after=form.query_one(Tables))
