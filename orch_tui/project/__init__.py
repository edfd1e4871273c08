"""Durable state and definitions on disk: read, write, lint, journal, locks, secrets."""
