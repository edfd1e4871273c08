"""SQLite: a table or query out of a database file, a table into it."""
