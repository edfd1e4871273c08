"""Python scripts on the data folder of a task."""
