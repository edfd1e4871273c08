"""What an attempt used of the machine, as the kernel counted it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from orch_tui.model.dataclass import dataclass
from orch_tui.model.texts.json_text import parse_json
from orch_tui.model.texts.sizes import size_text

_MOST = 2**63


@dataclass(frozen=True, slots=True)
class Usage:
    """Of all processes of an attempt that were waited for. ``peak_memory`` is the most that one of them had at once;
    ``read`` and ``written`` count what went through system calls, from a cache or not. All in bytes, ``cpu`` in
    seconds; None where the kernel did not say."""

    peak_memory: int | None = None
    cpu: float | None = None
    read: int | None = None
    written: int | None = None

    @classmethod
    def together(cls, usages: Sequence[Usage]) -> Usage | None:
        """Of several attempts: the most memory that one process had, and the sums of the rest; None for none."""
        if not usages:
            return None
        peaks = [one.peak_memory for one in usages if one.peak_memory is not None]
        cpus = [one.cpu for one in usages if one.cpu is not None]
        reads = [one.read for one in usages if one.read is not None]
        writes = [one.written for one in usages if one.written is not None]
        return cls(
            max(peaks, default=None),
            sum(cpus) if cpus else None,
            sum(reads) if reads else None,
            sum(writes) if writes else None,
        )

    @property
    def words(self) -> str:
        """``peak 91.2 MiB, 4.1 s of CPU, read 12.0 MiB, wrote 3.1 MiB``."""
        parts = [
            "" if self.peak_memory is None else f"peak {size_text(self.peak_memory)}",
            "" if self.cpu is None else f"{self.cpu:.1f} s of CPU",
            "" if self.read is None else f"read {size_text(self.read)}",
            "" if self.written is None else f"wrote {size_text(self.written)}",
        ]
        return ", ".join(part for part in parts if part)

    def values(self) -> dict[str, int | float]:
        """For journals and programs: what is known, by name."""
        known = {"peak_memory": self.peak_memory, "cpu": self.cpu, "read": self.read, "written": self.written}
        return {name: value for name, value in known.items() if value is not None}


def encode_usage(usage: Usage | None) -> str | None:
    """JSON for an event; None where nothing is known."""
    return json.dumps(usage.values()) if usage is not None and usage.values() else None


def decode_usage(text: str | None) -> Usage | None:
    """Of an event. What is no number is not known."""
    values: Any = parse_json(text) if text else None
    if not isinstance(values, dict):
        return None
    whole = {name: _whole(values.get(name)) for name in ("peak_memory", "read", "written")}
    usage = Usage(whole["peak_memory"], _seconds(values.get("cpu")), whole["read"], whole["written"])
    return usage if usage.values() else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MOST else None


def _seconds(value: Any) -> float | None:
    known = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _MOST
    return float(value) if known else None
