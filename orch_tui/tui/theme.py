"""Colours of our own: dark and light, each for terminals with all colours, with 256, and with sixteen."""

from __future__ import annotations

from rich.terminal_theme import TerminalTheme
from textual.theme import Theme

from orch_tui.tui.terminal import Colors

DARK = Theme(
    name="orch-dark",
    primary="#6cb0ff",
    secondary="#8aa4c8",
    accent="#c79bf2",
    success="#7ed491",
    warning="#ecc46b",
    error="#f47f83",
    foreground="#d6dce6",
    background="#10141b",
    surface="#161b24",
    panel="#1d2430",
    dark=True,
    variables={
        "text-muted": "#8290a6",
        "text-primary": "#6cb0ff",
        "text-success": "#7ed491",
        "text-warning": "#ecc46b",
        "text-error": "#f47f83",
        "text-accent": "#c79bf2",
        "border": "#6cb0ff",
        "border-blurred": "#334056",
        "block-cursor-background": "#24406a",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#1f2938",
        "block-cursor-blurred-foreground": "#d6dce6",
        "footer-background": "#161b24",
        "footer-key-foreground": "#6cb0ff",
        "input-selection-background": "#6cb0ff 35%",
        "scrollbar": "#334056",
        "scrollbar-background": "#161b24",
        "scrollbar-corner-color": "#161b24",
    },
)
LIGHT = Theme(
    name="orch-light",
    primary="#1d5fc0",
    secondary="#4a6285",
    accent="#7b3fb4",
    success="#1b7a3a",
    warning="#8f6000",
    error="#b3261e",
    foreground="#1e2430",
    background="#fcfcfd",
    surface="#f3f5f8",
    panel="#e7ebf1",
    dark=False,
    variables={
        "text-muted": "#626e82",
        "text-primary": "#1d5fc0",
        "text-success": "#1b7a3a",
        "text-warning": "#8f6000",
        "text-error": "#b3261e",
        "text-accent": "#7b3fb4",
        "border": "#1d5fc0",
        "border-blurred": "#c2cad8",
        "block-cursor-background": "#cfe0fa",
        "block-cursor-foreground": "#0d1a30",
        "block-cursor-blurred-background": "#e3e8f0",
        "block-cursor-blurred-foreground": "#1e2430",
        "footer-background": "#e7ebf1",
        "footer-key-foreground": "#1d5fc0",
        "scrollbar": "#b9c3d4",
        "scrollbar-background": "#eef1f6",
        "scrollbar-corner-color": "#eef1f6",
    },
)

# For terminals with 256 colours: each is one of xterm's palette, whose greys and steps of 95, 135, 175, 215 nothing is
# rounded to. What the colours above would be rounded to is navy for grey and teal for the cursor.
DARK_256 = Theme(
    name="orch-dark-256",
    primary="#5fafff",
    secondary="#87afd7",
    accent="#d7afff",
    success="#87d787",
    warning="#ffd75f",
    error="#ff8787",
    foreground="#d0d0d0",
    background="#121212",
    surface="#1c1c1c",
    panel="#262626",
    dark=True,
    variables={
        "text-muted": "#949494",
        "text-primary": "#5fafff",
        "text-success": "#87d787",
        "text-warning": "#ffd75f",
        "text-error": "#ff8787",
        "text-accent": "#d7afff",
        "primary-muted": "#00005f",
        "border": "#5fafff",
        "border-blurred": "#444444",
        "block-cursor-background": "#000087",
        "block-cursor-foreground": "#ffffff",
        "block-cursor-blurred-background": "#303030",
        "block-cursor-blurred-foreground": "#d0d0d0",
        "footer-background": "#1c1c1c",
        "footer-key-foreground": "#5fafff",
        "input-selection-background": "#005f87",
        "scrollbar": "#444444",
        "scrollbar-background": "#1c1c1c",
        "scrollbar-corner-color": "#1c1c1c",
    },
)
LIGHT_256 = Theme(
    name="orch-light-256",
    primary="#005faf",
    secondary="#5f5f87",
    accent="#8700af",
    success="#005f00",
    warning="#875f00",
    error="#af0000",
    foreground="#262626",
    background="#ffffff",
    surface="#eeeeee",
    panel="#e4e4e4",
    dark=False,
    variables={
        "text-muted": "#626262",
        "text-primary": "#005faf",
        "text-success": "#005f00",
        "text-warning": "#875f00",
        "text-error": "#af0000",
        "text-accent": "#8700af",
        "primary-muted": "#d7d7ff",
        "border": "#005faf",
        "border-blurred": "#bcbcbc",
        "block-cursor-background": "#d7d7ff",
        "block-cursor-foreground": "#121212",
        "block-cursor-blurred-background": "#e4e4e4",
        "block-cursor-blurred-foreground": "#262626",
        "footer-background": "#e4e4e4",
        "footer-key-foreground": "#005faf",
        "input-selection-background": "#afd7ff",
        "scrollbar": "#bcbcbc",
        "scrollbar-background": "#eeeeee",
        "scrollbar-corner-color": "#eeeeee",
    },
)
_IN_256 = {DARK.name: DARK_256.name, LIGHT.name: LIGHT_256.name}
"""The theme that stands for one of all colours where there are 256."""


def _ansi(name: str, *, dark: bool) -> Theme:
    """The terminal's own colours; grey is bright black, since a blend with a colour nobody knows cannot be shown."""
    grey = "ansi_bright_black"
    return Theme(
        name=name,
        ansi=True,
        dark=dark,
        primary="ansi_bright_blue" if dark else "ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_magenta",
        success="ansi_green",
        warning="ansi_yellow",
        error="ansi_red",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "ansi-background": "ansi_black" if dark else "ansi_white",
            "ansi-foreground": "ansi_white" if dark else "ansi_black",
            "text-muted": grey,
            "text-disabled": grey,
            "foreground-muted": grey,
            "border": "ansi_bright_blue" if dark else "ansi_blue",
            "border-blurred": grey,
            "block-cursor-foreground": "ansi_default",
            "block-cursor-background": "ansi_default",
            "block-cursor-text-style": "reverse",
            "block-cursor-blurred-foreground": "ansi_default",
            "block-cursor-blurred-background": "ansi_default",
            "block-cursor-blurred-text-style": "underline",
            "input-cursor-text-style": "reverse",
            "input-selection-background": "ansi_cyan",
            "input-selection-foreground": "ansi_black",
            "footer-key-foreground": "ansi_bright_blue" if dark else "ansi_blue",
            "scrollbar": grey,
            "scrollbar-hover": grey,
            "scrollbar-active": "ansi_blue",
            "scrollbar-background": "ansi_default",
            "scrollbar-background-hover": "ansi_default",
            "scrollbar-background-active": "ansi_default",
        },
    )


def _rgb(color: str) -> tuple[int, int, int]:
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


# Textual's own has one colour for red and magenta: a name in a log would look like an error.
SIXTEEN_ON_DARK = TerminalTheme(
    _rgb("#10141b"),
    _rgb("#d6dce6"),
    [*map(_rgb, ("#334056", "#f47f83", "#7ed491", "#ecc46b", "#6cb0ff", "#c79bf2", "#6fd0dc", "#c3cad6"))],
    [*map(_rgb, ("#8290a6", "#ff9c9f", "#a0e8ae", "#f7d98f", "#98c7ff", "#dcbcff", "#98e6ef", "#f5f7fa"))],
)
"""What the sixteen colours of programs (black to white, then the bright ones) look like in the dark themes."""

ANSI_DARK = _ansi("orch-ansi-dark", dark=True)
ANSI_LIGHT = _ansi("orch-ansi-light", dark=False)
OURS: dict[str, Theme] = {theme.name: theme for theme in (DARK, LIGHT, DARK_256, LIGHT_256, ANSI_DARK, ANSI_LIGHT)}


def fitting(wished: str | None, colors: Colors) -> str:
    """The theme to start with.

    A wish holds unless ``NO_COLOR`` asks for none, in the colours of its kind that the terminal has; without a wish a
    terminal of sixteen colours gets its own.
    """
    if colors is Colors.NONE:
        return ANSI_LIGHT.name if wished and "light" in wished else ANSI_DARK.name
    if not wished and colors is Colors.SIXTEEN:
        return ANSI_DARK.name
    name = wished or DARK.name
    if colors is Colors.PALETTE:
        return _IN_256.get(name, name)
    return next((one for one, twin in _IN_256.items() if twin == name), name)
