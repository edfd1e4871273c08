"""Where tables and columns come from and go to: read from definitions and, for SQL, from the statements."""
