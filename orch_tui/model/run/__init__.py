"""A run: its plan, its state as a fold of its events, and what both allow."""
