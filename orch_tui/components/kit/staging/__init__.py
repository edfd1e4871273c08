"""What a task is given and what it leaves: inputs, outputs, checks, the state for its next run."""
