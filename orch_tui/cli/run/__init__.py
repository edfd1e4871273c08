"""Executing a run and following one: ``run`` and ``watch``."""
