"""One page of an API, as it is read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from orch_tui.components.http.json.stream import RecordStream

if TYPE_CHECKING:
    import httpx


@dataclass(slots=True)
class Page:
    """One page: iterate over ``records`` to the end, then the other attributes of the stream are right."""

    number: int
    records: RecordStream
    response: httpx.Response
    total: int | None = None
