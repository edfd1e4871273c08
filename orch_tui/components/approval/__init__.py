"""Component: a task that waits for a person."""
