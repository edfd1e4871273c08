"""Versions of definitions on the screen, and the trash."""
