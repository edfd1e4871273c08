"""Shell commands and programs."""
