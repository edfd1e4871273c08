"""One file that is read, however it is packed."""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from orch_tui.components.kit.expansion import Expansion
from orch_tui.model.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Source:
    """One file to read: ``label`` is what people know it by, ``packing`` is none, gzip or zstd."""

    path: Path
    label: str
    format: str
    packing: str = "none"
    expansion: Expansion = field(default_factory=Expansion)
