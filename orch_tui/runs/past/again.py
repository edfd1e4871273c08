"""How a past run is run again."""

from __future__ import annotations

from enum import StrEnum


class Again(StrEnum):
    """How a past run is run again: what did not succeed in it (``REST``), or all of it as it ran then."""

    REST = "rest"
    AS_IT_RAN = "as-it-ran"
