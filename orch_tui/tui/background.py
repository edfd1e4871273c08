"""What goes on beside the keys, in a worker of a screen or of the application."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.dom import DOMNode
    from textual.worker import WorkType


def in_background(
    node: DOMNode,
    work: Callable[[], Coroutine[Any, Any, Any]],
    group: str,
    description: str,
    *,
    exclusive: bool = False,
) -> None:
    """Let something go on; ``exclusive``: what went on in the same group is broken off.

    ``work`` makes its coroutine when it begins: one that was made before is never awaited where the screen closes, or
    the next of its group begins, first.
    """
    beginning: WorkType[Any] = work
    node.run_worker(beginning, group=group, exclusive=exclusive, description=description)
