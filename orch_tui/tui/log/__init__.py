"""Logs on screen: of any size, with any bytes in them, while they grow."""
