"""What can be done to an orchestration, and undone."""
