"""Forms that open at once: what one needs is loaded while the cursor rests on what it would be of."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import TYPE_CHECKING, Protocol

from orch_tui.model.components.configuration import split_ref
from orch_tui.model.errors import UserError
from orch_tui.tui.workbench.host import Asks, Times

if TYPE_CHECKING:
    from textual.timer import Timer

    from orch_tui.model.components.component import Component
    from orch_tui.project.project import Project

_REST_SECONDS = 0.2
"""After which a cursor that has not moved rests."""


class FormsHost(Asks, Times, Protocol):
    """Works later and in the background."""


class FormsAhead:
    """Loads the form and the schema of a component once: they take longer than a form may take to open."""

    def __init__(self, project: Project, host: FormsHost) -> None:
        self._project = project
        self._host = host
        self._loaded: set[str] = set()
        self._timer: Timer | None = None

    def cursor_on(self, ref: str | None) -> None:
        """The cursor is on a configuration (``component-id/configuration-id``), or on none."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if ref is not None and (component_id := split_ref(ref)[0]) not in self._loaded:
            self._timer = self._host.set_timer(_REST_SECONDS, partial(self._load, component_id))

    def _load(self, component_id: str) -> None:
        self._loaded.add(component_id)
        # A project is not for several threads.
        component = self._project.component(component_id)
        if component is not None:
            self._host.in_background(partial(asyncio.to_thread, load_form, component), "form", "load what a form needs")


def load_form(component: Component) -> None:
    """Import the form and what gives it the schema of its parameters. For any thread."""
    import orch_tui.tui.configuration.screen  # noqa: F401 - for its effect
    from orch_tui.components.kit.schema import json_schema

    # The form says it, when it is opened.
    with contextlib.suppress(UserError):
        json_schema(component)
