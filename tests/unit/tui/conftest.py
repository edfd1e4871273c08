"""Screens that are driven here wait as those of ``tests/tui`` do."""

from __future__ import annotations

from tests.tui.settling import waiting

__all__ = ["waiting"]
