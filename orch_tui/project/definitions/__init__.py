"""What the files that people write mean: orchestrations, configurations, settings."""
