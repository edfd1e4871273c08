"""orch-tui: compose, run and watch data pipelines in a terminal."""

__version__ = "0.1.0"
