"""Writes docs/keys.md from the registry: ``python -m orch_tui.tui.keys_page [FILE]``."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

from orch_tui.tui.actions import ALL, Action
from orch_tui.tui.keymap import shown_keys

_TITLES = {
    "app": "Everywhere",
    "dialog": "In dialogs",
    "home": "Orchestrations",
    "workbench": "Workbench",
    "tree": "Workbench: phases and tasks",
    "configuration": "Configuration form",
    "sequence": "Picture of the sequence",
    "run-tables": "Tables of a run",
    "storage": "Storage: list of tables",
    "table": "Storage: one table",
    "grid": "Rows of a table",
    "facts": "Column and cell of a table",
}
_HEAD = """\
# Keys

Generated from the registry of actions by `python -m orch_tui.tui.keys_page`; do not edit.

`orch-tui keys` prints this table with your own keys, `?` shows the keys that work where you are, and `:` finds an
action by its name. Keys are changed in `config.toml` in the configuration directory of your system
(`~/.config/orch-tui/config.toml` on Linux; the variable `ORCH_TUI_CONFIG` names another file):

```toml
theme = "orch-light"
title = false   # the terminal's title does not say what runs and how it ended
bell = true     # the terminal rings when a run has ended

[keys]
"app.palette" = "ctrl+k"
"app.help" = "?,f1"
```
"""


def keys_page(actions: Sequence[Action] = ALL) -> str:
    """The page in Markdown."""
    parts = [_HEAD]
    for context in dict.fromkeys(action.context for action in actions):
        parts.append(f"## {_TITLES.get(context, context.replace('-', ' ').capitalize())}\n")
        parts.append("| key | action | what it does |\n| --- | --- | --- |")
        parts += [_row(action) for action in actions if action.context == context]
        parts.append("")
    return "\n".join(parts)


def _row(action: Action) -> str:
    keys = f"`{shown_keys(action.key_list)}`".replace(" or ", "` `").replace("|", "\\|")
    return f"| {keys} | {action.label} (`{action.id}`) | {action.tooltip} |"


def main(arguments: Sequence[str]) -> int:
    path = Path(arguments[0]) if arguments else Path(__file__).parents[2] / "docs" / "keys.md"
    path.write_text(keys_page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
