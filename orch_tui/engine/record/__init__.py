"""What is written down of a run, and when it was."""
