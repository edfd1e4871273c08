"""A field for a program's text: line numbers, indentation, colours where tree-sitter is installed, names completed,
and its own parser while it is typed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import find_spec

from rich.style import Style
from textual.events import Key
from textual.message import Message
from textual.timer import Timer
from textual.widgets.text_area import TextAreaTheme

from orch_tui.tui.actions import bindings
from orch_tui.tui.actions.configuration import ACTIONS
from orch_tui.tui.configuration.form.inputs import LongText
from orch_tui.tui.configuration.form.names import rest_of, written
from orch_tui.tui.configuration.form.state import Place
from orch_tui.tui.configuration.form.syntax import CHECKS, Mistake

_CHECK_AFTER_SECONDS = 0.4
_TREE_SITTER = {"sql": "sql", "python": "python", "shell": "bash"}
_INDENT = {"python": 4}
_THEME = "orch"
_COLOURS = {
    "primary": ("keyword", "keyword.function", "keyword.return", "keyword.operator", "conditional", "repeat"),
    "success": ("string", "string.documentation"),
    "warning": ("number", "float", "boolean", "constant.builtin", "type.builtin"),
    "accent": ("function", "function.call", "method", "method.call", "function.builtin", "type", "type.class"),
    "text-muted": ("comment",),
}  # fmt: skip
"""Colours of the program's theme, and what tree-sitter's queries call the parts that have them."""


class CodeText(LongText):
    """``language``: ``sql``, ``python``, ``shell`` or another word for no colours. ``check`` names a parser."""

    BINDINGS = bindings(ACTIONS, "code")

    class Checked(Message):
        """The parser has looked at the text; ``mistake`` is what it says, if anything."""

        def __init__(self, place: Place, text: str, mistake: Mistake | None) -> None:
            super().__init__()
            self.place = place
            self.text = text
            self.mistake = mistake

    def __init__(self, place: Place, text: str, placeholder: str = "", *, language: str, check: str = "") -> None:
        super().__init__(place, text, placeholder, wide=True)
        self.show_line_numbers = True
        self.highlight_cursor_line = True
        self.indent_width = _INDENT.get(language, 2)
        self._code = language
        self._parse = CHECKS.get(check)
        self._timer: Timer | None = None
        self.names: Callable[[], Mapping[str, str]] = dict
        """What the text can name, each with what it is."""

    def on_mount(self) -> None:
        self._colour()

    def _colour(self) -> None:
        wanted = _TREE_SITTER.get(self._code)
        if wanted is None or not can_colour(wanted):
            return
        self.register_theme(TextAreaTheme(_THEME, syntax_styles=self._styles()))
        self.theme = _THEME
        self.language = wanted

    def _styles(self) -> dict[str, Style]:
        colours = self.app.theme_variables
        styles: dict[str, Style] = {}
        for variable, parts in _COLOURS.items():
            colour = colours.get(variable, "")
            # Themes of 16 colours name them otherwise; "auto" is no colour of its own.
            style = Style(color=colour) if colour.startswith("#") else Style(bold=variable == "primary")
            styles |= dict.fromkeys(parts, style)
        return styles

    # --- its own parser ---

    def text_changed(self) -> None:
        if self._parse is not None:
            if self._timer is not None:
                self._timer.stop()
            self._timer = self.set_timer(_CHECK_AFTER_SECONDS, self.check_soon)

    def check_soon(self) -> None:
        """Let the parser look at the text, in a thread."""
        text, look = self.text, self.look
        self.run_worker(lambda: self._tell(text, look), group="syntax", thread=True, description="check the syntax")

    @property
    def look(self) -> Callable[[], Mistake | None]:
        """The parser's look at the text of now, for a thread."""
        parse, text = self._parse, self.text
        return lambda: parse(text) if parse is not None and text.strip() else None

    def _tell(self, text: str, look: Callable[[], Mistake | None]) -> None:
        self.post_message(self.Checked(self.place, text, look()))

    # --- keys ---

    async def _on_key(self, event: Key) -> None:
        if event.key == "enter" and not self.read_only:
            event.stop()
            event.prevent_default()
            self.new_line()

    def update_suggestion(self) -> None:
        """Offer the rest of the name before the cursor; the right arrow takes it."""
        row, column = self.cursor_location
        text = self.document.get_line(row)
        after = text[column : column + 1]
        self.suggestion = "" if after.isalnum() or after == "_" else rest_of(text[:column], self.names())

    def new_line(self) -> None:
        """A line that is indented as this one is, one step more after a colon in Python."""
        row, column = self.cursor_location
        before = self.document.get_line(row)[:column]
        indent = before[: len(before) - len(before.lstrip())]
        if self._code == "python" and before.rstrip().endswith(":"):
            indent += " " * self.indent_width
        self.replace(f"\n{indent}", *self.selection, maintain_selection_offset=False)

    def action_indent(self) -> None:
        """Spaces to the next stop."""
        column = self.cursor_location[1]
        self.replace(" " * (self.indent_width - column % self.indent_width), *self.selection)

    def action_names(self) -> None:
        """Pick a name, and write it."""
        from orch_tui.tui.dialogs.pick import Choice, Pick

        def picked(name: str | None) -> None:
            if name is not None:
                self.insert(written(name) if self._code == "sql" else name)

        choices = [Choice(name, name, what) for name, what in self.names().items()]
        self.app.push_screen(Pick("Tables and columns", choices, "type to find"), picked)


@cache
def can_colour(language: str) -> bool:
    """Whether tree-sitter and its parser of the language are installed (Textual's extra ``syntax``)."""
    return all(find_spec(module) is not None for module in ("tree_sitter", f"tree_sitter_{language}"))
