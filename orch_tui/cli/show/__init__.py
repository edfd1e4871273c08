"""What is there of earlier runs: ``runs``, ``show``, ``logs``."""
