"""Servers and programs that connectors are tested against; nobody of this project wrote most of them."""
