"""What the keys of the home screen do: controllers that own running, editing, schedules and acknowledging."""
