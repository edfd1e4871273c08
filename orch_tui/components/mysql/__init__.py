"""MySQL and MariaDB: a table or query out of a server, a table into it."""
