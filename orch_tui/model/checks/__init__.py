"""Checks of what a task has made, before it becomes a version of its table: what they ask, and what they found."""
