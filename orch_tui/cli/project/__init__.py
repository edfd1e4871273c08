"""What a project has: ``list``, ``component``, ``check``, ``new``, ``test``, ``tables``."""
