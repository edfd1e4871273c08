"""What the object of a manifest holds: table.toml, the fence, and what a set of tables is about to make of it."""

from __future__ import annotations

import tomllib
from typing import Any

import tomli_w

from orch_tui.model.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Pending:
    """``manifest`` holds as soon as ``intent`` is decided."""

    intent: str
    manifest: str


@dataclass(frozen=True, slots=True)
class Envelope:
    """``manifest`` is the text of table.toml, None where the table is not there yet.

    ``fence`` is the number of the last lease that was taken over from somebody who had not given it back.
    """

    manifest: str | None
    fence: int = 0
    pending: Pending | None = None

    def data(self) -> bytes:
        body: dict[str, Any] = {"fence": self.fence}
        if self.manifest is not None:
            body["manifest"] = self.manifest
        if self.pending is not None:
            body["pending"] = {"intent": self.pending.intent, "manifest": self.pending.manifest}
        return tomli_w.dumps(body, multiline_strings=True).encode()

    @classmethod
    def of(cls, data: bytes) -> Envelope:
        """Raises: ValueError, KeyError."""
        body = tomllib.loads(data.decode())
        pending = body.get("pending")
        return cls(
            body.get("manifest"),
            int(body.get("fence", 0)),
            Pending(str(pending["intent"]), str(pending["manifest"])) if pending is not None else None,
        )
