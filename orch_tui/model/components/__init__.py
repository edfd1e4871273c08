"""Components, their configurations, and the place in one where a task failed."""
