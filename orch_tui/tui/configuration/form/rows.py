"""The rows of a form: a title beside an editor, with what is wrong below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import AwaitMount
from textual.widgets import Button, Static

from orch_tui.model.components.configuration import WriteMode
from orch_tui.tui.configuration.form.code import CodeText
from orch_tui.tui.configuration.form.fields import Field, Kind
from orch_tui.tui.configuration.form.inputs import Beginnings, Choice, Edited, Editor, Line, LongText, YesNo
from orch_tui.tui.configuration.form.names import KnownNames
from orch_tui.tui.configuration.form.state import InputRow, OutputRow, Place
from orch_tui.tui.text import line, lines

_LONG = (Kind.LINES, Kind.LIST, Kind.MAP, Kind.TOML)
_HINTS = {
    Kind.LIST: "one entry a line",
    Kind.MAP: "name = value, one a line",
    Kind.TOML: "TOML",
    Kind.LINES: "text",
    Kind.CHOICE: "choice",
    Kind.SWITCH: "yes or no",
}
_EXAMPLES = {
    "duckdb": "create table my_output as\nselect *\nfrom my_input",
    "sql": "select *\nfrom my_table",
    "python": (
        "import duckdb\n\n"
        "rows = duckdb.sql(\"select * from 'in/tables/my_input.parquet'\")\n"
        "rows.write_parquet('out/tables/my_output.parquet')"
    ),
}
"""What stands dim in an empty text, by its parser or language."""
_EMPTY = {Kind.LIST: "one entry a line", Kind.MAP: "name = value"}


class Row(Vertical):
    """Something that the cursor can stand on; ``editors`` are its places in order."""

    def __init__(self, help_text: Content, classes: str = "") -> None:
        super().__init__(classes=f"row {classes}")
        self.help_text = help_text
        self._errors: tuple[str, ...] = ()

    def editors(self) -> Sequence[Editor]:
        return [widget for widget in self.query(".editor") if isinstance(widget, Line | LongText | Choice | YesNo)]

    def set_shown(self, shown: bool) -> None:
        """Bring the row into sight, or out of it."""
        self.display = shown

    def enter(self) -> None:
        """Give the focus to its first editor."""
        editors = self.editors()
        if editors:
            editors[0].focus()

    def show_errors(self, messages: Sequence[str]) -> None:
        """One line for each sentence below the row."""
        if tuple(messages) == self._errors:
            return
        self._errors = tuple(messages)
        error = next(iter(self.query(".error").results(Static)), None)
        if error is None and messages:
            # Few rows ever have one, and every widget costs time when the form opens.
            error = Static("", classes="error")
            self.mount(error)
        if error is not None:
            error.update(lines("\n".join(f"✖ {one}" for one in messages)))
            error.display = bool(messages)


class FieldRow(Row):
    """Title and editor of one field, mounted when the row is first to be seen: most of a form's time goes there."""

    def __init__(
        self, title: str, editor: Editor, help_text: Content, *, required: bool = False, note: str = ""
    ) -> None:
        super().__init__(help_text, "tall" if isinstance(editor, LongText) and not editor.soft_wrap else "")
        self._title = title
        self._editor = editor
        self._required = required
        self._note = note
        self._composed = self._built = self._misses = False
        self._mounting: AwaitMount | None = None

    def editors(self) -> Sequence[Editor]:
        return [self._editor]

    def compose(self) -> ComposeResult:
        self._composed = True
        if self.display:
            self._built = True
            yield self._pair()

    def set_shown(self, shown: bool) -> None:
        super().set_shown(shown)
        if shown and self._composed and not self._built:
            self._built = True
            self._mounting = self.mount(self._pair(), before=0 if self.children else None)

    def enter(self) -> None:
        """Give the focus to the editor, once it is there."""
        if self._mounting is None or self._editor.is_attached:
            super().enter()
        else:
            self.call_later(self._enter_mounted, self._mounting)

    async def _enter_mounted(self, mounting: AwaitMount) -> None:
        await mounting
        super().enter()

    def _pair(self) -> Horizontal:
        self._misses = self._is_missing
        return Horizontal(Static(self._heading(), classes="title"), self._editor, classes="pair")

    @property
    def _is_missing(self) -> bool:
        return self._required and not self._editor.text.strip()

    def _heading(self) -> Content:
        mark = (" *", "$text-warning") if self._misses else ""
        note = ("  ", line(self._note, "$text-muted not bold")) if self._note else ("", "")
        return Content.assemble(line(self._title), mark, *note)

    @on(Edited)
    def _mark_what_is_missing(self) -> None:
        if self._misses != self._is_missing:
            self._misses = not self._misses
            self.query_one(".title", Static).update(self._heading(), layout=False)


class TableRow(Row):
    """One input or output with a button to remove it."""

    def __init__(self, kind: str, index: int, row: InputRow | OutputRow, known: Callable[[], KnownNames]) -> None:
        help_text = "A table in storage, and the name under which the task knows it; d removes the row."
        super().__init__(line(help_text), f"table {kind}")
        self.kind = kind
        self.index = index
        self._row = row
        self._known = known

    def compose(self) -> ComposeResult:
        place = (self.kind, str(self.index))
        tables = Beginnings(lambda: self._known().tables)
        with Horizontal(classes="pair"):
            if isinstance(self._row, OutputRow):
                yield Line((*place, "name"), self._row.name, "as table")
                yield Static("→", classes="arrow")
                yield Line((*place, "table"), self._row.table, "bucket/table", classes="wider", suggester=tables)
                yield Choice((*place, "mode"), self._row.mode, [str(mode) for mode in WriteMode], "", blank=False)
                columns = Beginnings(self._key_columns, after_comma=True)
                yield Line(
                    (*place, "primary_key"), self._row.primary_key, "primary key", classes="key", suggester=columns
                )
            else:
                yield Line((*place, "table"), self._row.table, "bucket/table", classes="wider", suggester=tables)
                yield Static("→", classes="arrow")
                yield Line((*place, "name"), self._row.name, "as table")
            yield Button(Content("✕"), compact=True, classes="remove", tooltip="Remove this table")

    def _key_columns(self) -> Iterable[str]:
        table = next((one.text for one in self.editors() if one.place[-1] == "table"), "")
        return self._known().key_columns(table)


class Heading(Static):
    """The title of a section."""


def field_row(field: Field) -> FieldRow:
    """The row of one parameter."""
    place: Place = ("parameters", *field.path)
    placeholder = f"{field.default} (default)" if field.default else _EMPTY.get(field.kind, "")
    if field.hidden:
        placeholder = "a secret in plain text, not shown: write ${NAME} instead"
    editor: Editor
    if field.kind is Kind.CHOICE:
        editor = Choice(place, field.text, field.choices, field.default)
    elif field.kind is Kind.SWITCH:
        editor = YesNo(place, field.text, default=field.default == "true")
    elif field.language and not field.hidden:
        example = "" if field.default else _EXAMPLES.get(field.check or field.language, "")
        editor = CodeText(place, field.text, placeholder or example, language=field.language, check=field.check)
    elif field.kind in _LONG:
        editor = LongText(place, field.text, placeholder, wide=field.kind is Kind.LINES)
    else:
        editor = Line(place, field.text, placeholder, secret=field.secret)
    note = f"in the file {field.file}" if field.file else ""
    return FieldRow(field.title, editor, field_help(field), required=field.required, note=note)


def field_help(field: Field) -> Content:
    """What the field means, what it takes and what holds when it is empty."""
    facts = [_HINTS.get(field.kind) or " or ".join(sorted(field.types)) or "text"]
    if field.secret:
        facts = ["a secret: ${NAME}, its value in .env"]
    if field.required:
        facts.append("needed")
    if field.default:
        facts.append(f"default {field.default}")
    if not field.known:
        facts.append("not known to the schema")
    key = line(f"{field.key} · {', '.join(facts)}", "$text-muted")
    return Content.assemble(line(field.description), "\n", key) if field.description else key
