"""What a person says about how a CSV file is written."""

from __future__ import annotations

from enum import StrEnum

from orch_tui.model.dataclass import dataclass


class Empty(StrEnum):
    """What a field without a text is."""

    NULL = "null"
    QUOTED = "quoted"
    TEXT = "text"


class Ragged(StrEnum):
    """What becomes of a row with another number of values than the header has names."""

    REFUSE = "refuse"
    FILL = "fill"
    LEAVE_OUT = "leave-out"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a CSV file is written. ``delimiter`` None: found out from the first lines; "" as a mark: there is none."""

    delimiter: str | None = None
    quote: str = '"'
    escape: str = ""
    comment: str = ""
    header: bool = True
    skip_lines: int = 0
    names: tuple[str, ...] = ()
    null_values: tuple[str, ...] = ()
    empty: Empty = Empty.NULL
    ragged: Ragged = Ragged.REFUSE

    @property
    def nulls(self) -> frozenset[str]:
        """Texts of fields without quotes that are no value."""
        return frozenset(self.null_values) | (frozenset() if self.empty is Empty.TEXT else {""})

    @property
    def quoted_nulls(self) -> frozenset[str]:
        """Texts between quotes that are no value."""
        return frozenset() if self.empty is Empty.QUOTED else self.nulls
