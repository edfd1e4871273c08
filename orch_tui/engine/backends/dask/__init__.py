"""Attempts as tasks of a dask.distributed scheduler. Its library is loaded by a program of its own, ``client.py``."""
