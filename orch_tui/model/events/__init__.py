"""What happens to a run, and why."""
