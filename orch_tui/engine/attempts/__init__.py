"""One attempt of a task: made ready, followed, judged."""
