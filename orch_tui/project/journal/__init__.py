"""The journal of a run: its format, and the file that it is appended to."""
