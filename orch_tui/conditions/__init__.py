"""Conditions of rules: CEL expressions over what a run's journal knows."""
