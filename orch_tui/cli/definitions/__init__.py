"""Commands about the versions of definitions."""
