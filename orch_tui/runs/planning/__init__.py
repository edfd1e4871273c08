"""Before a run: what it will do, how long it takes, what would make it quicker."""
