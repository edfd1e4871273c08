"""Runs: plan to processes to journal. Knows processes only, never what a component does with data."""
