"""Widgets of our own: they draw and report, and do no I/O."""
