"""Files below ``.orch`` and definitions as files: whole, private, and only when they are ours."""
