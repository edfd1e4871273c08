"""How a run stands where its status does not tell. Only values."""

from __future__ import annotations

from enum import Enum


class Standing(Enum):
    """Whether the status of a run that has not ended tells how it stands; else this does."""

    AS_ITS_STATUS = ""
    INTERRUPTED = "interrupted"
    STOPPED = "stopped"
    SILENT = "silent"

    @property
    def unanswered(self) -> bool:
        """Its executor holds it and does nothing for it."""
        return self in (Standing.STOPPED, Standing.SILENT)
