"""Times: cron's own, time zones, and what follows from a schedule."""
