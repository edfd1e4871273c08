"""Snowflake: a table or query out of a warehouse."""
