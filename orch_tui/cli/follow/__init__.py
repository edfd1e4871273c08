"""A run that goes on, as lines and a status line for people."""
