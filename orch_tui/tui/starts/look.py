"""The style sheet of what is here."""

from __future__ import annotations

from pathlib import Path

SHEET = Path(__file__).with_name("starts.tcss")
