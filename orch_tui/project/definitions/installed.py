"""What a configuration needs that is not installed: its component's program, or a processor."""

from __future__ import annotations

from collections.abc import Callable

from orch_tui.model.components.component import Component
from orch_tui.model.components.configuration import Configuration
from orch_tui.model.dataclass import dataclass
from orch_tui.project.toml.decode import quote


@dataclass(frozen=True, slots=True)
class NotInstalled:
    """``message`` is a sentence without its end, ``remedy`` what to do."""

    message: str
    remedy: str

    @property
    def sentence(self) -> str:
        return f"{self.message}; {self.remedy}"


def program_not_installed(component: Component, configuration: Configuration) -> NotInstalled | None:
    """None where a component that another one runs names its program, and for all other components."""
    if lacking := component.lacks(component.configured(configuration).parameters):
        return NotInstalled(
            f"the component {quote(component.id)} is not installed: its {' and '.join(lacking)} is not named",
            f"name it under [defaults] of components/{component.id}.toml (docs/keboola.md)",
        )
    return None


def not_installed(
    component: Component, configuration: Configuration, component_of: Callable[[str], Component | None]
) -> NotInstalled | None:
    """The first thing that is not, of the program and then of the processors of the rows that are enabled."""
    if (lacking := program_not_installed(component, configuration)) is not None:
        return lacking
    parts = component.configured(configuration).parts()
    processors = [name for one in parts for name in component.lacking_processors(one.parameters, component_of)]
    if not processors:
        return None
    distinct = list(dict.fromkeys(processors))
    return NotInstalled(
        f"{quote(configuration.ref)} needs the processor {', '.join(map(quote, distinct))}, which is not installed",
        f"name its program under [defaults] of components/{distinct[0]}.toml (docs/connectors.md#keboola)",
    )
