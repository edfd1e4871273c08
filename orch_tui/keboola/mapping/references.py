"""What each stored configuration of Keboola is called here, and the other way round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from orch_tui.keboola.mapping.names import id_for
from orch_tui.keboola.values import SCHEDULER, SHARED_CODE, VARIABLES, Brought, Stored
from orch_tui.model.components.component import ORCHESTRATION_COMPONENT
from orch_tui.model.texts.text import slug, unique, valid_id

FOLDED = (SCHEDULER, VARIABLES, SHARED_CODE)
"""What becomes part of other things here."""
LEFT_OUT = ("keboola.sandboxes", "keboola.data-apps", "transformation", "keboola.oauth-v2")
Key = tuple[str, str]


class References:
    """Names of configurations by Keboola's component and id; ``taken`` are ids of ours that others have."""

    def __init__(self, known: Mapping[Key, str] | None = None, taken: Iterable[str] = ()) -> None:
        self._refs: dict[Key, str] = dict(known or {})
        self._taken = {*taken, *self._refs.values()}
        self._paths: dict[str, str] = {}

    def add_all(self, brought: Brought) -> None:
        """Name everything that was read, but for what is folded into other things."""
        for one in brought.stored:
            if one.component in FOLDED or one.component in LEFT_OUT:
                continue
            if one.key not in self._refs:
                self._name(one.key, _wanted(one), is_orchestration=one.is_orchestration)
            if one.path:
                self._paths[one.path] = self._refs[one.key]

    def ref(self, component: str, configuration: str) -> str | None:
        """What it is called here; None when it is not known."""
        return self._refs.get((component, configuration))

    def at(self, path: str) -> str | None:
        """The configuration in a directory of the branch."""
        return self._paths.get(path)

    def made_up(self, component: str, configuration: str) -> str:
        """A name for a configuration that is only referred to."""
        return self._refs.get((component, configuration)) or self._name(
            (component, configuration), id_for(configuration, "configuration"), is_orchestration=False
        )

    def key_of(self, ref: str) -> Key | None:
        """Keboola's component and id of what is called so here."""
        return next((key for key, name in self._refs.items() if name == ref), None)

    def _name(self, key: Key, wanted: str, *, is_orchestration: bool) -> str:
        component = ORCHESTRATION_COMPONENT if is_orchestration else component_id(key[0])
        ref = unique(f"{component}/{wanted}", self._taken)
        self._refs[key] = ref
        self._taken.add(ref)
        return ref


def component_id(keboola_component: str) -> str:
    """The id here of a component of Keboola."""
    return keboola_component if valid_id(keboola_component) else slug(keboola_component, "component")


def _wanted(one: Stored) -> str:
    if one.path:
        return id_for(one.slug, "configuration")
    return slug(one.name, "configuration") if one.name != one.id else id_for(one.id, "configuration")
