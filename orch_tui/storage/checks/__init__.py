"""Checking what a task has made before it becomes versions of tables."""
