"""An orchestration as a task of another."""
