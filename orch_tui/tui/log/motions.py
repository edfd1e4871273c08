"""What keys do to the part of a log that is in view."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from orch_tui.tui.log.state import LogState

SIDE_CELLS = 8
_TO_THE_LEFT_EDGE = -(1 << 30)


def _half(state: LogState) -> int:
    return max(1, state.view.height // 2)


MOTIONS: Mapping[str, Callable[[LogState], None]] = {
    "log.down": lambda state: state.view.move(1),
    "log.up": lambda state: state.view.move(-1),
    "log.page-down": lambda state: state.view.scroll(state.view.height - 1),
    "log.page-up": lambda state: state.view.scroll(1 - state.view.height),
    "log.half-down": lambda state: state.view.scroll(_half(state)),
    "log.half-up": lambda state: state.view.scroll(-_half(state)),
    "log.start": lambda state: state.view.to_start(),
    "log.end": lambda state: state.view.to_end(),
    "log.left": lambda state: state.view.shift(-SIDE_CELLS),
    "log.right": lambda state: state.view.shift(SIDE_CELLS),
    "log.line-start": lambda state: state.view.shift(_TO_THE_LEFT_EDGE),
    "log.wrap": lambda state: state.view.set_wrap(not state.view.wrap),
    "log.next-error": lambda state: state.jump_to_error(forward=True),
    "log.previous-error": lambda state: state.jump_to_error(forward=False),
    "log.select": lambda state: state.toggle_lines(),
    "log.clear": lambda state: state.clear(),
}
"""By the id of the action."""
