"""What people do to a run: ``hold`` to ``limit``, ``approve``, ``cancel``."""
