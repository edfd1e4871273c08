"""The workbench: compose one orchestration, run it, watch it."""
