"""Adform: campaigns and statistics from its API for buyers."""
