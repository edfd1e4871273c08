"""The person's own keys and theme: ``config.toml`` in the directory that the system has for such files.

Nothing in it can keep the program from starting: what is wrong is said in a sentence, and its default holds.
"""

from __future__ import annotations

import difflib
import functools
import os
import string
import tomllib
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orch_tui.model.texts.text import safe_line
from orch_tui.project.files.given_files import read_given
from orch_tui.tui.actions import ALL, Action

# What a context lies in, where its keys hide those of the outer ones; dialogs lie in none.
OUTER: dict[str, tuple[str, ...]] = {
    "home": ("app",),
    "workbench": ("app",),
    "configuration": ("app",),
    "tree": ("workbench",),
    "components": ("workbench",),
    "configurations": ("workbench",),
    "problems": ("workbench",),
    "run-tables": ("workbench",),
    "log": ("workbench", "log-viewer"),
    "log-viewer": ("app",),
    "sequence": ("app",),
    "storage": ("app",),
    "table": ("app",),
    "grid": ("table",),
    "list": ("home", "tree", "components", "configurations", "storage"),
    "form": ("configuration",),
    "field": ("form",),
    "line": ("field",),
    "code": ("field",),
    "fold": ("field",),
    "choice": ("field",),
    "yes-no": ("field",),
}
_MODIFIERS = ("ctrl", "alt", "shift", "super", "meta", "hyper")
_SHOWN = {
    "escape": "Esc",
    "enter": "Enter",
    "space": "Space",
    "tab": "Tab",
    "backspace": "Backspace",
    "delete": "Del",
    "insert": "Ins",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
}
"""Where Textual has other words, or signs that not every font has."""
_SWITCHES = ("title", "bell")


@dataclass(slots=True)
class UserConfig:
    """``keys`` maps ids of actions to Textual key names, separated by commas. ``complaints`` are sentences.

    ``title``: the terminal's title says what runs and how it ended; ``bell``: the terminal rings when a run has ended.
    """

    path: Path
    keys: dict[str, str] = field(default_factory=dict)
    theme: str | None = None
    title: bool = True
    bell: bool = False
    complaints: list[str] = field(default_factory=list)


def config_path() -> Path:
    """``$ORCH_TUI_CONFIG``, or ``config.toml`` in the person's configuration directory."""
    if named := os.environ.get("ORCH_TUI_CONFIG"):
        return Path(named)
    from platformdirs import user_config_path

    return user_config_path("orch-tui") / "config.toml"


def load_config(path: Path | None = None, actions: Sequence[Action] = ALL) -> UserConfig:
    """Read and check the file. Never raises for what is in it: see ``complaints``."""
    config = UserConfig(path or config_path())
    try:
        data = tomllib.loads(read_given(config.path).decode("utf-8"))
    except FileNotFoundError:
        return config
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        config.complaints.append(f"{config.path} cannot be read, all defaults hold: {safe_line(str(error))}")
        return config
    for name in data:
        if name not in ("keys", "theme", *_SWITCHES):
            known = ", ".join(f'"{one}"' for one in ("theme", *_SWITCHES))
            config.complaints.append(f'there is no setting "{safe_line(name, 60)}"; there are {known} and [keys]')
    for name in _SWITCHES:
        if isinstance(value := data.get(name, getattr(config, name)), bool):
            setattr(config, name, value)
        else:
            config.complaints.append(f"{name}: {_quoted(value)} is neither true nor false; the usual holds")
    config.keys, complaints = checked_keys(data.get("keys", {}), actions)
    config.complaints += complaints
    config.theme = _theme(data.get("theme"), config.complaints)
    config.complaints = [f"{config.path}: {text}" for text in config.complaints]
    return config


def _theme(wished: object, complaints: list[str]) -> str | None:
    if wished is None:
        return None
    from textual.theme import BUILTIN_THEMES

    from orch_tui.tui.theme import OURS

    known = [*OURS, *BUILTIN_THEMES]
    if isinstance(wished, str) and wished in known:
        return wished
    complaints.append(f"theme: {_quoted(wished)} is no theme{_close(str(wished), known)}; the usual one is taken")
    return None


def checked_keys(raw: object, actions: Sequence[Action] = ALL) -> tuple[dict[str, str], list[str]]:
    """The usable part of ``[keys]``, and a sentence about each of the others, whose actions keep their keys."""
    if not isinstance(raw, Mapping):
        return {}, ["[keys] must be a table: actions on the left, keys on the right"]
    by_id = {action.id: action for action in actions}
    keys: dict[str, str] = {}
    complaints: list[str] = []
    for name, value in _flat(raw):
        if name not in by_id:
            complaints.append(f'[keys]: there is no action "{safe_line(name, 60)}"{_close(name, by_id)}')
            continue
        try:
            keys[name] = parse_keys(value)
        except ValueError as error:
            complaints.append(f"[keys]: {name}: {error}; it keeps {shown_keys(by_id[name].key_list)}")
    while conflict := _conflict(keys, actions):
        mapped, other, key = conflict
        complaints.append(
            f"[keys]: {mapped.id}: {show_key(key)} is the key of {other.id} there; "
            f"it keeps {shown_keys(mapped.key_list)}"
        )
        del keys[mapped.id]
    return keys, complaints


def _flat(raw: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """``workbench.add-tasks = "a"`` without quotes is a table in a table: taken as it was meant."""
    for name, value in raw.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def parse_keys(value: object) -> str:
    """Textual key names, separated by commas, from ``"a"``, ``"ctrl+k, ?"`` or ``["a", ","]``.

    Raises:
        ValueError: a sentence about what is no key.
    """
    if isinstance(value, str):
        value = [","] if value.strip() == "," else value.split(",")
    parts = value if isinstance(value, list) else None
    if parts is None or not all(isinstance(part, str) for part in parts):
        raise ValueError('keys are a text like "a" or "a,f5"')
    names = [_key_name(part if part == " " else part.strip()) for part in parts]
    if not names:
        raise ValueError("an action needs at least one key")
    return ",".join(dict.fromkeys(names))


@functools.cache
def _signs() -> dict[str, str]:
    """Textual's names of the signs of ASCII: ``?`` is ``question_mark``."""
    from textual.keys import KEY_NAME_REPLACEMENTS

    named = {sign: unicodedata.name(sign).lower().replace("-", "_").replace(" ", "_") for sign in string.punctuation}
    return {sign: KEY_NAME_REPLACEMENTS.get(name, name) for sign, name in named.items()}


def _key_name(text: str) -> str:
    from textual.keys import Keys, key_to_character

    *modifiers, key = text.split("+") if len(text) > 1 else [text]
    if key == "" and modifiers[-1:] == [""]:
        key, modifiers = "+", modifiers[:-1]
    known = {str(one.value) for one in Keys} | {*_SHOWN, *_signs().values()}
    lowered = [part.lower() for part in modifiers]
    name = {" ": "space", **_signs()}.get(key, key)
    if len(key) > 1 and name not in known and name.lower() in known:
        name = name.lower()
    valid = (len(key) == 1 and key.isprintable()) or name in known or (name.islower() and key_to_character(name))
    if not key or not valid or not all(part in _MODIFIERS for part in lowered):
        hint = _close(text, known)
        raise ValueError(f"{_quoted(text)} is no key{hint or '; keys are like a, A, ?, f5, space or ctrl+k'}")
    return "+".join([*lowered, name])


def _conflict(keys: Mapping[str, str], actions: Sequence[Action]) -> tuple[Action, Action, str] | None:
    """An action that was given a key which another one has where both work: (given, other, key)."""
    for mapped in actions:
        if mapped.id not in keys:
            continue
        for key in keys[mapped.id].split(","):
            for other in actions:
                if other is mapped or not together(mapped.context, other.context):
                    continue
                theirs = keys[other.id].split(",") if other.id in keys else other.key_list
                if key in theirs and not (key in mapped.key_list and key in other.key_list):
                    return mapped, other, key
    return None


def together(one: str, other: str) -> bool:
    """True when keys of two contexts can be pressed at the same place."""
    return one in _outward(other) or other in _outward(one)


def _outward(context: str) -> list[str]:
    return [context, *(one for outer in OUTER.get(context, ()) for one in _outward(outer))]


def show_key(key: str) -> str:
    """As people write it: ``?``, ``Ctrl-P``, ``Enter``, ``F5``."""
    from textual.keys import format_key

    *modifiers, name = key.split("+")
    sign = format_key(name)
    shown = _SHOWN.get(name, sign if len(sign) == 1 else name.replace("_", " ").capitalize())
    shown = shown.upper() if modifiers and len(shown) == 1 else shown
    return "-".join([*(part.capitalize() for part in modifiers), shown])


def shown_keys(keys: Iterable[str]) -> str:
    """``"a"``, ``"? or F1"``."""
    return " or ".join(show_key(key) for key in keys)


def keys_of(action: Action, keys: Mapping[str, str]) -> tuple[str, ...]:
    """The keys an action has with a person's keymap."""
    return tuple(keys[action.id].split(",")) if action.id in keys else action.key_list


def keys_table(actions: Sequence[Action] = ALL) -> str:
    """The table that ``orch-tui keys`` prints: every action with its keys, grouped by where it works."""
    config = load_config(actions=actions)
    width = max((len(action.id) for action in actions), default=0)
    rows: list[str] = []
    for context in dict.fromkeys(action.context for action in actions):
        rows += ["", context]
        for action in actions:
            if action.context == context:
                keys = shown_keys(keys_of(action, config.keys))
                mark = "*" if action.id in config.keys else " "
                rows.append(f" {mark} {action.id:<{width}}  {keys:<16}  {action.tooltip}")
    rows += ["", f"Keys marked * come from {config.path}.", *config.complaints]
    return "\n".join(rows[1:]) + "\n"


def save_theme(path: Path, theme: str) -> None:
    """Keep a choice of colours; comments and everything else in the file stay. Raises: OSError, ValueError."""
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    from orch_tui.project.files.atomic import write_atomic

    try:
        document = tomlkit.parse(read_given(path).decode("utf-8")) if path.exists() else tomlkit.document()
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} has an error and was left alone: {safe_line(str(error))}") from error
    document["theme"] = theme
    text = tomlkit.dumps(document)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomic(path, text)


def _close(wrong: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(wrong[:100], list(known), 1)
    return f'; did you mean "{close[0]}"?' if close else ""


def _quoted(value: object) -> str:
    return f'"{safe_line(str(value), 60)}"'
