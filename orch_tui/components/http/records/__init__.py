"""Nested records to the tables of an extraction."""
