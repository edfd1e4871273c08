"""The times of a machine and of a run, told apart by their types."""
