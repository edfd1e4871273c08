"""The program, telling in a file when keys come and frames go: ``python -m tests.bench.screen.told FILE ARGUMENTS``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import IO, Any, NamedTuple


class Told(NamedTuple):
    """``name`` is a key, or the class of the screen of a frame, which has so many ``widgets``; ``ms`` of the processor
    were taken until then."""

    what: str
    name: str
    widgets: int
    ms: float


def read(path: Path) -> list[Told]:
    """All that was told so far."""
    return [Told(*json.loads(line)) for line in path.read_text().splitlines()]


def _main() -> int:
    file = open(sys.argv.pop(1), "w", buffering=1)  # noqa: SIM115 - open to the end
    # Read with everything else: what is measured begins with a key.
    from orch_tui.__main__ import main
    from orch_tui.tui.textual_patches.app import PatchedApp
    from textual.events import Key

    show, take = PatchedApp._display, PatchedApp.on_event

    def display(self: Any, screen: Any, renderable: Any) -> None:
        show(self, screen, renderable)
        _tell(file, "frame", type(screen).__name__, sum(1 for _ in screen.walk_children()))

    async def on_event(self: Any, event: Any) -> None:
        if isinstance(event, Key) and not event.is_forwarded:
            _tell(file, "key", event.key, 0)
        await take(self, event)

    PatchedApp._display, PatchedApp.on_event = display, on_event  # type: ignore[method-assign]
    return main()


def _tell(file: IO[str], what: str, name: str, widgets: int) -> None:
    file.write(json.dumps([what, name, widgets, time.process_time() * 1000]) + "\n")


if __name__ == "__main__":
    sys.exit(_main())
