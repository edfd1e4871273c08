"""What is said below the rows of a form: mistakes of a check, of a failed run, and of programs' parsers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orch_tui.tui.configuration.form.rows import Row
from orch_tui.tui.configuration.form.state import Place
from orch_tui.tui.configuration.form.syntax import Mistake


class Sentences:
    """By place. A new check takes all but the parsers' words away."""

    def __init__(self) -> None:
        self._checked: dict[Place, list[str]] = {}
        self._parsed: dict[Place, str] = {}

    def check(self, errors: Mapping[Place, Sequence[str]], only: set[Place] | None = None) -> None:
        """What a check has found; ``only``: leave other places empty."""
        self._checked = {place: list(said) for place, said in errors.items() if only is None or place in only}

    def tell(self, place: Place, message: str) -> None:
        """Something else, until the next check."""
        self._checked[place] = [message]

    def parse(self, place: Place, mistake: Mistake | None) -> None:
        """What the parser of this text says now."""
        self._parsed.pop(place, None)
        if mistake is not None:
            self._parsed[place] = str(mistake)

    def show(self, row: Row) -> None:
        """Put a row's sentences below it."""
        places = row.places
        said = [one for place in places for one in self._checked.get(place, ())]
        said += [self._parsed[place] for place in places if place in self._parsed]
        row.show_errors(said)
        row.set_class(bool(said), "wrong")
