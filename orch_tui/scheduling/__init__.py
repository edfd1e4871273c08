"""Starting orchestrations by their schedules: what is due, each time exactly once, and what was missed."""
