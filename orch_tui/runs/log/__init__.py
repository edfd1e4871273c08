"""Logs as they are read: lines of a growing file, what a terminal would have shown of them, finding text in them."""
