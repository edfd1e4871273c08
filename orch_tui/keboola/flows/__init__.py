"""Orchestrators and flows as Keboola stores them: what may stand in them, and in which order phases run."""
