"""The rows of a form: a title beside an editor, with what is wrong below it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
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
        self._entered = False

    def editors(self) -> Sequence[Editor]:
        return [widget for widget in self.query(".editor") if isinstance(widget, Line | LongText | Choice | YesNo)]

    @property
    def places(self) -> Sequence[Place]:
        """Those of its editors."""
        return [editor.place for editor in self.editors()]

    def show_texts(self, text_of: Callable[[Place], str]) -> None:
        """Let its editors hold these texts."""
        for editor in self.editors():
            text = text_of(editor.place)
            if editor.text != text:
                editor.text = text

    def enter(self) -> None:
        """Give the focus to its first editor, once that is there."""
        self._entered = True
        if self.is_mounted:
            self._focus_editor()

    def on_mount(self) -> None:
        self._draw_errors()
        # The cursor may have gone on meanwhile.
        if self._entered and self.has_class("-current"):
            self._focus_editor()

    def _focus_editor(self) -> None:
        self._entered = False
        editors = self.editors()
        if editors:
            editors[0].focus()

    def show_errors(self, messages: Sequence[str]) -> None:
        """One line for each sentence below the row."""
        if tuple(messages) == self._errors:
            return
        self._errors = tuple(messages)
        if self.is_mounted:
            self._draw_errors()

    def _draw_errors(self) -> None:
        error = next(iter(self.query(".error").results(Static)), None)
        if error is None and self._errors:
            # Few rows ever have one, and every widget costs time when the form opens.
            error = Static("", classes="error")
            self.mount(error)
        if error is not None:
            error.update(lines("\n".join(f"✖ {one}" for one in self._errors)))
            error.display = bool(self._errors)


class FieldRow(Row):
    """Title and editor of one field. The editor is made when it is asked for: of most rows it never is."""

    def __init__(
        self,
        place: Place,
        title: str,
        make: Callable[[], Editor],
        help_text: Content,
        *,
        required: bool = False,
        note: str = "",
        tall: bool = False,
    ) -> None:
        """``make`` gives the editor with the text of then; ``tall``: it stands below its title."""
        super().__init__(help_text, "tall" if tall else "")
        self.place = place
        self._title = title
        self._make = make
        self._made: Editor | None = None
        self._required = required
        self._note = note
        self._misses = False

    def editors(self) -> Sequence[Editor]:
        if self._made is None:
            self._made = self._make()
        return [self._made]

    @property
    def places(self) -> Sequence[Place]:
        return [self.place]

    def show_texts(self, text_of: Callable[[Place], str]) -> None:
        if self._made is not None:
            super().show_texts(text_of)

    def compose(self) -> ComposeResult:
        self._misses = self._is_missing
        yield Horizontal(Static(self._heading(), classes="title"), *self.editors(), classes="pair")

    @property
    def _is_missing(self) -> bool:
        return self._required and not any(editor.text.strip() for editor in self.editors())

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


def own_row(
    name: str,
    title: str,
    about: Content,
    text: Callable[[], str],
    *,
    long: bool = False,
    tall: bool = False,
    required: bool = False,
) -> FieldRow:
    """The row of something that every configuration has; ``text`` is asked when its editor is made. ``long`` texts have
    several lines, those of ``tall`` ones are not wrapped."""
    place: Place = (name,)

    def make() -> Editor:
        return LongText(place, text(), wide=tall) if long or tall else Line(place, text())

    return FieldRow(place, title, make, about, required=required, tall=tall)


def field_row(field: Field, text: Callable[[Field], str], names: Callable[[], Mapping[str, str]]) -> FieldRow:
    """The row of one parameter; ``text`` is asked when its editor is made. ``names`` are what programs can name."""
    note = f"in the file {field.file}" if field.file else ""
    return FieldRow(
        ("parameters", *field.path),
        field.title,
        lambda: _editor(field, text(field), names),
        field_help(field),
        required=field.required,
        note=note,
        tall=_is_code(field) or field.kind is Kind.LINES,
    )


def _is_code(field: Field) -> bool:
    return bool(field.language) and not field.hidden


def _editor(field: Field, text: str, names: Callable[[], Mapping[str, str]]) -> Editor:
    place: Place = ("parameters", *field.path)
    placeholder = f"{field.default} (default)" if field.default else _EMPTY.get(field.kind, "")
    if field.hidden:
        placeholder = "a secret in plain text, not shown: write ${NAME} instead"
    if field.kind is Kind.CHOICE:
        return Choice(place, text, field.choices, field.default)
    if field.kind is Kind.SWITCH:
        return YesNo(place, text, default=field.default == "true")
    if _is_code(field):
        example = "" if field.default else _EXAMPLES.get(field.check or field.language, "")
        code = CodeText(place, text, placeholder or example, language=field.language, check=field.check)
        code.names = names
        return code
    if field.kind in _LONG:
        return LongText(place, text, placeholder, wide=field.kind is Kind.LINES)
    return Line(place, text, placeholder, secret=field.secret)


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
