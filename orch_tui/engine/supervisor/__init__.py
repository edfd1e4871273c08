"""The program on a node that carries one attempt: ``python -m orch_tui.engine.supervisor DIRECTORY``."""
