"""Places of a form: the text that is at one, and what it is called."""

from __future__ import annotations

from orch_tui.tui.configuration.form.state import FormState, Place


def text_at(state: FormState, place: Place) -> str:
    """The text of one place. Raises: KeyError, IndexError when it is not there."""
    match place:
        case ("name",):
            return state.name
        case ("description",):
            return state.description
        case ("pool" | "rows" | "row_parallel" | "checks" as name,):
            return str(getattr(state, name))
        case ("parameters", *path):
            return state.texts[tuple(path)]
        case ("inputs", index, key):
            return str(getattr(state.inputs[int(index)], key))
        case ("outputs", index, key):
            return str(getattr(state.outputs[int(index)], key))
    raise KeyError(place)


def label_of(place: Place) -> str:
    """The place in words: ``login.user``, ``output table 2``."""
    if place[0] == "parameters":
        return ".".join(place[1:]) or "the parameters"
    if place[0] in ("inputs", "outputs"):
        return f"{place[0].removesuffix('s')} table {int(place[1]) + 1}"
    return place[0]
